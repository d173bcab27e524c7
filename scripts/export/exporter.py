"""Writes a bundle from a checkpoint, a bundle or random weights; refuses graphs that disagree with torch."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import torch
from torch import Tensor

from ddn import presets
from ddn.checkpoint import read_checkpoint
from ddn.conditions import condition_of
from ddn.model import ModelConfig, Network
from ddn.pictures import Pictures
from export import parity
from export.bundle import Bundle, build_network, manifest_of, write_graphs
from export.files import replace_folder, staging_folder, write_manifest
from export.precision import precision_of, restored, stored

CHECKED = 64  # pictures of the self-check, of up to 64 px; fewer of larger ones, as all candidates are held at once
DATASETS = ("avatars", "open-peeps", "digits", "fashion", "folder")
WEIGHTS_LICENCES = {"avatars": "MIT", "open-peeps": "MIT", "digits": "CC BY-SA 3.0", "fashion": "MIT"}  # unless stated
MOST_LOST_DB = 0.1  # more than this lost by storing kernels in fewer bits is refused


def export_checkpoint(
    checkpoint: Path,
    out: Path,
    test: Pictures | None,
    licence: str | None = None,
    data: Path | None = None,
    precision: str = "float",
    **overrides: str | None,
) -> dict:
    """Writes the bundle `out`; returns its model.json. `data` is the folder of the data set, whose dataset.json
    states the licence where `licence` does not.

    `overrides` may hold title, description, dataset, attribution, weights_licence.
    """
    saved = read_checkpoint(checkpoint)
    described = dataset_of(data)
    dataset = overrides.get("dataset") or described.get("dataset")
    made = {
        "command": saved["command"],
        "seed": saved["seed"],
        "steps": saved["step"],
        "images_seen": saved["step"] * saved["batch"] * saved.get("world", 1),
        "minutes": round(saved["seconds"] / 60, 1),
    }
    metadata = {
        "name": out.name,
        "title": overrides.get("title") or out.name,
        "description": overrides.get("description") or described.get("description", ""),
        "licence": {
            "data": licence or described.get("licence") or "not stated",
            "weights": overrides.get("weights_licence") or WEIGHTS_LICENCES.get(dataset, "not stated"),
            "attribution": overrides.get("attribution") or described.get("attribution", ""),
        },
        "dataset": dataset,
        "made": made,
        "metrics": {},
    }
    return write_bundle(out, ModelConfig.from_dict(saved["config"]), saved["network"], metadata, test, precision)


def export_bundle(
    old: Bundle, out: Path, test: Pictures | None, precision: str | None = None, **overrides: str | None
) -> dict:
    """Exports `old` again with the current graphs, by default in the precision that it has."""
    manifest = old.manifest
    before = precision_of(manifest)
    precision = precision or before
    licence = manifest["licence"]
    metadata = {
        "name": out.name,
        "title": overrides.get("title") or manifest["title"],
        "description": overrides.get("description") or manifest["description"],
        "licence": {
            "data": overrides.get("licence") or licence["data"],
            "weights": overrides.get("weights_licence") or licence["weights"],
            "attribution": overrides.get("attribution") or licence["attribution"],
        },
        "dataset": overrides.get("dataset") or manifest["dataset"],
        "made": manifest["made"],
        "metrics": manifest["metrics"] if precision == before else {},  # of other weights they say nothing
    }
    return write_bundle(out, old.config, old.weights, metadata, test, precision)


def export_random(preset: str, seed: int, out: Path, precision: str = "float", **overrides: str | None) -> dict:
    """A bundle of an untrained network, for tests: the same seed gives the same bytes."""
    torch.manual_seed(seed)
    config = presets.PRESETS[preset]
    metadata = {
        "name": out.name,
        "title": overrides.get("title") or f"Random weights ({preset})",
        "description": overrides.get("description") or "Untrained; made from a seed, for tests.",
        "licence": {"data": "none used", "weights": overrides.get("weights_licence") or "MIT", "attribution": ""},
        "dataset": None,
        "made": {
            "command": f"python scripts/export.py --random {preset} --seed {seed} --out models/{out.name}",
            "seed": seed,
            "steps": 0,
            "images_seen": 0,
            "minutes": 0,
        },
        "metrics": {},
    }
    return write_bundle(out, config, Network(config).state_dict(), metadata, None, precision)


def write_bundle(
    out: Path, config: ModelConfig, weights: dict[str, Tensor], metadata: dict, test: Pictures | None, precision: str
) -> dict:
    """Graphs, weights, self-check, model.json; raises SystemExit where torch and onnxruntime disagree."""
    folder = staging_folder(out)
    try:
        kept = stored(weights, precision)
        write_graphs(folder, config, kept)
        network = build_network(config, restored(kept))
        target = pictures_to_check(test, config)
        found = parity.check(folder, network, target)
        found.update(pictures=len(target), of="held-out" if test else "random", precision=precision)
        if precision != "float":
            lost = psnr(build_network(config, weights), target) - psnr(network, target)
            found["lost_db"] = max(0.0, round(lost, 4))
        refuse(out, found, lossy=test is not None)
        manifest = manifest_of(config, folder, {**metadata, "parity": found})
        write_manifest(folder, manifest)
        replace_folder(folder, out)
        return manifest
    except OSError as error:
        raise SystemExit(f"could not write {out}: {error}; the earlier bundle is intact")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def refuse(out: Path, found: dict, lossy: bool) -> None:
    reasons = parity.reasons(found)
    if lossy and found.get("lost_db", 0) > MOST_LOST_DB:
        lost, precision = found["lost_db"], found["precision"]
        reasons.append(f"{precision} loses {lost} dB (at most {MOST_LOST_DB}); choose another --precision")
    if reasons:
        raise SystemExit(f"{out} was not written: torch and onnxruntime disagree: {'; '.join(reasons)}")


def pictures_to_check(test: Pictures | None, config: ModelConfig) -> Tensor:
    if test is not None:
        return test.batch(slice(0, checked(config)))
    generator = torch.Generator().manual_seed(0)
    return torch.rand(checked(config), config.channels, config.side, config.side, generator=generator) * 2 - 1


def checked(config: ModelConfig) -> int:
    return CHECKED if config.side <= 64 else max(8, CHECKED * 64**2 // config.side**2)


@torch.no_grad()
def psnr(network: Network, target: Tensor) -> float:
    """dB, mean over pictures, of the greedy reconstruction."""
    _, images = network.encode(target, condition_of(target, network.config))
    error = (images[-1] - target).square().mean((1, 2, 3)) / 4
    return float((-10 * error.log10()).mean())


def dataset_of(data: Path | None) -> dict:
    """The dataset.json of the data set's folder."""
    path = data / "train" / "dataset.json" if data else None
    return json.loads(path.read_text()) if path and path.exists() else {}
