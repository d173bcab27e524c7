"""Descents of a batch through a frozen network, and the training loss of a prior at every level of them."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from ddn.conditions import condition_of
from ddn.model import Network, Nodes, area
from prior.model import Prior, quadratic


@dataclass
class Walk:
    """Inputs of the levels of one side during the descents of a batch, level by level along the first axis."""

    features: Tensor  # [n,B,C,s,s]
    images: Tensor  # [n,B,c(+condition),s,s]
    missing: Tensor  # [n,B,c,s,s]: the picture less predict
    choices: Tensor  # [n,B]: the nearest candidates


@torch.no_grad()
def walk(network: Network, prior: Prior, target: Tensor, wander: Tensor, bf16: bool) -> dict[str, Walk]:
    """Encodes pictures [B,c,S,S], and keeps the inputs of the sides that are trained.

    Where `wander` [B] is above 0, chooses among candidates about as near as the nearest: with a probability
    proportional to exp(-distance / (wander * standard deviation over the candidates)).
    """
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
        side = prior.where[index][0]
        if prior.sides[side].beta.requires_grad:
            seen.setdefault(side, []).append((features, images, missing, nearest))
        state = network.choose(index, features, predict, choice)
    return {side: Walk(*map(torch.stack, zip(*levels))) for side, levels in seen.items()}


def near(distances: Tensor, wander: Tensor) -> Tensor:
    spread = distances.std(1, keepdim=True) * wander.clamp_min(1e-6)[:, None]
    gumbel = -torch.empty_like(distances).exponential_().log()
    return (gumbel - distances / spread).argmax(1)


def losses(prior: Prior, network: Network, seen: dict[str, Walk], share: float, bf16: bool) -> tuple[Tensor, Tensor]:
    """Cross-entropy (nats, mean over the levels taken) and the relative squared error of the estimates.

    Of the levels above 8 px some are taken, drawn anew in every step, as those cost the most: `share` of them at 16 px,
    half of that at 32 px, and so on. The first levels of a side are taken oftener: most of what can be known is known
    there.
    """
    entropy, error, count = 0.0, 0.0, 0
    for side, one in seen.items():
        part, total, batch = prior.sides[side], len(one.choices), one.choices.shape[1]
        kept = math.ceil(total * min(1.0, share * 16 / int(side))) if int(side) > 8 else total
        chosen = torch.multinomial(1 / torch.arange(1, total + 1), kept)
        which = chosen.clamp_max(part.levels - 1).repeat_interleave(batch)
        with torch.autocast("cpu", torch.bfloat16, enabled=bf16):
            view, bias = part(one.features[chosen].flatten(0, 1), one.images[chosen].flatten(0, 1), which)
        view, bias = view.unflatten(0, (kept, batch)), bias.unflatten(0, (kept, batch))
        for at, level in enumerate(chosen.tolist()):
            place = min(level, part.levels - 1)
            with torch.autocast("cpu", torch.bfloat16, enabled=bf16):
                missing, sure = part.missing(place, one.features[level], one.images[level], view[at])
            nodes = network.levels[first_of(prior, side) + level].nodes
            logits = quadratic(one.features[level], missing, sure, nodes) + bias[at]
            entropy = entropy + F.cross_entropy(logits, one.choices[level])
            wanted = one.missing[level]
            error = error + (missing - wanted).square().mean() / wanted.square().mean()
        count += kept
    return entropy / count, error / count


def first_of(prior: Prior, side: str) -> int:
    return next(index for index, (found, _) in enumerate(prior.where) if found == side)


@torch.no_grad()
def fit_heads(prior: Prior, network: Network, seen: dict[str, Walk], known: dict[str, int]) -> None:
    """Initialises levels by least squares: sizes, the linear part of the head, and a uniform w; of each side, all but
    the first `known`."""
    for side, one in seen.items():
        part = prior.sides[side]
        for level in range(known.get(side, 0), part.levels):
            features, images, missing = one.features[level].float(), one.images[level], one.missing[level]
            part.feature_scale[level] = 1 / float(features.square().mean().sqrt() + 1e-6)
            size = float(missing.square().mean().sqrt()) + 1e-6
            part.missing_scale[level] = math.log(size)
            head = part.heads[level]
            inputs = torch.cat([features * part.feature_scale[level], images], 1)
            kernel, bias = least_squares(inputs, missing / size)
            channels = missing.shape[1]
            head.first.weight[head.hidden : head.hidden + channels, : inputs.shape[1]] = kernel
            head.first.bias[head.hidden : head.hidden + channels] = bias
            guess = (F.conv2d(inputs, kernel, bias, padding=1)) * size
            part.beta[level] = best_sure(one, level, guess, network.levels[first_of(prior, side) + level].nodes)


def least_squares(inputs: Tensor, wanted: Tensor) -> tuple[Tensor, Tensor]:
    """Kernel [c,C,3,3] and bias [c] of the 3x3 convolution of inputs [B,C,s,s] nearest to wanted [B,c,s,s]."""
    width = inputs.shape[1] * 9 + 1
    gram, cross = torch.zeros(width, width), torch.zeros(width, wanted.shape[1])
    for one, target in zip(inputs.split(8), wanted.split(8)):
        rows = F.pad(F.unfold(one, 3, padding=1).transpose(1, 2).flatten(0, 1), (0, 1), value=1.0)
        gram += rows.t() @ rows
        cross += rows.t() @ target.permute(0, 2, 3, 1).flatten(0, 2)
    ridge = 1e-3 * gram.diagonal().mean() * torch.eye(width)
    found = torch.linalg.solve(gram + ridge, cross).t()
    return found[:, :-1].unflatten(1, (inputs.shape[1], 3, 3)), found[:, -1]


def best_sure(one: Walk, level: int, missing: Tensor, nodes: Nodes) -> float:
    """The logarithm of the uniform w that maximises the likelihood of the greedy choices."""
    plain = quadratic(one.features[level], missing, torch.ones_like(missing[:, :1]), nodes)
    tried = [math.log(10) * step / 4 - plain.std(1).mean().log().item() for step in range(-8, 9)]
    return min(tried, key=lambda log: float(F.cross_entropy(plain * math.exp(log), one.choices[level])))
