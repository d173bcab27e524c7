"""The way of a batch down a frozen network, and what a prior is taught at every level of it."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from ddn.conditions import condition_of
from ddn.model import Network, area
from prior.model import Prior, quadratic


@dataclass
class Walk:
    """What the levels of one side saw on the way of a batch, level by level along the first axis."""

    features: Tensor  # [n,B,C,s,s]
    images: Tensor  # [n,B,c(+condition),s,s]
    missing: Tensor  # [n,B,c,s,s]: the picture less predict
    choices: Tensor  # [n,B]: the nearest candidates


@torch.no_grad()
def walk(network: Network, prior: Prior, target: Tensor, wander: Tensor, bf16: bool) -> dict[str, Walk]:
    """Walks pictures [B,c,S,S] down; where `wander` [B] is above 0, among candidates about as near as the nearest:
    with a chance of exp(-distance / (wander * standard deviation over the candidates))."""
    condition = condition_of(target, network.config)
    state = network.begin(target.shape[0])
    seen: dict[str, list[tuple[Tensor, ...]]] = {}
    for index, level in enumerate(network.levels):
        with torch.autocast("cpu", torch.bfloat16, enabled=bf16):
            features, predict = network.step(index, state, condition)
        missing = area(target, level.side) - predict
        distances = level.nodes.distances(features, missing)
        nearest = distances.argmin(1)
        choice = torch.where(wander > 0, near(distances, wander), nearest)
        images = prior.images(index, predict, condition)
        seen.setdefault(prior.where[index][0], []).append((features, images, missing, nearest))
        state = network.choose(index, features, predict, choice)
    return {side: Walk(*map(torch.stack, zip(*levels))) for side, levels in seen.items()}


def near(distances: Tensor, wander: Tensor) -> Tensor:
    spread = distances.std(1, keepdim=True) * wander.clamp_min(1e-6)[:, None]
    gumbel = -torch.empty_like(distances).exponential_().log()
    return (gumbel - distances / spread).argmax(1)


def losses(prior: Prior, network: Network, seen: dict[str, Walk], share: float, bf16: bool) -> tuple[Tensor, Tensor]:
    """Cross-entropy (nats, mean over the levels taken) and the relative squared error of the estimates.

    `share` of the levels of sides above 16 px are taken, drawn anew in every step: they cost the most.
    """
    entropy, error, count = 0.0, 0.0, 0
    for side, one in seen.items():
        part, total, batch = prior.sides[side], len(one.choices), one.choices.shape[1]
        kept = math.ceil(total * share) if int(side) > 16 else total
        chosen = torch.randperm(total)[:kept]
        which = chosen.clamp_max(part.levels - 1).repeat_interleave(batch)
        with torch.autocast("cpu", torch.bfloat16, enabled=bf16):
            view, bias = part(one.features[chosen].flatten(0, 1), one.images[chosen].flatten(0, 1), which)
        view, bias = view.unflatten(0, (kept, batch)), bias.unflatten(0, (kept, batch))
        for at, level in enumerate(chosen.tolist()):
            place = min(level, part.levels - 1)
            with torch.autocast("cpu", torch.bfloat16, enabled=bf16):
                missing = part.missing(place, one.features[level], one.images[level], view[at])
            nodes = network.levels[first_of(prior, side) + level].nodes
            logits = quadratic(one.features[level], missing, nodes) * part.beta[place].exp() + bias[at]
            entropy = entropy + F.cross_entropy(logits, one.choices[level])
            wanted = one.missing[level]
            error = error + (missing - wanted).square().mean() / wanted.square().mean()
        count += kept
    return entropy / count, error / count


def first_of(prior: Prior, side: str) -> int:
    return next(index for index, (found, _) in enumerate(prior.where) if found == side)


@torch.no_grad()
def fit_scales(prior: Prior, network: Network, seen: dict[str, Walk]) -> None:
    """Starts every level at the sizes that its features, its errors and its candidates have."""
    for side, one in seen.items():
        part = prior.sides[side]
        for level in range(part.levels):
            nodes = network.levels[first_of(prior, side) + level].nodes
            spread = quadratic(one.features[level], one.missing[level], nodes).std(1).mean()
            part.beta[level] = math.log(0.5 / float(spread + 1e-9))
            part.feature_scale[level] = 1 / float(one.features[level].float().square().mean().sqrt() + 1e-6)
            part.missing_scale[level] = math.log(float(one.missing[level].square().mean().sqrt()) + 1e-6)
