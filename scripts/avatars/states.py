"""
What a guide is shown: half-finished avatars of a DDN at the side of their level, with the labels of the finished ones.

A guide scores candidates, some far from any training picture. So the descents that these come from are not greedy
throughout: at each level, with a probability drawn for each picture up to `WANDERING`, one of the `NEAR` candidates
nearest to the picture is taken, and a share of `ASTRAY` of the kept ones is any candidate of its level.
"""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from ddn.model import Network

WANDERING = 0.5
NEAR = 4
ASTRAY = 0.25


@torch.inference_mode()
def states_by_side(network: Network, target: Tensor, sides: list[int], rng: np.random.Generator) -> dict[int, Tensor]:
    """
    Of each picture of `target` [B,c,S,S], its image after one random level of each of `sides`: float32 [B,c,s,s] by
    side. A descent ends after the last level of the largest side.
    """
    levels = [stage.side for stage in network.config.level_stages]
    kept_at = {side: rng.choice(_levels_of(levels, side), len(target)) for side in sides}
    astray = rng.random(len(target)) < ASTRAY
    wandering = WANDERING * rng.random(len(target))
    kept = {side: torch.empty(len(target), target.shape[1], side, side) for side in sides}
    state = network.begin(len(target))
    for index, side in enumerate(levels[: max(map(max, kept_at.values())) + 1]):
        features, predict = network.step(index, state)
        level = network.levels[index]
        distances = level.nodes.distances(features, F.adaptive_avg_pool2d(target, side) - predict)
        if side in kept:
            rows = kept_at[side] == index
            strays = torch.from_numpy(rng.integers(0, network.config.candidates, len(target)))
            shown = torch.where(torch.from_numpy(astray), strays, distances.argmin(1))
            images = network.choose(index, features, predict, shown).predict.float()
            kept[side][rows] = images[rows]
        state = network.choose(index, features, predict, _nearly_greedy(distances, wandering, rng))
    return kept


def _levels_of(levels: list[int], side: int) -> list[int]:
    found = [index for index, other in enumerate(levels) if other == side]
    if not found:
        raise SystemExit(f"--sides {side}: the model has levels of {sorted(set(levels))} px")
    return found


def _nearly_greedy(distances: Tensor, wandering: np.ndarray, rng: np.random.Generator) -> Tensor:
    near = distances.topk(NEAR, dim=1, largest=False).indices
    place = np.where(rng.random(len(near)) < wandering, rng.integers(1, NEAR, len(near)), 0)
    return near.gather(1, torch.from_numpy(place)[:, None])[:, 0]
