from __future__ import annotations

import math

import pytest
import torch

from training.split_prune import UsageCounter, clone_node, pick


def counter_of(counts: list[float], window: float = 1e9) -> UsageCounter:
    counter = UsageCounter(len(counts), window)
    counter.counts = torch.tensor(counts, dtype=torch.float64)
    counter.total = float(counter.counts.sum())
    return counter


def test_the_twin_takes_half_the_moments_follow_and_the_dead_node_dies():
    weight = torch.nn.Parameter(torch.arange(4.0)[:, None].repeat(1, 3))
    moments = {"exp_avg": weight.detach() * 10, "exp_avg_sq": weight.detach() * 100, "step": torch.tensor(7.0)}
    counter = counter_of([10, 600, 390, 0])
    split, pruned = pick(counter, "paper")
    assert (split, pruned) == (1, 3)
    clone_node(weight, moments, split, pruned)
    counter.move(split, pruned)
    assert weight[:, 0].tolist() == [0, 1, 2, 1]
    assert moments["exp_avg"][:, 0].tolist() == [0, 10, 20, 10]
    assert moments["exp_avg_sq"][:, 0].tolist() == [0, 100, 200, 100]
    assert moments["step"] == 7
    assert counter.counts.tolist() == [10, 300, 390, 300]


@pytest.mark.parametrize(
    ("counts", "paper", "variation"),
    [
        ([250, 250, 250, 250], None, None),
        ([501, 249, 125, 125], (0, 2), (0, 2)),  # above 2/K
        ([300, 300, 280, 120], (0, 3), (0, 3)),  # below 0.5/K
        ([430, 260, 150, 160], None, (0, 2)),  # further apart than 1/K: only the variation rule moves
    ],
)
def test_when_a_move_is_made(counts, paper, variation):
    assert pick(counter_of(counts), "paper") == paper
    assert pick(counter_of(counts), "variation") == variation


def test_nothing_is_moved_before_there_is_something_to_count():
    assert pick(counter_of([30, 1, 1, 1]), "paper") is None
    with pytest.raises(ValueError, match="unknown split rule"):
        pick(counter_of([400, 300, 200, 100]), "other")


def test_the_window_forgets_and_a_lifetime_count_does_not():
    windowed, lifetime = UsageCounter(2, 64), UsageCounter(2, math.inf)
    for counter in (windowed, lifetime):
        for _ in range(40):
            counter.add(torch.tensor([16, 0]))
        for _ in range(40):
            counter.add(torch.tensor([0, 16]))
    assert windowed.shares[1] > 0.99
    assert abs(float(lifetime.shares[1]) - 0.5) < 0.01
