"""Saves a trainer to its checkpoint and resumes it from there, to the step."""

from __future__ import annotations

import json
from pathlib import Path

from ddn.checkpoint import read_checkpoint, write_checkpoint
from ddn.model import ModelConfig
from training.ranks import world_size
from training.trainer import Trainer


def save_checkpoint(trainer: Trainer, path: Path) -> None:
    """Raises SystemExit with the reason if writing fails; the earlier checkpoint stays intact."""
    data = {
        "config": trainer.network.config.to_dict(),
        "network": trainer.network.state_dict(),
        "optimizers": [optimizer.state_dict() for optimizer in trainer.optimizers],
        "counters": [(counter.counts, counter.total) for counter in trainer.counters],
        "step": trainer.step,
        "seconds": trainer.seconds,
        "splits": trainer.splits,
        "batch": trainer.options.batch,
        "world": world_size(),
        "seed": trainer.options.seed,
        "command": trainer.options.command,
        "average": None if trainer.average is None else (trainer.average.steps, trainer.average.values),
        "balance": trainer.balance and trainer.balance.state(),
    }
    write_checkpoint(data, path)


def load_checkpoint(trainer: Trainer, path: Path) -> bool:
    """True where there was one to resume from; SystemExit where it is of another network or of other options."""
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
