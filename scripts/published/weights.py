"""Random weights of a published network, by their names in its checkpoint."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from published.spec import Spec


@dataclass(frozen=True)
class LevelWeights:
    side: int
    candidates: int
    up: bool
    groups: tuple[int, int]
    block: dict[str, Tensor]  # norm0, norm1, conv0, conv1, skip: ".weight" and ".bias"
    nodes: Tensor  # [3K, width / 2, 1, 1]


def random_weights(spec: Spec, seed: int) -> list[LevelWeights]:
    generator = torch.Generator().manual_seed(seed)
    levels = []
    side, before = 1, spec.stages[0].width
    for stage in spec.levels:
        up = stage.side != side
        levels.append(_level(stage, before, up, spec.gain, generator))
        side, before = stage.side, stage.width
    return levels


def _level(stage, width_in: int, up: bool, gain: float, generator: torch.Generator) -> LevelWeights:
    def uniform(*shape: int, limit: float) -> Tensor:
        return (torch.rand(shape, generator=generator) * 2 - 1) * limit

    def kernel(out: int, into: int, size: int, gain: float = 1.0) -> Tensor:
        return uniform(out, into, size, size, limit=gain * (6 / ((out + into) * size**2)) ** 0.5)

    width = stage.width
    block = {
        "norm0.weight": 1 + uniform(width_in, limit=0.2),
        "norm0.bias": uniform(width_in, limit=0.2),
        "norm1.weight": 1 + uniform(width, limit=0.2),
        "norm1.bias": uniform(width, limit=0.2),
        "conv0.weight": kernel(width, width_in, 3),
        "conv0.bias": uniform(width, limit=0.1),
        "conv1.weight": kernel(width, width, 3, gain),
        "conv1.bias": uniform(width, limit=0.1),
    }
    if up:
        block["skip.weight"] = kernel(width, width_in, 1)
        block["skip.bias"] = uniform(width, limit=0.1)
    nodes = uniform(3 * stage.candidates, width // 2, 1, 1, limit=(2 / width) ** 0.5)
    groups = (min(32, width_in // 4), min(32, width // 4))
    return LevelWeights(stage.side, stage.candidates, up, groups, block, nodes)


def rounded_to_half(levels: list[LevelWeights]) -> list[LevelWeights]:
    """Kernels as a bundle in half precision holds them."""

    def half(value: Tensor) -> Tensor:
        return value.half().float() if value.dim() > 1 else value

    return [
        LevelWeights(
            level.side,
            level.candidates,
            level.up,
            level.groups,
            {name: half(value) for name, value in level.block.items()},
            half(level.nodes),
        )
        for level in levels
    ]
