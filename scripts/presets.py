"""Named network shapes, and the conditions that a network can be trained with."""

from __future__ import annotations

import argparse

import torch
import torch.nn.functional as F
from torch import Tensor

from model import ModelConfig, Stage, area, luma

EDGE = 0.75  # of the Sobel magnitude, pictures being in [-1, 1]

PRESETS: dict[str, ModelConfig] = {
    "avatars-64": ModelConfig(
        (Stage(4, 5, 128), Stage(8, 8, 128), Stage(16, 10, 64), Stage(32, 10, 32), Stage(64, 10, 16)),
    ),
    "digits-32": ModelConfig((Stage(32, 3, 32),), channels=1, candidates=8),
    "digits-32-4": ModelConfig((Stage(32, 4, 32),), channels=1, candidates=8),
    "taiji-32": ModelConfig((Stage(8, 2, 64), Stage(16, 3, 32), Stage(32, 5, 16)), channels=1, candidates=2),
    "digits-32-recurrent": ModelConfig((Stage(32, 8, 32),), channels=1, candidates=16, type="recurrent"),
    "tiny-recurrent": ModelConfig((Stage(8, 3, 8),), candidates=4, norm_group=4, type="recurrent"),
    "tiny-color": ModelConfig(
        (Stage(4, 1, 8), Stage(8, 1, 8)),
        candidates=4,
        norm_group=4,
        condition_channels=1,
        condition_kind="grayscale",
        keeps_gray=True,
    ),
    "tiny": ModelConfig((Stage(4, 2, 8), Stage(8, 2, 8)), candidates=4, norm_group=4),
}


def build(options: argparse.Namespace) -> ModelConfig:
    """The preset with the command line's changes."""
    data = PRESETS[options.preset].to_dict()
    if options.stages:
        parts = [part.split(":") for part in options.stages.split(",")]
        if any(len(part) != 3 for part in parts):
            raise SystemExit(f"--stages {options.stages}: expected side:levels:width,... such as 4:5:128,8:8:128")
        data["stages"] = [dict(zip(("side", "levels", "width"), map(int, part))) for part in parts]
    if options.candidates:
        data["candidates"] = options.candidates
    if options.channels:
        data["channels"] = options.channels
    if options.condition:
        data["condition_kind"], data["condition_channels"] = options.condition, 1
        data["keeps_gray"] = options.condition == "grayscale" and data["channels"] == 3
    return ModelConfig.from_dict(data)


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
