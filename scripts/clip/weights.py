"""The weights of a CLIP bundle, read from its graphs: a start for training it further."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import numpy_helper
from tokenizers import Tokenizer
from torch import Tensor, nn

from clip.net import Clip


def read_tokenizer(folder: Path) -> Tokenizer:
    """Raises SystemExit where the folder is no CLIP's."""
    path = folder / "tokenizer.json"
    if not path.exists():
        raise SystemExit(f"{path} is missing: --start takes the folder of a CLIP, or a checkpoint")
    return Tokenizer.from_file(str(path))


@torch.no_grad()
def start_from_bundle(network: Clip, folder: Path, pixels: Tensor) -> None:
    """
    Loads both towers and the scale. Export has folded the batch norms into the convolutions before them; the statistics
    of `pixels` [B, 3, S, S] restore them, so that training begins with what the bundle computes. Raises SystemExit
    where the bundle holds another network.
    """
    start_with_words(network, folder)
    _restore_norms(network.vision, _load_tower(network.vision, folder, "vision_model"), pixels)


@torch.no_grad()
def start_with_words(network: Clip, folder: Path) -> None:
    """Loads the text tower and the scale alone. Raises SystemExit where the bundle holds another network."""
    scale = json.loads((folder / "config.json").read_text())["logit_scale_init_value"]
    network.log_scale.fill_(scale)
    network.log_prompt_scale.fill_(scale)
    _load_tower(network.text, folder, "text_model")


def _load_tower(tower: nn.Module, folder: Path, name: str) -> list[Tensor]:
    """Returns the biases of its convolutions, which stand for batch norms."""
    weights, biases = _read_graph(folder / "onnx" / f"{name}.onnx")
    missing, unexpected = tower.load_state_dict(weights, strict=False)
    norms = [f"{at}.{key}" for at, norm in _batch_norms(tower) for key in norm.state_dict()]
    if unexpected or set(missing) - set(norms):
        raise SystemExit(f"{folder} holds another network: {sorted({*unexpected, *missing} - set(norms))}")
    return biases


def _read_graph(path: Path) -> tuple[dict[str, Tensor], list[Tensor]]:
    """Parameters under the names that torch gives them, and the biases of the convolutions, in order."""
    graph = onnx.load(path).graph
    values = {one.name: torch.from_numpy(np.array(numpy_helper.to_array(one))) for one in graph.initializer}
    for node in graph.node:
        if node.op_type == "Cast" and node.input[0] in values:  # stored in half precision
            values[node.output[0]] = values.pop(node.input[0]).float()
    named = {name: value for name, value in values.items() if not name.startswith(("val_", "scalar_"))}
    biases = [named.pop(node.input[2]) for node in graph.node if node.op_type == "Conv"]
    products = {node.output[0]: node.input[1] for node in graph.node if node.op_type == "MatMul"}
    for node in graph.node:
        # A linear layer: its weight has lost its name, its bias has kept it.
        if node.op_type == "Add" and products.get(node.input[0]) in values and node.input[1].endswith(".bias"):
            named[node.input[1].removesuffix("bias") + "weight"] = values[products[node.input[0]]].t().contiguous()
    return named, biases


def _batch_norms(tower: nn.Module) -> list[tuple[str, nn.BatchNorm2d]]:
    return [(name, module) for name, module in tower.named_modules() if isinstance(module, nn.BatchNorm2d)]


def _restore_norms(tower: nn.Module, biases: list[Tensor], pixels: Tensor) -> None:
    """Each in turn, as the statistics of one depend on those before it."""
    for (_, norm), bias in zip(_batch_norms(tower), biases, strict=True):
        taken: list[Tensor] = []
        handle = norm.register_forward_pre_hook(lambda _, inputs, taken=taken: taken.append(inputs[0]))
        tower.eval()(pixels)
        handle.remove()
        variance, mean = torch.var_mean(taken[0], dim=(0, 2, 3), correction=0)
        norm.running_mean.copy_(mean)
        norm.running_var.copy_(variance)
        norm.weight.copy_((variance + norm.eps).sqrt())
        norm.bias.copy_(bias + mean)
    tower.train()
