"""Evaluates a prior: bits of held-out codes, and a sheet of sampled pictures."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor

from ddn.conditions import condition_of
from ddn.model import Network, area
from ddn.pictures import Pictures
from prior.model import Prior

BATCH = 64
SHOWN = 16  # pictures in a row of the sheet
TEMPERATURES = (1.0, 0.8, 0.6, 0.4)


@torch.no_grad()
def held_out_bits(prior: Prior, network: Network, test: Pictures, count: int) -> np.ndarray:
    """Bits of each level's greedy choice, mean over pictures: [L]."""
    bits = np.zeros(len(network.levels))
    count = min(count, len(test))
    for start in range(0, count, BATCH):
        target = test.batch(slice(start, min(start + BATCH, count)))
        condition = condition_of(target, network.config)
        state = network.begin(target.shape[0])
        for index, level in enumerate(network.levels):
            features, predict = network.step(index, state, condition)
            choice = level.nodes.distances(features, area(target, level.side) - predict).argmin(1)
            logits, _ = prior.logits(index, level.nodes, features, predict, condition)
            bits[index] += float(F.cross_entropy(logits, choice, reduction="sum")) / math.log(2)
            state = network.choose(index, features, predict, choice)
    return bits / count


@torch.no_grad()
def sample(
    prior: Prior | None, network: Network, noise: Tensor, temperature: float, condition: Tensor | None
) -> Tensor:
    """Pictures [B,c,S,S] drawn with Gumbel noise [B,L,K]; uniform without a prior."""
    state = network.begin(noise.shape[0])
    for index, level in enumerate(network.levels):
        features, predict = network.step(index, state, condition)
        logits = torch.zeros_like(noise[:, index])
        if prior is not None:
            logits = prior.logits(index, level.nodes, features, predict, condition)[0] / max(temperature, 1e-6)
        state = network.choose(index, features, predict, (logits + noise[:, index]).argmax(1))
    return state.predict


def sheet(prior: Prior, network: Network, test: Pictures, path: Path) -> None:
    """Samples; each column uses the same noise: uniform choices, then the prior at falling temperatures."""
    generator = torch.Generator().manual_seed(0)
    levels, count = len(network.levels), network.config.candidates
    noise = -torch.empty(SHOWN, levels, count).exponential_(generator=generator).log()
    condition = condition_of(test.batch(slice(0, SHOWN)), network.config)
    rows = [sample(None, network, noise[: len(condition) if condition is not None else None], 1.0, condition)]
    rows += [sample(prior, network, noise[: len(rows[0])], temperature, condition) for temperature in TEMPERATURES]
    image = torch.cat([torch.cat(list(row), 2) for row in rows], 1).clamp(-1, 1)
    pixels = ((image + 1) * 127.5).round().byte().permute(1, 2, 0).numpy()
    Image.fromarray(pixels.squeeze(-1) if pixels.shape[-1] == 1 else pixels).save(path)
