"""What the stored weights cost, and whether onnxruntime and torch compute the same with them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnxruntime
import torch
from torch import Tensor, nn

from imagenet.published import pixels_of
from imagenet.weights import Block, map_blocks

TOLERANCE = 1e-3  # largest difference that is taken for rounding, beside values of about 1 to 30
BATCH = 25


def torch_outputs(network: nn.Module, pixels: Tensor) -> dict[str, Tensor]:
    """Logits and pooled features of the published network."""
    with torch.inference_mode():
        features = network.extract_features(pixels).mean((2, 3))
        return {"logits": network._fc(features), "features": features}


def torch_maps(network: nn.Module, blocks: list[Block], pixels: Tensor) -> dict[str, Tensor]:
    """The feature maps, by their names in the graph."""
    found, scale = {}, 2
    with torch.inference_mode():
        value = network._swish(network._bn0(network._conv_stem(pixels)))
        for index, block in enumerate(blocks):
            value = network._blocks[index](value)
            scale *= block.stride
            if index in map_blocks(blocks):
                found[f"map_{scale}"] = value
    return found


def largest_difference(folder: Path, network: nn.Module, blocks: list[Block], pixels: Tensor) -> float:
    """Between torch and onnxruntime, over all outputs of both graphs. Raises SystemExit beyond TOLERANCE."""
    expected = {"model.onnx": torch_outputs(network, pixels), "maps.onnx": torch_maps(network, blocks, pixels)}
    difference = 0.0
    for graph, outputs in expected.items():
        session = onnxruntime.InferenceSession(str(folder / graph), providers=["CPUExecutionProvider"])
        found = session.run(list(outputs), {"pixels": pixels.numpy()})
        for one, other in zip(found, outputs.values()):
            difference = max(difference, float(np.abs(one - other.numpy()).max()))
    if not difference <= TOLERANCE:
        raise SystemExit(f"onnxruntime and torch differ by {difference}; the graphs are not to be trusted")
    return difference


def agreement(published: nn.Module, stored: nn.Module, pictures: np.ndarray, side: int) -> dict[str, float | int]:
    """How far the network with stored weights agrees with the published one, on pictures of bytes [N,H,W,3]."""
    same = within = 0
    cosines = []
    for start in range(0, len(pictures), BATCH):
        shown = torch.from_numpy(pictures[start : start + BATCH]).permute(0, 3, 1, 2)
        pixels = pixels_of(shown, side)
        one, other = torch_outputs(published, pixels), torch_outputs(stored, pixels)
        best = one["logits"].argmax(1, keepdim=True)
        same += int((other["logits"].argmax(1, keepdim=True) == best).sum())
        within += int((other["logits"].topk(5).indices == best).any(1).sum())
        cosines.append(torch.cosine_similarity(one["features"], other["features"]))
    return {
        "pictures": len(pictures),
        "side": side,
        "same_top_1": round(same / len(pictures), 4),
        "top_1_in_its_top_5": round(within / len(pictures), 4),
        "features_cosine": round(float(torch.cat(cosines).mean()), 5),
    }
