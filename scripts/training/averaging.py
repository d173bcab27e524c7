"""Exponential moving average of the weights.

Plain averaging breaks when Split-and-Prune gives a node's place to another: the average would mix the two. So a move
copies the averaged row too.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn


class Average:
    """Exponential moving average of all parameters; the first steps count more, so that the start is soon forgotten."""

    def __init__(self, network: nn.Module, decay: float) -> None:
        self.decay = decay
        self.steps = 0
        self.values = {name: value.detach().clone() for name, value in network.named_parameters()}
        self._names = {id(value): name for name, value in network.named_parameters()}

    def of(self, parameter: nn.Parameter) -> Tensor:
        return self.values[self._names[id(parameter)]]

    @torch.no_grad()
    def update(self, network: nn.Module) -> None:
        self.steps += 1
        decay = min(self.decay, self.steps / (self.steps + 9))
        for name, value in network.named_parameters():
            self.values[name].lerp_(value, 1 - decay)

    @contextmanager
    def applied(self, network: nn.Module) -> Iterator[None]:
        """Within it the network has the averaged weights."""
        kept = {name: value.detach().clone() for name, value in network.named_parameters()}
        _assign(network, self.values)
        try:
            yield
        finally:
            _assign(network, kept)


@torch.no_grad()
def _assign(network: nn.Module, values: dict[str, Tensor]) -> None:
    for name, parameter in network.named_parameters():
        parameter.copy_(values[name])
