"""A DDN of one level in two dimensions: K nodes, of which the one nearest to a sample moves towards it.

The loss of a sample is its squared distance to the nearest node, and one gradient step moves a node by a part of the
way to the mean of the samples that it won. Nodes that win nothing never move (dead nodes), and nothing makes all win
equally often. Split-and-Prune does both.
"""

from __future__ import annotations

import numpy as np
from scipy.spatial import KDTree


class Nodes:
    def __init__(self, count: int, rng: np.random.Generator, rate: float, memory: float, split: bool) -> None:
        self.points = rng.random((count, 2))
        self.rng = rng
        self.rate = rate  # part of the way that a node of average share goes in a step
        self.memory = memory  # of the counts, per step
        self.split = split
        self.counts = np.zeros(count)
        self.moves = 0

    def step(self, samples: np.ndarray) -> None:
        """One step on a batch [N, 2]."""
        count = len(self.points)
        _, nearest = KDTree(self.points, balanced_tree=False, compact_nodes=False).query(samples)
        won = np.bincount(nearest, minlength=count)
        sums = np.stack([np.bincount(nearest, samples[:, axis], count) for axis in (0, 1)], 1)
        share = won * (count / len(samples))
        part = np.minimum(1, self.rate * share)[:, None]  # no step goes beyond the mean
        self.points += part * (sums / np.maximum(won, 1)[:, None] - self.points)
        if self.split:
            self.counts = self.counts * self.memory + won
            self.split_and_prune()

    def split_and_prune(self) -> None:
        """Split-and-Prune of all pairs that call for it, not of one pair a step: the most used with the least used."""
        count = len(self.points)
        total = self.counts.sum()
        if total < 4 * count:
            return
        shares = self.counts * (count / total)
        order = np.argsort(shares, kind="stable")
        half = count // 2
        low, high = order[:half], order[::-1][:half]
        fire = ((shares[high] > 2) & (shares[low] < 1)) | (shares[high] - shares[low] > 1) | (shares[low] < 0.5)
        fire = np.cumprod(fire & (shares[high] > shares[low])).astype(bool)
        split, pruned = high[fire], low[fire]
        self.points[pruned] = self.points[split]
        self.counts[split] /= 2
        self.counts[pruned] = self.counts[split]
        self.moves += len(split)
