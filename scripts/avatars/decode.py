"""
Avatars decoded by a DDN, with their labels: training data of the avatars' CLIP.

    python scripts/decode_avatars.py models/avatars-64 --data data/avatars-64/test --out data/avatars-decoded/test
    python scripts/decode_avatars.py models/avatars-64 --data data/avatars-64/train --out data/avatars-decoded/train \\
        --count 12000 --halfway 0.5

Every picture is encoded greedily and decoded. A share of `--halfway` of them is stopped at a random level instead, half
of those with a random choice at that level, as a guide sees candidates; they are enlarged to the final side. The first
argument is a bundle, or a checkpoint of scripts/train.py.
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
    parser.add_argument("--batch", type=int, default=50)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=None)
    return parser.parse_args(arguments)


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
    result = np.empty((count, *source.shape[1:]), np.uint8)
    rng = np.random.default_rng(options.seed)
    # so that the stopped ones are not always the same rows of a batch
    for rows in tqdm(
        np.array_split(rng.permutation(count), -(-count // options.batch)), disable=not sys.stderr.isatty()
    ):
        with torch.autocast("cpu", torch.bfloat16):
            decoded = decode_batch(network, to_pixels(source[np.sort(rows)]), options.halfway, rng)
        pixels = ((decoded.float() + 1) * 127.5).round().clamp(0, 255).byte()
        result[np.sort(rows)] = pixels.permute(0, 2, 3, 1).numpy()
    write_set(options, result)


def write_set(options: argparse.Namespace, pictures: np.ndarray) -> None:
    options.out.mkdir(parents=True, exist_ok=True)
    with (options.data / "labels.jsonl").open(encoding="utf-8") as file:
        lines = [line for line, _ in zip(file, pictures)]
    (options.out / "labels.jsonl").write_text("".join(lines), encoding="utf-8")
    (options.out / "dataset.json").write_bytes((options.data / "dataset.json").read_bytes())
    with (options.out / "pictures.npy.tmp").open("wb") as file:
        np.save(file, pictures)
    os.replace(options.out / "pictures.npy.tmp", options.out / "pictures.npy")
