"""Distributed training, one process per GPU: ranks and the collective operations between them."""

from __future__ import annotations

import torch
import torch.distributed as dist
from torch import Tensor, nn


def rank() -> int:
    return dist.get_rank() if dist.is_initialized() else 0


def world_size() -> int:
    return dist.get_world_size() if dist.is_initialized() else 1


def barrier() -> None:
    if dist.is_initialized():
        dist.barrier()


def sum_over_ranks(counts: Tensor) -> None:
    """In place."""
    if dist.is_initialized():
        dist.all_reduce(counts)


def average_gradients(network: nn.Module) -> None:
    if not dist.is_initialized():
        return
    for parameter in network.parameters():
        if parameter.grad is not None:
            dist.all_reduce(parameter.grad)
            parameter.grad /= dist.get_world_size()


def agree_on_the_clock(seconds: float, stopping: bool, device: torch.device) -> tuple[float, bool]:
    """The longest time and any wish to stop, the same on every rank.

    Ranks with clocks of their own would train at different learning rates, and deadlock at the last step.
    """
    if not dist.is_initialized():
        return seconds, stopping
    values = torch.tensor([seconds, stopping], dtype=torch.float64, device=device)
    dist.all_reduce(values, dist.ReduceOp.MAX)
    return float(values[0]), bool(values[1])
