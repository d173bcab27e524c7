"""The conditions that a network can be trained with: grayscale and two kinds of edges."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from ddn.model import ModelConfig, area, luma

EDGE = 0.75  # of the Sobel magnitude, pictures being in [-1, 1]


def condition_of(target: Tensor, config: ModelConfig) -> Tensor | None:
    """The condition of pictures [B,c,T,T] -> [B,1,S,S], T being the network's side S or a multiple.

    grayscale: luma (0.299, 0.587, 0.114). edges: Sobel magnitude of the mean of the colours above 0.75, as -1 or 1.
    color_edges: the greatest of the colours' own; a hat may be as bright as what is behind it, and yet has an outline.
    Always these: with other weights in every step, a network could not know which gray its pictures are to have.
    """
    if config.condition_kind is None:
        return None
    if config.condition_kind == "grayscale":
        return area(luma(target) if target.shape[1] == 3 else target, config.side)
    planes = target if config.condition_kind == "color_edges" else target.mean(1, keepdim=True)
    return area(edges(planes, EDGE), config.side)


def edges(planes: Tensor, threshold: float) -> Tensor:
    """1 where the Sobel magnitude of any plane is above the threshold, else -1: [B,c,T,T] -> [B,1,T,T]."""
    count = planes.shape[1]
    kernel = torch.tensor([[-1.0, 0, 1], [-2, 0, 2], [-1, 0, 1]], device=planes.device)
    padded = F.pad(planes, (1, 1, 1, 1), mode="replicate")
    across = F.conv2d(padded, kernel.expand(count, 1, 3, 3), groups=count)
    down = F.conv2d(padded, kernel.t().expand(count, 1, 3, 3), groups=count)
    magnitude = (across.square() + down.square()).sqrt().amax(1, keepdim=True)
    return (magnitude > threshold).float() * 2 - 1
