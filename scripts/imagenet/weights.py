"""The weights of a published network with every batch norm folded into the convolution before it, and back again."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from export.precision import stored

LARGE = 200_000  # numbers of a kernel


@dataclass(frozen=True)
class Block:
    """A block as the graph needs it: expansion (none in the first block), depthwise convolution, projection."""

    kernel: int
    stride: int
    expands: bool
    adds: bool  # whether its input is added to its output
    width: int  # channels that come out


def blocks_of(network: nn.Module) -> list[Block]:
    """The blocks of an EfficientNet-Lite, first to last."""
    found = []
    for block in network._blocks:
        about, depthwise = block._block_args, block._depthwise_conv
        stride = depthwise.stride[0]
        adds = about.id_skip and stride == 1 and about.input_filters == about.output_filters
        expands = about.expand_ratio != 1
        found.append(Block(depthwise.kernel_size[0], stride, expands, adds, about.output_filters))
    return found


def map_blocks(blocks: list[Block]) -> list[int]:
    """The last block of each side: the blocks whose outputs are the feature maps."""
    following = [*(block.stride for block in blocks[1:]), 2]
    return [index for index, stride in enumerate(following) if stride == 2]


def _pairs(network: nn.Module) -> dict[str, tuple[nn.Conv2d, nn.BatchNorm2d]]:
    """Each convolution with the norm that follows it, by the name of its weights in the bundle."""
    pairs = {"stem": (network._conv_stem, network._bn0), "head": (network._conv_head, network._bn1)}
    for index, block in enumerate(network._blocks):
        if hasattr(block, "_expand_conv"):
            pairs[f"blocks.{index}.expand"] = (block._expand_conv, block._bn0)
        pairs[f"blocks.{index}.depthwise"] = (block._depthwise_conv, block._bn1)
        pairs[f"blocks.{index}.project"] = (block._project_conv, block._bn2)
    return pairs


def folded(network: nn.Module) -> dict[str, Tensor]:
    """NAME.weight and NAME.bias of every convolution, and of `classes`, the last layer."""
    weights = {"classes.weight": network._fc.weight.detach(), "classes.bias": network._fc.bias.detach()}
    for name, (convolution, norm) in _pairs(network).items():
        scale = norm.weight / (norm.running_var + norm.eps).sqrt()
        weights[f"{name}.weight"] = (convolution.weight * scale.reshape(-1, 1, 1, 1)).detach()
        weights[f"{name}.bias"] = (norm.bias - norm.running_mean * scale).detach()
    return weights


def in_small(weights: dict[str, Tensor]) -> dict[str, Tensor]:
    """Tensors as the bundle has them: the largest as int8 with a scale for each output, others in half precision.

    Of 348 photographs of flowers, 98.6 % then have the same first class (5.7 MB). All in half precision: 99.7 % (9.3);
    int8 from 4,096 numbers on: 93.7 % (4.8), from 100,000: 97 % (5.6).
    """
    large = {name for name, value in weights.items() if value.numel() >= LARGE}
    return {
        **stored({name: weights[name] for name in large}, "int8"),
        **stored({name: value for name, value in weights.items() if name not in large}, "half"),
    }


@torch.no_grad()
def load_folded(network: nn.Module, weights: dict[str, Tensor]) -> None:
    """Gives the published network weights as `folded` makes them: its norms only add the biases from then on."""
    network._fc.weight.copy_(weights["classes.weight"])
    network._fc.bias.copy_(weights["classes.bias"])
    for name, (convolution, norm) in _pairs(network).items():
        convolution.weight.copy_(weights[f"{name}.weight"])
        norm.running_mean.zero_()
        norm.running_var.fill_(1 - norm.eps)
        norm.weight.fill_(1)
        norm.bias.copy_(weights[f"{name}.bias"])
