"""Exports a checkpoint to a bundle: `python scripts/export.py runs/avatars-64/checkpoint.pt --out models/avatars-64`.

Also re-exports from a bundle alone (`--bundle models/OLD`), and writes random weights (`--random tiny --seed 1`).
Before it is put in its place, the bundle is compared with torch; beyond 1e-4 it is refused.
"""

from __future__ import annotations

import argparse
import json
import shutil
from pathlib import Path

import torch
from torch import Tensor

import parity
import presets
from bundle import (
    Bundle,
    beside,
    bundle_hash,
    halved,
    manifest_of,
    put_in_place,
    read_bundle,
    rebuilt,
    write_graphs,
    write_manifest,
)
from checkpoint import read_checkpoint
from model import ModelConfig, Network
from pictures import Pictures
from vectors import write_vectors

CHECKED = 64  # pictures of the self-check, of up to 64 px; fewer of larger ones, as all candidates are held at once
DATASETS = ("avatars", "digits", "fashion", "folder")
WEIGHTS_LICENCES = {"avatars": "MIT", "digits": "CC BY-SA 3.0", "fashion": "MIT"}  # unless told
HALF_LOSS_DB = 0.1  # more than this lost by half precision is refused


def export_checkpoint(
    checkpoint: Path,
    out: Path,
    test: Pictures | None,
    licence: str | None = None,
    data: Path | None = None,
    half: bool = False,
    **told: str | None,
) -> dict:
    """Writes the bundle `out`; returns its model.json. `data` is the folder of the data set, whose dataset.json tells
    the licence where `licence` does not; `told` may hold title, description, dataset, attribution, weights_licence."""
    saved = read_checkpoint(checkpoint)
    described = dataset_of(data)
    dataset = told.get("dataset") or described.get("dataset")
    made = {
        "command": saved["command"],
        "seed": saved["seed"],
        "steps": saved["step"],
        "images_seen": saved["step"] * saved["batch"] * saved.get("world", 1),
        "minutes": round(saved["seconds"] / 60, 1),
    }
    kept = {
        "name": out.name,
        "title": told.get("title") or out.name,
        "description": told.get("description") or described.get("description", ""),
        "licence": {
            "data": licence or described.get("licence") or "not stated",
            "weights": told.get("weights_licence") or WEIGHTS_LICENCES.get(dataset, "not stated"),
            "attribution": told.get("attribution") or described.get("attribution", ""),
        },
        "dataset": dataset,
        "made": made,
        "metrics": {},
    }
    return write_bundle(out, ModelConfig.from_dict(saved["config"]), saved["network"], kept, test, half)


def export_bundle(old: Bundle, out: Path, test: Pictures | None, half: bool = False, **told: str | None) -> dict:
    """Writes `old` anew, with the graphs of today; half precision stays half."""
    manifest = old.manifest
    was_half = manifest["parity"]["half"]
    half = half or was_half
    licence = manifest["licence"]
    kept = {
        "name": out.name,
        "title": told.get("title") or manifest["title"],
        "description": told.get("description") or manifest["description"],
        "licence": {
            "data": told.get("licence") or licence["data"],
            "weights": told.get("weights_licence") or licence["weights"],
            "attribution": told.get("attribution") or licence["attribution"],
        },
        "dataset": told.get("dataset") or manifest["dataset"],
        "made": manifest["made"],
        "metrics": manifest["metrics"] if half == was_half else {},  # of other weights they say nothing
    }
    return write_bundle(out, old.config, old.weights, kept, test, half)


