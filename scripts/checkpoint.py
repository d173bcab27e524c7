"""Checkpoints: written beside and renamed, so that a full disk or a kill leaves the earlier one whole."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING

import torch
import torch.distributed as dist

from model import ModelConfig

if TYPE_CHECKING:
    from train import Trainer


def save_checkpoint(trainer: Trainer, path: Path) -> None:
    """Raises SystemExit with the reason where the disk does not take it; the earlier checkpoint stays as it is."""
    beside = path.with_suffix(".tmp")
    data = {
        "format": 1,
        "config": trainer.network.config.to_dict(),
        "network": trainer.network.state_dict(),
        "optimizers": [optimizer.state_dict() for optimizer in trainer.optimizers],
        "counters": [(counter.counts, counter.total) for counter in trainer.counters],
        "step": trainer.step,
        "seconds": trainer.seconds,
        "splits": trainer.splits,
        "batch": trainer.options.batch,
        "world": dist.get_world_size() if dist.is_initialized() else 1,
        "seed": trainer.options.seed,
        "command": trainer.options.command,
        "average": None if trainer.average is None else (trainer.average.steps, trainer.average.values),
        "balance": trainer.balance and trainer.balance.state(),
    }
    try:
        with beside.open("wb") as file:
            torch.save(data, file)
            file.flush()
            os.fsync(file.fileno())
        os.replace(beside, path)
    except (OSError, RuntimeError) as error:
        beside.unlink(missing_ok=True)
        raise SystemExit(
            f"could not write {path}: {error}; the earlier checkpoint is intact, free some disk and resume"
        )


def read_checkpoint(path: Path, device: str | torch.device = "cpu") -> dict:
    try:
        data = torch.load(path, map_location=device, weights_only=True)
    except Exception as error:
        raise SystemExit(f"{path} cannot be read as a checkpoint ({error}); delete it to start afresh")
    if data.get("format") != 1:
        raise SystemExit(f"{path} has checkpoint format {data.get('format')}; this trainer reads format 1")
    return data


def load_checkpoint(trainer: Trainer, path: Path) -> bool:
    if not path.exists():
        return False
    data = read_checkpoint(path, trainer.device)
    expected = trainer.network.config
    if ModelConfig.from_dict(data["config"]) != expected:
        raise SystemExit(
            f"{path} holds another network: {json.dumps(data['config'])}; the command asks for "
            f"{json.dumps(expected.to_dict())}. Use another --out, or the same options as before"
        )
    if (data["batch"], data["seed"]) != (trainer.options.batch, trainer.options.seed):
        raise SystemExit(
            f"{path} was made with --batch {data['batch']} --seed {data['seed']}; resuming needs the same, "
            f"got --batch {trainer.options.batch} --seed {trainer.options.seed}"
        )
    if len(data["optimizers"]) != len(trainer.optimizers):
        raise SystemExit(f"{path} was made with another --optimizer; resuming needs the same")
    trainer.network.load_state_dict(data["network"])
    for optimizer, state in zip(trainer.optimizers, data["optimizers"]):
        optimizer.load_state_dict(state)
    for counter, (counts, total) in zip(trainer.counters, data["counters"]):
        counter.counts, counter.total = counts.cpu(), total
    if trainer.average and data.get("average"):
        trainer.average.steps, trainer.average.values = data["average"]
    if trainer.balance and data.get("balance"):
        trainer.balance.load(data["balance"])
    trainer.step, trainer.seconds, trainer.splits = data["step"], data["seconds"], data["splits"]
    return True
