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
from tqdm import tqdm

import presets
from bundle import describe, read_bundle, rebuilt, write_manifest
from model import Network
from pictures import Pictures

FILE = "latents.safetensors"
BATCH = 64
SMOOTHINGS = (1.0, 4.0, 16.0, 64.0, 256.0)


@torch.no_grad()
def codes_of(network: Network, pictures: Pictures, count: int) -> Tensor:
    """Greedy codes [N, L] of the first pictures."""
    codes = []
    for start in tqdm(range(0, count, BATCH), unit="batch", mininterval=5):
        target = pictures.batch(slice(start, min(start + BATCH, count)))
        codes.append(network.encode(target, presets.condition_of(target, network.config))[0])
    return torch.cat(codes)


def count_transitions(codes: Tensor, candidates: int) -> list[Tensor]:
    """Level 0: [1, K]; each later one: [K, K], rows being the choice before."""
    counts = [torch.bincount(codes[:, 0], minlength=candidates)[None].double()]
    for before, here in zip(codes.t(), codes.t()[1:]):
        pairs = torch.bincount(before * candidates + here, minlength=candidates**2)
        counts.append(pairs.reshape(candidates, candidates).double())
    return counts


def shares(counts: Tensor, smoothing: float) -> Tensor:
    """Probabilities [rows, K]: each row drawn towards the level's own shares as if `smoothing` more pictures had them.

    The same in src/engine/network/prior.ts.
    """
    own = counts.sum(0) + 1
    own = own / own.sum()
    return (counts + smoothing * own) / (counts.sum(1, keepdim=True) + smoothing)


def bits(codes: Tensor, counts: list[Tensor], smoothing: float) -> float:
    """Mean bits that a code takes where choices have these shares."""
    total = -shares(counts[0], smoothing)[0, codes[:, 0]].log2().mean()
    for level in range(1, codes.shape[1]):
        total -= shares(counts[level], smoothing)[codes[:, level - 1], codes[:, level]].log2().mean()
    return float(total)


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
    network = rebuilt(config, bundle.weights)
    used = min(options.count, len(train))
    counts = count_transitions(codes_of(network, train, used), config.candidates)
    held = codes_of(network, test, min(options.held_out, len(test)))
    found = {smoothing: bits(held, counts, smoothing) for smoothing in SMOOTHINGS}
    smoothing = min(found, key=found.get)
    write(options.bundle, bundle.manifest, counts, {"pictures": used, "smoothing": smoothing})
    whole = held.shape[1] * math.log2(config.candidates)
    told = {"bits_uniform": whole, "bits_transitions": round(found[smoothing], 2)}
    print(json.dumps({"bundle": str(options.bundle), **told, "pictures": used, "smoothing": smoothing}))


def write(folder: Path, manifest: dict, counts: list[Tensor], told: dict) -> None:
    """Raises SystemExit with the reason where the disk does not take it; the bundle stays as it was."""
    beside = folder / f".{FILE}.{os.getpid()}"
    try:
        save_file({f"transitions.{level}": table.half() for level, table in enumerate(counts)}, beside)
        beside.chmod(0o644)
        os.replace(beside, folder / FILE)
        write_manifest(folder, {**manifest, "latents": {"file": FILE, **describe(folder / FILE), **told}})
    except OSError as error:
        beside.unlink(missing_ok=True)
        raise SystemExit(f"could not write {folder / FILE}: {error}; free some disk and run this again")


if __name__ == "__main__":
    main()
