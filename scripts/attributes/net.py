"""The attribute classifier: a plain convolutional network, one softmax per attribute, all logits in one vector."""

from __future__ import annotations

from dataclasses import asdict, dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from avatars.avatar_set import HIDDEN, Attribute


@dataclass(frozen=True)
class AttributeNetConfig:
    sizes: tuple[int, ...]  # values per attribute
    widths: tuple[int, ...] = (32, 64, 128, 128, 256)  # sides 32, 16, 8, 8, 4
    strides: tuple[int, ...] = (2, 2, 2, 1, 2)
    side: int = 64

    @staticmethod
    def of(attributes: list[Attribute]) -> AttributeNetConfig:
        return AttributeNetConfig(tuple(len(attribute.values) for attribute in attributes))

    def to_dict(self) -> dict:
        return {"type": "attribute-convnet", **asdict(self)}


class AttributeNet(nn.Module):
    """Pictures [B, 3, 64, 64] in [-1, 1] -> logits [B, sum of sizes]. Avatars are aligned, so the head sees places."""

    def __init__(self, config: AttributeNetConfig) -> None:
        super().__init__()
        self.config = config
        blocks: list[nn.Module] = []
        channels = 3
        for index, (width, stride) in enumerate(zip(config.widths, config.strides)):
            kernel = 5 if index == 0 else 3
            blocks.append(nn.Conv2d(channels, width, kernel, stride, kernel // 2, bias=False))
            blocks.append(nn.BatchNorm2d(width))
            blocks.append(nn.ReLU(inplace=True))
            channels = width
        self.body = nn.Sequential(*blocks)
        last = config.side
        for stride in config.strides:
            last //= stride
        self.head = nn.Linear(channels * last * last, sum(config.sizes))

    def forward(self, pixels: Tensor) -> Tensor:
        return self.head(self.body(pixels).flatten(1))

    def split(self, logits: Tensor) -> list[Tensor]:
        return list(logits.split(self.config.sizes, dim=1))


def attribute_loss(parts: list[Tensor], labels: Tensor) -> Tensor:
    """Sum over attributes of the mean cross entropy over the pictures that show them."""
    losses = []
    for column, logits in enumerate(parts):
        target = labels[:, column]
        if (target != HIDDEN).any():
            losses.append(F.cross_entropy(logits.float(), target, ignore_index=HIDDEN))
    return torch.stack(losses).sum()
