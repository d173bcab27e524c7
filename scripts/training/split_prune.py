"""Split-and-Prune: a discrete optimisation step on the output nodes, beside gradient descent (Yang 2025, Algorithm 1).

Nodes that win too often are split in two, nodes that hardly ever win are pruned. The twins diverge by themselves,
because each sample is assigned to only one of them.
"""

from __future__ import annotations

import torch
from torch import Tensor

from ddn.model import Network

RULES = ("paper", "variation")


class UsageCounter:
    """How often each node of a level was nearest, over a sliding window.

    The window forgets exponentially: assignments of early, bad networks must not decide what is split late
    (lifetime counts, as published, are `window = inf`).
    """

    def __init__(self, candidates: int, window: float) -> None:
        self.window = window  # images
        self.counts = torch.full((candidates,), 1.0 / candidates, dtype=torch.float64)
        self.total = 1.0

    def add(self, assigned: Tensor) -> None:
        """`assigned` [K]: times each node was nearest in this batch, summed over ranks."""
        images = float(assigned.sum())
        keep = max(0.0, 1.0 - images / self.window)
        self.counts = self.counts * keep + assigned.double().cpu()
        self.total = float(self.counts.sum())

    @property
    def shares(self) -> Tensor:
        return self.counts / self.counts.sum()

    def move(self, split: int, pruned: int) -> None:
        """The twins take half of the count each; the count of the pruned node is dropped."""
        half = self.counts[split] / 2
        self.counts[split] = half
        self.counts[pruned] = half


def counters_of(network: Network, window: float) -> list[UsageCounter]:
    """The counter of each level; levels that share their nodes share it, and its window holds as many pictures."""
    count, levels = network.config.candidates, len(network.levels)
    if network.config.type == "recurrent":
        return [UsageCounter(count, window * levels)] * levels
    return [UsageCounter(count, window) for _ in range(levels)]


def pick(counter: UsageCounter, rule: str) -> tuple[int, int] | None:
    """The node to split and the node to prune, or None.

    paper: split if the top share is above 2/K, or prune if the bottom share is below 0.5/K.
    variation: the total-variation test of the published code: (p_s >= 2/K and p_d < 1/K), or (p_s < 2/K and
    p_s - p_d > 1/K), or p_d < 0.5/K.
    """
    shares = counter.shares
    split, pruned = int(shares.argmax()), int(shares.argmin())
    count = len(shares)
    top, bottom = float(shares[split]), float(shares[pruned])
    enough = counter.counts.sum() >= 16 * count  # fewer assignments than this say nothing of a share
    if split == pruned or not enough:
        return None
    if rule == "paper":
        fire = top > 2 / count or bottom < 0.5 / count
    elif rule == "variation":
        fire = (
            (top >= 2 / count and bottom < 1 / count)
            or (top < 2 / count and top - bottom > 1 / count)
            or bottom < 0.5 / count
        )
    else:
        raise ValueError(f"unknown split rule {rule!r}; one of {', '.join(RULES)}")
    return (split, pruned) if fire else None


@torch.no_grad()
def clone_node(weight: torch.nn.Parameter, moments: dict[str, Tensor], split: int, pruned: int) -> None:
    """Copies node `split`, with its optimiser moments, over node `pruned`."""
    weight[pruned] = weight[split]
    for value in moments.values():
        if torch.is_tensor(value) and value.shape == weight.shape:
            value[pruned] = value[split]
