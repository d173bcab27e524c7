"""
Avatars decoded by a DDN, with their labels: training data of the avatars' CLIP.

    python scripts/decode_avatars.py models/avatars-64 --data data/avatars-64/test --out data/avatars-decoded/test
    python scripts/decode_avatars.py models/avatars-64 --data data/avatars-64/train --out data/avatars-decoded/train \\
        --count 12000 --halfway 0.5

Every picture is encoded greedily and decoded. A share of `--halfway` of them is stopped at a random level instead, half
of those with a random choice at that level, as a guide sees candidates; they are enlarged to the final side. The first
argument is a bundle, or a checkpoint of scripts/train.py.

    python scripts/decode_avatars.py models/avatars-64 --data data/avatars-64/train --out data/avatars-states/train \\
        --sides 4,8,16,32

writes a data set of half-finished pictures for each side instead, in a folder named after it (avatars/states.py).
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor
from tqdm import tqdm

from avatars.avatar_set import to_pixels
from avatars.states import states_by_side
from ddn.model import Network
from export.bundle import build_network, read_weights

FIRST_SIDE = 8  # smaller pictures show nothing recognisable


def parse(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Decodes avatars with a DDN, for training and measuring the CLIP.")
    parser.add_argument("model", type=Path, help="checkpoint or bundle of the DDN")
    parser.add_argument("--data", type=Path, required=True, help="folder of avatars")
    parser.add_argument(
        "--out", type=Path, required=True, help="folder to write: pictures.npy, labels.jsonl, dataset.json"
    )
    parser.add_argument("--count", type=int, help="the first N pictures; default: all")
    parser.add_argument("--halfway", type=float, default=0.0, help="share of pictures stopped at a random level")
    parser.add_argument("--sides", type=_sides, help="sides in pixels, as 4,8: half-finished pictures of these sides")
    parser.add_argument("--batch", type=int, default=50)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=None)
    return parser.parse_args(arguments)


def _sides(text: str) -> list[int]:
    return [int(side) for side in text.split(",")]


@torch.inference_mode()
def decode_until(network: Network, target: Tensor, last: int, astray: bool, rng: np.random.Generator) -> Tensor:
    """Greedy reconstruction [B,c,s,s] of `target` up to level `last`, there with a random choice where `astray`."""
    state = network.begin(len(target))
    for index, level in enumerate(network.levels[: last + 1]):
        features, predict = network.step(index, state)
        if index == last and astray:
            choice = torch.from_numpy(rng.integers(0, network.config.candidates, len(target)))
        else:
            small = F.adaptive_avg_pool2d(target, level.side)
            choice = level.nodes.distances(features, small - predict).argmin(1)
        state = network.choose(index, features, predict, choice)
    return state.predict


def decode_batch(network: Network, target: Tensor, halfway: float, rng: np.random.Generator) -> Tensor:
    """[B,c,S,S]; a share of `halfway` of the batch, its first rows, is stopped at one random level."""
    stopped = round(halfway * len(target))
    stages = network.config.level_stages
    levels = [index for index, stage in enumerate(stages) if stage.side >= FIRST_SIDE]
    parts = []
    for rows, astray in ((target[: stopped // 2], True), (target[stopped // 2 : stopped], False)):
        if len(rows):
            early = decode_until(network, rows, int(rng.choice(levels)), astray, rng)
            parts.append(F.interpolate(early, size=target.shape[-2:], mode="bilinear", align_corners=False))
    if stopped < len(target):
        parts.append(decode_until(network, target[stopped:], len(stages) - 1, False, rng))
    return torch.cat(parts)


def main(arguments: list[str] | None = None) -> None:
    options = parse(arguments)
    if options.threads:
        torch.set_num_threads(options.threads)
    network = build_network(*read_weights(options.model))
    source = np.load(options.data / "pictures.npy", mmap_mode="r")
    count = min(options.count or len(source), len(source))
    final = source.shape[1]
    folders = {side: options.out / str(side) for side in options.sides} if options.sides else {final: options.out}
    results = {side: np.empty((count, side, side, source.shape[3]), np.uint8) for side in folders}
    rng = np.random.default_rng(options.seed)
    # so that the stopped ones are not always the same rows of a batch
    for rows in tqdm(
        np.array_split(rng.permutation(count), -(-count // options.batch)), disable=not sys.stderr.isatty()
    ):
        rows = np.sort(rows)
        target = to_pixels(source[rows])
        with torch.autocast("cpu", torch.bfloat16):
            if options.sides:
                decoded = states_by_side(network, target, options.sides, rng)
            else:
                decoded = {final: decode_batch(network, target, options.halfway, rng)}
        for side, pictures in decoded.items():
            results[side][rows] = _to_bytes(pictures)
    for side, folder in folders.items():
        write_set(options.data, folder, results[side])


def _to_bytes(pictures: Tensor) -> np.ndarray:
    pixels = ((pictures.float() + 1) * 127.5).round().clamp(0, 255).byte()
    return pixels.permute(0, 2, 3, 1).numpy()


def write_set(data: Path, out: Path, pictures: np.ndarray) -> None:
    out.mkdir(parents=True, exist_ok=True)
    with (data / "labels.jsonl").open(encoding="utf-8") as file:
        lines = [line for line, _ in zip(file, pictures)]
    (out / "labels.jsonl").write_text("".join(lines), encoding="utf-8")
    (out / "dataset.json").write_bytes((data / "dataset.json").read_bytes())
    with (out / "pictures.npy.tmp").open("wb") as file:
        np.save(file, pictures)
    os.replace(out / "pictures.npy.tmp", out / "pictures.npy")
