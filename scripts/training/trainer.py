"""The state of a training run, and how it begins."""

from __future__ import annotations

import argparse
from dataclasses import dataclass, field

import torch

from ddn import presets
from ddn.model import Network
from training.averaging import Average
from training.balance import Balance
from training.fine_tune import freeze, start_from
from training.optimizers import make_optimizers
from training.split_prune import UsageCounter, counters_of


@dataclass
class Trainer:
    """Network, optimisers and assignment counters: all that a checkpoint holds."""

    network: Network
    optimizers: list[torch.optim.Optimizer]
    counters: list[UsageCounter]
    options: argparse.Namespace
    device: torch.device
    step: int = 0
    seconds: float = 0.0
    splits: int = 0
    losses: list[float] = field(default_factory=list)
    average: Average | None = None
    balance: Balance | None = None


def build(options: argparse.Namespace, device: torch.device) -> Trainer:
    """A trainer before its first step, as the command line (`training/options.py`) asks for it."""
    torch.manual_seed(options.seed)
    network = Network(presets.config_of(options)).to(device, memory_format=torch.channels_last)
    if options.start_from:
        started = start_from(network, options.start_from)
        if options.freeze:
            freeze(network, started)
    coarse = [at for at, stage in enumerate(network.config.level_stages) if stage.side < options.train_from]
    if len(coarse) == len(network.levels):
        raise SystemExit(f"--train-from {options.train_from}: the largest side is {network.config.side} pixels")
    freeze(network, coarse)
    counters = counters_of(network, options.count_window)
    made = make_optimizers(network, options.optimizer, options.lr, options.muon_lr)
    average = Average(network, options.average) if options.average else None
    balance = None
    if options.balance:
        balance = Balance(len(network.levels), network.config.candidates, device)
    return Trainer(network, made, counters, options, device, average=average, balance=balance)


def progress_of(trainer: Trainer) -> float:
    """How much of the run is done, 0 … 1, by steps or by minutes, whichever is further."""
    options = trainer.options
    by_steps = trainer.step / options.steps if options.steps else 0.0
    by_time = trainer.seconds / (options.minutes * 60) if options.minutes else 0.0
    return max(by_steps, by_time)
