"""Degradations that imitate unfinished pictures: blur, shrinking and enlarging, noise."""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor


def blurred(pixels: Tensor, sigma: float) -> Tensor:
    """Gaussian blur of `sigma` pixels, edges repeated."""
    radius = max(1, round(2.5 * sigma))
    at = torch.arange(-radius, radius + 1, dtype=torch.float32)
    kernel = torch.exp(-(at**2) / (2 * sigma**2))
    kernel = (kernel / kernel.sum()).expand(pixels.shape[1], 1, -1)
    padded = F.pad(pixels, (radius, radius, radius, radius), mode="replicate")
    rows = F.conv2d(padded, kernel.unsqueeze(2), groups=pixels.shape[1])
    return F.conv2d(rows, kernel.unsqueeze(3), groups=pixels.shape[1])


def shrunk(pixels: Tensor, side: int) -> Tensor:
    """Down to `side` by area, back up bilinear: what a level of that side shows."""
    small = F.interpolate(pixels, size=(side, side), mode="area")
    return F.interpolate(small, size=pixels.shape[-2:], mode="bilinear", align_corners=False)


def noisy(pixels: Tensor, sigma: float, rng: np.random.Generator) -> Tensor:
    """Gaussian noise of `sigma` (the range is 2 wide)."""
    noise = rng.standard_normal(pixels.shape, dtype=np.float32)
    return pixels + sigma * torch.from_numpy(noise)


def mixed(pixels: Tensor, shares: dict[str, float], strength: float, rng: np.random.Generator) -> Tensor:
    """
    A batch of which the given shares are each degraded in one way ('blur', 'noise', 'shrink:SIDE'), how much drawn up
    to `strength` (1: blur of 2.5 px, noise of 0.4); the rest stays as it is. Rows keep their places.
    """
    batch = len(pixels)
    ends = np.cumsum([round(share * batch) for share in shares.values()])
    order = torch.from_numpy(rng.permutation(batch))
    result = pixels.clone()
    for name, rows in zip(shares, np.split(order, ends)[:-1]):
        result[rows] = _degraded(pixels[rows], name, strength, rng)
    return result


def _degraded(pixels: Tensor, name: str, strength: float, rng: np.random.Generator) -> Tensor:
    if len(pixels) == 0:
        return pixels
    if name == "blur":
        return blurred(pixels, 0.3 + 2.2 * strength * float(rng.random()))
    if name == "noise":
        return noisy(pixels, 0.4 * strength * float(rng.random()), rng)
    return shrunk(pixels, int(name.removeprefix("shrink:")))
