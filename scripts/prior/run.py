"""A run of training: prior, optimisers and clock, resumable."""

from __future__ import annotations

import argparse
import json
import math
import os
import signal
import time

import numpy as np
import torch
from torch import Tensor
from tqdm import tqdm

from ddn.augment import augmented
from ddn.pictures import Pictures, shuffled
from export.bundle import Bundle, build_network
from prior.model import Prior, PriorConfig
from prior.report import held_out_bits, sheet
from prior.start import freeze, start_from
from prior.steps import fit_heads, losses, walk
from training import optimizers

FORMAT = 1
FIRST = 128  # pictures of up to 64 px that the heads are first fitted to; fewer larger ones


class Run:
    """Prior, optimisers and clock: what a checkpoint holds."""

    def __init__(self, options: argparse.Namespace, bundle: Bundle, shape: PriorConfig) -> None:
        torch.manual_seed(options.seed)
        self.options, self.bundle = options, bundle
        self.network = (
            build_network(bundle.config, bundle.weights).to(memory_format=torch.channels_last).requires_grad_(False)
        )
        self.prior = Prior(bundle.config, shape).to(memory_format=torch.channels_last)
        self.known = start_from(self.prior, *options.start_from)
        if options.freeze:
            freeze(self.prior, self.known)
        self.is_trained = any(parameter.requires_grad for parameter in self.prior.parameters())
        self.optimizers = optimizers.make_optimizers(self.prior, "muon", options.lr, options.muon_lr)
        self.step, self.seconds = 0, 0.0
        self.log = options.out / "log.jsonl"

    @property
    def progress(self) -> float:
        """0 … 1; 1 from the start where all sides are frozen."""
        return self.seconds / (self.options.minutes * 60) if self.is_trained else 1.0

    def train_step(self, target: Tensor) -> tuple[float, float]:
        options = self.options
        torch.manual_seed(options.seed * 1_000_003 + self.step)
        wander = torch.where(torch.rand(len(target)) < options.wander, torch.rand(len(target)) * options.reach, 0.0)
        seen = walk(self.network, self.prior, target, wander, options.bf16)
        entropy, error = losses(self.prior, self.network, seen, options.share, options.bf16)
        for optimizer in self.optimizers:
            optimizer.zero_grad(set_to_none=True)
        (entropy + options.estimate * (1.1 - self.progress) * error).backward()
        torch.nn.utils.clip_grad_norm_(self.prior.parameters(), options.clip)
        warm = min(1.0, (self.step + 1) / options.warmup)
        factor = warm * min(1.0, max(0.0, 1 - self.progress) / options.decay)
        for optimizer, base in zip(self.optimizers, (options.lr, options.muon_lr)):
            for group in optimizer.param_groups:
                group["lr"] = base * factor
            optimizer.step()
        self.step += 1
        return float(entropy.detach()), float(error.detach())

    def start(self, target: Tensor) -> None:
        """Initialises the heads by least squares, before the first step."""
        seen = walk(self.network, self.prior, target, torch.zeros(len(target)), self.options.bf16)
        fit_heads(self.prior, self.network, seen, self.known)

    def save(self) -> None:
        path = self.options.out / "checkpoint.pt"
        beside = path.with_suffix(".tmp")
        data = {
            "format": FORMAT,
            "of": self.bundle.manifest["files"][self.bundle.manifest["weights"]]["sha256"],
            "config": self.prior.config.to_dict(),
            "prior": self.prior.state_dict(),
            "optimizers": [optimizer.state_dict() for optimizer in self.optimizers],
            "step": self.step,
            "seconds": self.seconds,
            "command": self.options.command,
        }
        try:
            torch.save(data, beside)
            os.replace(beside, path)
        except (OSError, RuntimeError) as error:
            beside.unlink(missing_ok=True)
            raise SystemExit(f"could not write {path}: {error}; the earlier checkpoint is intact, free some disk")

    def resume(self) -> None:
        path = self.options.out / "checkpoint.pt"
        if not path.exists():
            return
        data = torch.load(path, weights_only=True)
        if data["of"] != self.bundle.manifest["files"][self.bundle.manifest["weights"]]["sha256"]:
            raise SystemExit(f"{path} is of another network than {self.bundle.folder}; use another --out")
        self.prior.load_state_dict(data["prior"])
        for optimizer, state in zip(self.optimizers, data["optimizers"]):
            optimizer.load_state_dict(state)
        self.step, self.seconds = data["step"], data["seconds"]

    def evaluate(self, test: Pictures, recent: list[tuple[float, float]]) -> None:
        """Writes a line of the log, and a sheet of samples."""
        self.prior.eval()
        bits = held_out_bits(self.prior, self.network, test, self.options.held_out)
        sheet(self.prior, self.network, test, self.options.out / f"samples-{self.step}.png")
        self.prior.train()
        entropy, error = np.mean(recent, 0) if recent else (float("nan"), float("nan"))
        line = {
            "step": self.step,
            "pictures": self.step * self.options.batch,
            "minutes": round(self.seconds / 60, 1),
            "train_bits": round(entropy / math.log(2) * len(self.network.levels), 2),
            "train_error": round(float(error), 4),
            "held_out_bits": round(float(bits.sum()), 2),
            "by_level": [round(float(value), 2) for value in bits],
        }
        with self.log.open("a") as file:
            file.write(json.dumps(line) + "\n")
        tqdm.write(json.dumps({key: value for key, value in line.items() if key != "by_level"}))


def run(training: Run, train: Pictures, test: Pictures) -> None:
    options = training.options
    stop = {"asked": False}
    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, lambda *_: stop.update(asked=True))
    recent: list[tuple[float, float]] = []
    if training.step == 0 and training.is_trained:
        first = max(16, FIRST * 64**2 // max(64, training.bundle.config.side) ** 2)
        training.start(train.batch(slice(0, min(first, len(train)))))
        training.evaluate(test, recent)
    last = time.monotonic()
    with tqdm(unit="pictures", mininterval=30, disable=None) as bar:
        while training.progress < 1 and not stop["asked"]:
            began = time.monotonic()
            indices = shuffled(len(train), options.batch, training.step, options.seed)
            target = train.batch(indices)
            if options.augment:
                target = augmented(target, training.step, options.seed)
            recent.append(training.train_step(target))
            training.seconds += time.monotonic() - began
            bar.update(options.batch)
            if time.monotonic() - last > options.report_every * 60:
                training.save()
                training.evaluate(test, recent)
                recent, last = [], time.monotonic()
    training.save()
    training.evaluate(test, recent)
    if stop["asked"]:
        raise SystemExit(f"stopped at step {training.step}; run the same command again to continue")
