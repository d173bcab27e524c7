"""Random changes of training pictures that leave them plausible: for data sets of few photographs."""

from __future__ import annotations

import torch
from torch import Tensor

GAIN = 0.1  # largest change of the contrast of all channels
TINT = 0.04  # and of one channel's brightness, in [-1, 1]


def augmented(pictures: Tensor, step: int, seed: int) -> Tensor:
    """Pictures [B,c,S,S] in [-1, 1]: half of them mirrored, contrast and colours shifted slightly.

    A function of step and seed alone, so that a resumed run sees what an uninterrupted one sees.
    """
    batch, channels = pictures.shape[:2]
    generator = torch.Generator().manual_seed(seed * 1_000_003 + step)
    mirrored = torch.rand(batch, 1, 1, 1, generator=generator) < 0.5
    gain = 1 + GAIN * (2 * torch.rand(batch, 1, 1, 1, generator=generator) - 1)
    tint = TINT * (2 * torch.rand(batch, channels, 1, 1, generator=generator) - 1)
    return (torch.where(mirrored, pictures.flip(3), pictures) * gain + tint).clamp(-1, 1)
