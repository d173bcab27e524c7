"""A small training loop for the networks beside the DDN: every step is a function of its number, so a resumed run is
the run it would have been."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from torch import Tensor, nn

from ddn.checkpoint import read_checkpoint, write_checkpoint


@dataclass(frozen=True)
class Schedule:
    steps: int  # optimiser steps in all
    batch: int  # pictures per step
    rate: float  # highest learning rate
    warmup: int  # steps of linear rise
    decay: float  # AdamW weight decay
    seed: int

    def rate_at(self, step: int) -> float:
        """Linear rise, then half a cosine down to a hundredth."""
        if step < self.warmup:
            return self.rate * (step + 1) / self.warmup
        done = (step - self.warmup) / max(1, self.steps - self.warmup)
        return self.rate * (0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * done)))


class Fit:
    """
    `loss_at(step)` gives the loss of one batch; `report()` is called every `report_every` steps and says what to print.
    The state is written to `folder`/checkpoint.pt every `save_every` seconds and at the end.
    """

    def __init__(
        self, network: nn.Module, schedule: Schedule, folder: Path, config: dict, save_every: float = 120
    ) -> None:
        self.network = network
        self.schedule = schedule
        self.path = folder / "checkpoint.pt"
        self.config = json.loads(json.dumps({"network": config, "schedule": asdict(schedule)}))
        self.save_every = save_every
        decayed = [p for p in network.parameters() if p.dim() > 1]
        plain = [p for p in network.parameters() if p.dim() <= 1]
        groups = [{"params": decayed, "weight_decay": schedule.decay}, {"params": plain, "weight_decay": 0.0}]
        self.optimizer = torch.optim.AdamW(groups, lr=schedule.rate, betas=(0.9, 0.98))
        self.step = 0
        self.seconds = 0.0
        folder.mkdir(parents=True, exist_ok=True)

    def run(self, loss_at: Callable[[int], Tensor], report: Callable[[], str], report_every: int) -> None:
        started, saved = time.monotonic() - self.seconds, time.monotonic()
        total = 0.0
        while self.step < self.schedule.steps:
            total += self._advance(loss_at(self.step))
            self.step += 1
            self.seconds = time.monotonic() - started
            if self.step % report_every == 0 or self.step == self.schedule.steps:
                speed = self.step * self.schedule.batch / self.seconds
                loss = total / ((self.step - 1) % report_every + 1)
                print(
                    f"step {self.step}/{self.schedule.steps}  loss {loss:.3f}  {speed:.0f} images/s  {report()}",
                    flush=True,
                )
                total = 0.0
            if time.monotonic() - saved > self.save_every or self.step == self.schedule.steps:
                self.save()
                saved = time.monotonic()

    def _advance(self, loss: Tensor) -> float:
        for group in self.optimizer.param_groups:
            group["lr"] = self.schedule.rate_at(self.step)
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(self.network.parameters(), 5.0)
        self.optimizer.step()
        return loss.item()

    def save(self) -> None:
        state = {
            "config": self.config,
            "network": self.network.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "step": self.step,
            "seconds": self.seconds,
        }
        write_checkpoint(state, self.path)

    def resume(self) -> bool:
        """Resumes from the folder's checkpoint; False if there is none."""
        if not self.path.exists():
            return False
        state = read_checkpoint(self.path)
        if state["config"] != self.config:
            raise SystemExit(
                f"{self.path} was made by {json.dumps(state['config'])}, this run is {json.dumps(self.config)}: "
                "use the same options to resume, or another --runs folder"
            )
        self.network.load_state_dict(state["network"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.step, self.seconds = state["step"], state["seconds"]
        return True

    def start_from(self, path: Path) -> None:
        """Loads the weights of another run's checkpoint, without its optimiser and step count."""
        state = read_checkpoint(path)
        try:
            self.network.load_state_dict(state["network"])
        except RuntimeError as error:
            raise SystemExit(f"{path} holds another network: {error}")
