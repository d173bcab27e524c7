"""How often training pictures make each choice after another: `python scripts/latents.py models/NAME --data DATA`.

Writes `latents.safetensors` into the bundle and says so in its model.json (outside the bundle's hash: codes draw the
same pictures with it and without). `sampler: {"draw": "transitions"}` then draws choices that no guide makes by it.
"""

from __future__ import annotations

import argparse
import json
import math
import os
from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import Tensor

from ddn.pictures import Pictures
from export.bundle import build_network, read_bundle
from export.files import file_entry, write_manifest
from prior.transitions import SMOOTHINGS, code_length, count_transitions, greedy_codes

FILE = "latents.safetensors"


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("bundle", type=Path)
    parser.add_argument("--data", type=Path, required=True, help="the data set that it was trained on")
    parser.add_argument("--count", type=int, default=20000, help="training pictures at most (20000)")
    parser.add_argument(
        "--held-out", type=int, default=1000, help="held-out pictures at most, for the smoothing (1000)"
    )
    parser.add_argument("--threads", type=int, default=0, help="CPU threads, 0 for all")
    options = parser.parse_args(argv)
    if options.threads:
        torch.set_num_threads(options.threads)
    bundle = read_bundle(options.bundle)
    config = bundle.config
    train = Pictures(options.data / "train", config.side, config.channels)
    test = Pictures(options.data / "test", config.side, config.channels, least=1)
    network = build_network(config, bundle.weights)
    used = min(options.count, len(train))
    counts = count_transitions(greedy_codes(network, train, used), config.candidates)
    held = greedy_codes(network, test, min(options.held_out, len(test)))
    found = {smoothing: code_length(held, counts, smoothing) for smoothing in SMOOTHINGS}
    smoothing = min(found, key=found.get)
    write(options.bundle, bundle.manifest, counts, {"pictures": used, "smoothing": smoothing})
    whole = held.shape[1] * math.log2(config.candidates)
    figures = {"bits_uniform": whole, "bits_transitions": round(found[smoothing], 2)}
    print(json.dumps({"bundle": str(options.bundle), **figures, "pictures": used, "smoothing": smoothing}))


def write(folder: Path, manifest: dict, counts: list[Tensor], figures: dict) -> None:
    """Raises SystemExit with the reason where the disk does not take it; the bundle stays as it was."""
    beside = folder / f".{FILE}.{os.getpid()}"
    try:
        save_file({f"transitions.{level}": table.half() for level, table in enumerate(counts)}, beside)
        beside.chmod(0o644)
        os.replace(beside, folder / FILE)
        write_manifest(folder, {**manifest, "latents": {"file": FILE, **file_entry(folder / FILE), **figures}})
    except OSError as error:
        beside.unlink(missing_ok=True)
        raise SystemExit(f"could not write {folder / FILE}: {error}; free some disk and run this again")
