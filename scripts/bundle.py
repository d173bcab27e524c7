"""Bundles: `models/NAME/` with model.json, one graph per level, decode.onnx and weights.safetensors.

A bundle is written beside its place and renamed into it, so that a kill or a full disk leaves the earlier one whole.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
from dataclasses import dataclass
from pathlib import Path

import onnx
from safetensors.torch import load_file, save_file
from torch import Tensor

from graphs import decode_graph, level_graph
from model import ModelConfig, Network
from onnx_graph import places

FORMAT_VERSION = 1
WEIGHTS = "weights.safetensors"
MANIFEST = "model.json"
NAME = r"[a-z0-9][a-z0-9._-]{0,63}"


@dataclass(frozen=True)
class Bundle:
    folder: Path
    manifest: dict
    config: ModelConfig
    weights: dict[str, Tensor]  # float32


def read_bundle(folder: Path) -> Bundle:
    """Raises SystemExit with the reason where it is no bundle, or one that was changed after it was written."""
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
    if describe(weights)["sha256"] != expected:
        raise SystemExit(
            f"{weights} is not the file that {MANIFEST} describes (sha256 differs); fetch the bundle again"
        )
    loaded = {name: value.float() for name, value in load_file(weights).items()}
    return Bundle(folder, manifest, ModelConfig.from_dict(manifest["architecture"]), loaded)


def rebuilt(config: ModelConfig, weights: dict[str, Tensor]) -> Network:
    network = Network(config)
    network.load_state_dict({name: value.float() for name, value in weights.items()})
    return network.eval()


def halved(weights: dict[str, Tensor]) -> dict[str, Tensor]:
    """Kernels in half precision; biases and norms, a few kilobytes, stay as they are."""
    return {name: value.half() if value.dim() > 1 else value for name, value in weights.items()}


def write_graphs(folder: Path, config: ModelConfig, weights: dict[str, Tensor]) -> None:
    """Weights and all graphs into `folder`."""
    save_file({name: value.contiguous() for name, value in weights.items()}, folder / WEIGHTS)
    (folder / WEIGHTS).chmod(0o644)  # safetensors makes files that only their owner reads
    found = places(folder / WEIGHTS)
    names = level_names(config)
    for name in dict.fromkeys(names):
        onnx.save(level_graph(config, names.index(name), WEIGHTS, found), folder / name)
    onnx.save(decode_graph(config, WEIGHTS, found), folder / "decode.onnx")


def level_names(config: ModelConfig) -> list[str]:
    """The graph of each level. A recurrent network has two: one that begins, and one for every level after it."""
    last = 1 if config.type == "recurrent" else len(config.level_stages)
    return [f"level-{min(index, last):02d}.onnx" for index in range(len(config.level_stages))]


def manifest_of(config: ModelConfig, folder: Path, told: dict) -> dict:
    """model.json of the files in `folder`; `told` holds what they do not say themselves (name, licence, made, ...)."""
    stages = config.level_stages
    kind = config.condition_kind
    return {
        "format_version": FORMAT_VERSION,
        **{key: told[key] for key in ("name", "title", "description", "licence", "dataset")},
        "channels": config.channels,
        "levels": [{"side": s.side, "candidates": config.candidates, "width": s.width} for s in stages],
        "condition": kind and {"kind": kind, "channels": config.condition_channels},
        "architecture": config.to_dict(),
        "graphs": {"levels": level_names(config), "decode": "decode.onnx"},
        "weights": WEIGHTS,
        **{key: told[key] for key in ("made", "parity", "metrics")},
        "files": {path.name: describe(path) for path in sorted(folder.iterdir()) if path.name != MANIFEST},
    }


def describe(path: Path) -> dict:
    content = path.read_bytes()
    return {"sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content)}


def bundle_hash(manifest: dict) -> str:
    """The hash that permalinks carry the first 8 digits of: of every file but model.json."""
    lines = "".join(f"{name} {entry['sha256']}\n" for name, entry in sorted(manifest["files"].items()))
    return hashlib.sha256(lines.encode()).hexdigest()


def write_manifest(folder: Path, manifest: dict) -> None:
    (folder / MANIFEST).write_text(json.dumps(manifest, indent=2, ensure_ascii=False) + "\n")


def beside(out: Path) -> Path:
    """An empty folder beside `out` to write in.

    Raises SystemExit where `out` holds something other than a bundle, or its name is none that the server takes.
    """
    if not re.fullmatch(NAME, out.name):
        raise SystemExit(f"--out {out}: a bundle's name has small letters, digits, dots and hyphens; choose another")
    if out.exists() and not (out / MANIFEST).exists() and (not out.is_dir() or any(out.iterdir())):
        raise SystemExit(f"{out} exists and is no bundle; choose another --out or remove it")
    folder = out.parent / f".{out.name}.{os.getpid()}.tmp"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


def put_in_place(folder: Path, out: Path) -> None:
    """Renames `folder` to `out`; what was there before goes last."""
    old = folder.with_suffix(".old")
    if out.exists():
        os.replace(out, old)
    os.replace(folder, out)
    shutil.rmtree(old, ignore_errors=True)
