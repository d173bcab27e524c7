"""Bundles of DDNs: `models/NAME/` with model.json, one graph per level, decode.onnx and weights.safetensors."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import onnx
from safetensors.torch import load_file, save_file
from torch import Tensor

from ddn.checkpoint import read_checkpoint
from ddn.model import ModelConfig, Network
from export.files import MANIFEST, file_entry
from export.graphs import decode_graph, level_graph
from export.onnx_graph import tensor_locations
from export.precision import restored

FORMAT_VERSION = 1
WEIGHTS = "weights.safetensors"
TEXT_MODELS = {"avatars": ["avatars-clip"]}
"""Of each data set, the text models that know its pictures, best first."""
PERCEPTUAL_MODELS = {"flowers": ["imagenet-lite"], "cifar10": ["imagenet-lite"]}
"""Of each data set of photographs, the networks whose features suit its pictures, best first."""


@dataclass(frozen=True)
class Bundle:
    folder: Path
    manifest: dict
    config: ModelConfig
    weights: dict[str, Tensor]  # float32


def read_bundle(folder: Path) -> Bundle:
    """Raises SystemExit with the reason if it is not a bundle, or was changed after it was written."""
    path = folder / MANIFEST
    if not path.exists():
        raise SystemExit(f"{folder} is no bundle: {MANIFEST} is missing")
    try:
        manifest = json.loads(path.read_text())
    except ValueError as error:
        raise SystemExit(f"{path} is not JSON ({error}); fetch the bundle again")
    if manifest.get("format_version") != FORMAT_VERSION:
        raise SystemExit(f"{path} has format version {manifest.get('format_version')}; expected {FORMAT_VERSION}")
    weights = folder / manifest["weights"]
    if not weights.exists():
        raise SystemExit(f"{weights} is missing; fetch the bundle again")
    expected = manifest["files"][manifest["weights"]]["sha256"]
    if file_entry(weights)["sha256"] != expected:
        raise SystemExit(
            f"{weights} is not the file that {MANIFEST} describes (sha256 differs); fetch the bundle again"
        )
    return Bundle(folder, manifest, ModelConfig.from_dict(manifest["architecture"]), restored(load_file(weights)))


def read_weights(path: Path) -> tuple[ModelConfig, dict[str, Tensor]]:
    """Of a bundle's folder or a checkpoint's file."""
    if path.is_file():
        saved = read_checkpoint(path)
        return ModelConfig.from_dict(saved["config"]), saved["network"]
    bundle = read_bundle(path)
    return bundle.config, bundle.weights


def build_network(config: ModelConfig, weights: dict[str, Tensor]) -> Network:
    network = Network(config)
    network.load_state_dict({name: value.float() for name, value in weights.items()})
    return network.eval()


def write_graphs(folder: Path, config: ModelConfig, weights: dict[str, Tensor]) -> None:
    """Weights, as `precision.stored` gives them, and all graphs into `folder`."""
    save_file({name: value.contiguous() for name, value in weights.items()}, folder / WEIGHTS)
    (folder / WEIGHTS).chmod(0o644)  # safetensors makes files that only their owner reads
    found = tensor_locations(folder / WEIGHTS)
    names = level_names(config)
    for name in dict.fromkeys(names):
        onnx.save(level_graph(config, names.index(name), found), folder / name)
    onnx.save(decode_graph(config, found), folder / "decode.onnx")


def level_names(config: ModelConfig) -> list[str]:
    """The graph of each level. A recurrent network has two: one for level 0, and one for all later levels."""
    last = 1 if config.type == "recurrent" else len(config.level_stages)
    return [f"level-{min(index, last):02d}.onnx" for index in range(len(config.level_stages))]


def manifest_of(config: ModelConfig, folder: Path, metadata: dict) -> dict:
    """model.json of the files in `folder`; `metadata` holds what they do not say (name, licence, made, ...)."""
    stages = config.level_stages
    kind = config.condition_kind
    return {
        "format_version": FORMAT_VERSION,
        **{key: metadata[key] for key in ("name", "title", "description", "licence", "dataset")},
        "channels": config.channels,
        "levels": [{"side": s.side, "candidates": config.candidates, "width": s.width} for s in stages],
        "condition": kind and {"kind": kind, "channels": config.condition_channels},
        "architecture": config.to_dict(),
        "graphs": {"levels": level_names(config), "decode": "decode.onnx"},
        "weights": WEIGHTS,
        "text_models": TEXT_MODELS.get(metadata["dataset"], []),
        "perceptual_models": PERCEPTUAL_MODELS.get(metadata["dataset"], []),
        **{key: metadata[key] for key in ("made", "parity", "metrics")},
        "files": {path.name: file_entry(path) for path in sorted(folder.iterdir()) if path.name != MANIFEST},
    }