def export_random(preset: str, seed: int, out: Path, half: bool = False, **told: str | None) -> dict:
    """A bundle of an untrained network, for tests: the same seed gives the same bytes."""
    torch.manual_seed(seed)
    config = presets.PRESETS[preset]
    kept = {
        "name": out.name,
        "title": told.get("title") or f"Random weights ({preset})",
        "description": told.get("description") or "Untrained; made from a seed, for tests.",
        "licence": {"data": "none used", "weights": told.get("weights_licence") or "MIT", "attribution": ""},
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
    return write_bundle(out, config, Network(config).state_dict(), kept, None, half)


def write_bundle(
    out: Path, config: ModelConfig, weights: dict[str, Tensor], told: dict, test: Pictures | None, half: bool
) -> dict:
    """Graphs, weights, self-check, model.json; raises SystemExit where torch and onnxruntime disagree."""
    folder = beside(out)
    try:
        stored = halved(weights) if half else weights
        write_graphs(folder, config, stored)
        network = rebuilt(config, stored)
        target = pictures_to_check(test, config)
        found = parity.check(folder, network, target)
        found.update(pictures=len(target), of="held-out" if test else "random", half=half)
        if half:
            found["half_lost_db"] = max(0.0, round(psnr(rebuilt(config, weights), target) - psnr(network, target), 4))
        refuse(out, found, lossy=test is not None)
        manifest = manifest_of(config, folder, {**told, "parity": found})
        write_manifest(folder, manifest)
        put_in_place(folder, out)
        return manifest
    except OSError as error:
        raise SystemExit(f"could not write {out}: {error}; what was there before is intact")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def refuse(out: Path, found: dict, lossy: bool) -> None:
    reasons = parity.reasons(found)
    if lossy and found.get("half_lost_db", 0) > HALF_LOSS_DB:
        reasons.append(
            f"half precision loses {found['half_lost_db']} dB (at most {HALF_LOSS_DB}); export without --half"
        )
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
    _, images = network.encode(target, presets.condition_of(target, network.config))
    error = (images[-1] - target).square().mean((1, 2, 3)) / 4
    return float((-10 * error.log10()).mean())


def dataset_of(data: Path | None) -> dict:
    """What the data set's folder says of itself."""
    path = data / "train" / "dataset.json" if data else None
    return json.loads(path.read_text()) if path and path.exists() else {}


def arguments(argv: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkpoint", nargs="?", type=Path, help="what scripts/train.py saved")
    parser.add_argument("--bundle", type=Path, help="re-export this bundle instead")
    parser.add_argument(
        "--random", choices=sorted(presets.PRESETS), help="export random weights of this preset instead"
    )
    parser.add_argument("--seed", type=int, default=1, help="of --random")
    parser.add_argument("--out", type=Path, required=True, help="the bundle's folder, models/NAME")
    parser.add_argument("--half", action="store_true", help="store kernels in half precision")
    parser.add_argument(
        "--data", type=Path, help="the data set: its held-out pictures are checked, its licence is told"
    )
    parser.add_argument("--title")
    parser.add_argument("--description")
    parser.add_argument("--dataset", choices=DATASETS, help="what `kandid evaluate` draws its pictures from")
    parser.add_argument("--licence", help="of the data")
    parser.add_argument("--weights-licence", help="of the weights")
    parser.add_argument("--attribution", help="whom to name, for data and weights")
    parser.add_argument("--vectors", type=Path, help="also write what the bundle should give to this JSON file")
    options = parser.parse_args(argv)
    if sum(bool(source) for source in (options.checkpoint, options.bundle, options.random)) != 1:
        parser.error("say what to export: a checkpoint, --bundle or --random")
    return options


def main(argv: list[str] | None = None) -> None:
    options = arguments(argv)
    names = ("title", "description", "dataset", "licence", "weights_licence", "attribution")
    told = {name: getattr(options, name) for name in names}
    if options.random:
        manifest = export_random(options.random, options.seed, options.out, options.half, **told)
    elif options.bundle:
        old = read_bundle(options.bundle)
        manifest = export_bundle(old, options.out, held_out(options.data, old.config), options.half, **told)
    else:
        config = ModelConfig.from_dict(read_checkpoint(options.checkpoint)["config"])
        test = held_out(options.data, config)
        manifest = export_checkpoint(
            options.checkpoint, options.out, test, data=options.data, half=options.half, **told
        )
    if options.vectors:
        write_vectors(options.out, options.vectors)
    size = sum(entry["bytes"] for entry in manifest["files"].values())
    print(json.dumps({"bundle": str(options.out), "hash": bundle_hash(manifest), "bytes": size, **manifest["parity"]}))


def held_out(data: Path | None, config: ModelConfig) -> Pictures | None:
    return Pictures(data / "test", config.side, config.channels, least=1) if data else None


if __name__ == "__main__":
    main()
