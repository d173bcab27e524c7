"""Reports of a training run: progress bar, held-out figures, log line, sample pictures."""

from __future__ import annotations

import argparse
import json
import math
import re
import shlex
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from tqdm import tqdm

from ddn.conditions import condition_of
from ddn.model import area
from ddn.pictures import Pictures
from training.ranks import world_size
from training.trainer import Trainer

HELD_OUT = 256
SHOWN = 8


def plan(trainer: Trainer) -> dict:
    """What --dry-run prints."""
    config = trainer.network.config
    return {
        "network": config.to_dict(),
        "levels": len(trainer.network.levels),
        "bits": len(trainer.network.levels) * math.log2(config.candidates),
        "parameters": sum(p.numel() for p in trainer.network.parameters()),
        "options": vars(trainer.options),
        "device": str(trainer.device),
    }


@torch.no_grad()
def held_out(trainer: Trainer, test: Pictures, count: int = HELD_OUT) -> dict:
    """PSNR (dB, mean over pictures) of the greedy reconstruction at each side, entropy of the codes."""
    network = trainer.network
    squares: dict[int, list[Tensor]] = {}
    codes = []
    for start in range(0, min(count, len(test)), 32):
        target = test.batch(slice(start, min(start + 32, count, len(test)))).to(trainer.device)
        condition = condition_of(target, network.config)
        chosen, images = network.encode(target, condition)
        codes.append(chosen)
        last = {level.side: image for level, image in zip(network.levels, images)}
        for side, image in last.items():
            error = (image - area(target, side)).square().mean((1, 2, 3)) / 4  # [-1,1] -> [0,1]
            squares.setdefault(side, []).append(error)
    psnr = {side: float((-10 * torch.cat(parts).log10()).mean()) for side, parts in squares.items()}
    entropy = [float(entropy_ratio(column, network.config.candidates)) for column in torch.cat(codes).t()]
    return {
        "psnr_db": {side: round(value, 3) for side, value in psnr.items()},
        "entropy": round(float(np.mean(entropy)), 4),
    }


def entropy_ratio(choices: Tensor, count: int) -> Tensor:
    """Entropy of the choices over log2 K."""
    share = torch.bincount(choices, minlength=count).float()
    share = share[share > 0] / share.sum()
    return -(share * share.log2()).sum() / math.log2(count)


def window_figures(trainer: Trainer) -> dict:
    """Entropy ratio and dead nodes over the counters' window of training pictures."""
    ratios, dead = [], 0
    for counter in trainer.counters:
        share = counter.shares
        dead += int((counter.counts < 0.5).sum())
        alive = share[share > 0]
        ratios.append(float(-(alive * alive.log2()).sum() / math.log2(len(share))))
    return {"train_entropy": round(float(np.mean(ratios)), 4), "dead": dead}


@torch.no_grad()
def picture(trainer: Trainer, test: Pictures, path: Path) -> None:
    """Rows: held-out pictures, their reconstructions, random samples."""
    network = trainer.network
    target = test.batch(slice(0, SHOWN)).to(trainer.device)
    condition = condition_of(target, network.config)
    _, images = network.encode(target, condition)
    generator = torch.Generator().manual_seed(0)
    codes = torch.randint(network.config.candidates, (2 * SHOWN, len(network.levels)), generator=generator)
    doubled = None if condition is None else torch.cat([condition, condition])
    samples = network.decode(codes.to(trainer.device), doubled)[-1]
    rows = [area(target, network.config.side), images[-1], samples[:SHOWN], samples[SHOWN:]]
    sheet = torch.cat([torch.cat(list(row), 2) for row in rows], 1).permute(1, 2, 0)
    pixels = ((sheet + 1) * 127.5).round().clamp(0, 255).byte().cpu().numpy()
    Image.fromarray(pixels.squeeze(-1) if pixels.shape[-1] == 1 else pixels).save(path)


class Progress:
    """Bar on a terminal, `log.jsonl` and `report-STEP.png` in the run's folder."""

    def __init__(self, trainer: Trainer, out: Path, quiet: bool) -> None:
        self.out = out
        self.world = world_size()
        self.bar = tqdm(unit="img", disable=quiet, mininterval=5, initial=trainer.step * trainer.options.batch)

    def tick(self, images: int, trainer: Trainer) -> None:
        self.bar.update(images)
        if trainer.step % 50 == 0:
            recent = trainer.losses[-50:]
            self.bar.set_postfix(psnr=f"{-10 * math.log10(sum(recent) / len(recent) / 4):.2f}", splits=trainer.splits)
            del trainer.losses[:-50]

    def evaluate(self, trainer: Trainer, test: Pictures) -> None:
        figures = {
            "step": trainer.step,
            "minutes": round(trainer.seconds / 60, 2),
            "images": trainer.step * trainer.options.batch * self.world,
            **held_out(trainer, test),
            **window_figures(trainer),
            "splits": trainer.splits,
        }
        if trainer.average:
            with trainer.average.applied(trainer.network):
                figures["averaged"] = held_out(trainer, test)
        self.bar.write(json.dumps(figures))
        try:
            with (self.out / "log.jsonl").open("a") as log:
                log.write(json.dumps(figures) + "\n")
            picture(trainer, test, self.out / f"report-{trainer.step:07d}.png")
        except OSError as error:  # a failed report must not end the run
            self.bar.write(f"could not write the report to {self.out}: {error}; training goes on")

    def close(self) -> None:
        self.bar.close()


def closing_words(options: argparse.Namespace, condition: str | None) -> str:
    """Location of the trained bundle or checkpoint, and the next commands."""
    if not options.bundle:
        checkpoint = Path(options.out) / "checkpoint.pt"
        name = re.sub(r"[^a-z0-9._-]+", "-", Path(options.out).name.lower()).strip("-.") or "mine"
        return (
            f"Trained: {checkpoint}. To draw with it, make a bundle:\n"
            f"    python scripts/export.py {shlex.quote(str(checkpoint))} --out models/{name}"
            f" --data {shlex.quote(str(options.data))}"
        )
    bundle = Path(options.bundle)
    path = shlex.quote(f"./{bundle}" if not bundle.is_absolute() else str(bundle))
    given = " --condition PICTURE" if condition else ""
    return (
        f"The bundle is {bundle}. Draw with it:\n"
        f"    npm run kandid -- generate --model {path}{given} --count 4 --grid\n"
        f"    npm run kandid -- evaluate {path}\n"
        f"A server that runs with --models {shlex.quote(str(bundle.parent))} (or in a checkout, where that is models/) "
        "lists it in a few seconds."
    )
