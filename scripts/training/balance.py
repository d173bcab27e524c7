"""Taiji: choices that are equally frequent at every node of the tree, so that with K = 2 each holds a whole bit.

Split-and-Prune balances a level as a whole; here every place of the tree has its own price for each output node. A
price rises when its node is assigned a picture and falls when another one is; a picture is assigned to the node with
the lowest sum of distance and price (like the loss-free balancing of experts of Wang et al. 2024, arXiv 2408.15664).
In training only: encoding takes the nearest node, so figures show the balance without prices.
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor

MOST_PLACES = 4096  # of one level; deeper, places that share their last choices share their prices
RATE = 0.05  # what a picture adds to a price, in distances between the two nearest nodes
MEMORY = 0.98  # of that distance, per step


class Balance:
    """Prices [places, K] of each level, and how far apart its nodes are."""

    def __init__(self, levels: int, candidates: int, device: torch.device) -> None:
        self.candidates = candidates
        kept = math.floor(math.log(MOST_PLACES, candidates) + 1e-9)  # choices that name a place
        self.places = [candidates ** min(level, kept) for level in range(levels + 1)]
        self.prices = [torch.zeros(count, candidates, device=device) for count in self.places[:-1]]
        self.gaps = torch.zeros(levels, device=device)

    def begin(self, batch: int) -> Tensor:
        """Where the pictures of a batch stand before level 0."""
        return torch.zeros(batch, dtype=torch.long, device=self.gaps.device)

    @torch.no_grad()
    def assign(self, level: int, place: Tensor, distances: Tensor) -> Tensor:
        """The node of each picture: `distances` [B,K] up to a constant of each, `place` [B] as `step` gave it."""
        two = distances.topk(2, dim=1, largest=False).values
        gap, last = (two[:, 1] - two[:, 0]).mean(), self.gaps[level]
        self.gaps[level] = gap if last == 0 else last * MEMORY + gap * (1 - MEMORY)
        prices = self.prices[level]
        chosen = (distances + self.gaps[level] * prices[place]).argmin(1)
        prices.index_add_(0, place, F.one_hot(chosen, self.candidates) - 1 / self.candidates, alpha=RATE)
        return chosen

    def step(self, level: int, place: Tensor, choice: Tensor) -> Tensor:
        """Where the pictures stand after their choices at `level`."""
        return (place * self.candidates + choice) % self.places[level + 1]

    def state(self) -> dict:
        """For the checkpoint."""
        return {"prices": self.prices, "gaps": self.gaps}

    def load(self, state: dict) -> None:
        self.prices, self.gaps = state["prices"], state["gaps"]
