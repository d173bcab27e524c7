"""What a bundle should give, worked out by torch: for the tests of the other language."""

from __future__ import annotations

import base64
import dataclasses
import json
import math
from pathlib import Path

import torch
from torch import Tensor

from ddn.conditions import condition_of
from ddn.model import ModelConfig
from export.bundle import build_network, read_bundle
from export.files import bundle_hash
from export.parity import candidates_along

PICTURES = 4
DIGITS = 6
KINDS = ("grayscale", "edges", "color_edges")


@torch.no_grad()
def vectors(folder: Path, seed: int = 1) -> dict:
    """Images of a few random codes, every candidate along the first, and greedy codes of a few smooth pictures."""
    bundle = read_bundle(folder)
    config, network = bundle.config, build_network(bundle.config, bundle.weights)
    generator = torch.Generator().manual_seed(seed)
    codes = torch.randint(config.candidates, (PICTURES, len(network.levels)), generator=generator)
    coarse = torch.rand(PICTURES, config.channels, 4, 4, generator=generator) * 2 - 1
    pictures = torch.nn.functional.interpolate(coarse, size=config.side, mode="bilinear")
    condition = condition_of(pictures, config)
    images = network.decode(codes, condition)
    first = None if condition is None else condition[:1]
    greedy, reconstructed = network.encode(pictures, condition)
    return {
        "bundle": folder.name,
        "hash": bundle_hash(bundle.manifest),
        "decode": [
            {
                "code": code.tolist(),
                "codeString": code_string(code.tolist(), config.candidates),
                "image": numbers(images[-1][index]),
                "previews": {str(side): numbers(image[index]) for side, image in previews(network, images).items()},
            }
            for index, code in enumerate(codes)
        ],
        "step": {
            "code": codes[0].tolist(),
            "candidates": [numbers(c) for c in candidates_along(network, codes[:1], first)],
        },
        "encode": [
            {"picture": numbers(picture), "code": code.tolist(), "image": numbers(image)}
            for picture, code, image in zip(pictures, greedy, reconstructed[-1])
        ],
        **({} if condition is None else {"conditions": conditions(pictures, config)}),
    }


def conditions(pictures: Tensor, config: ModelConfig) -> dict[str, list[list[float]]]:
    """Of each of the pictures, of either kind."""
    of = {kind: dataclasses.replace(config, condition_kind=kind, keeps_gray=False) for kind in KINDS}
    return {kind: [numbers(one) for one in condition_of(pictures, its)] for kind, its in of.items()}


def previews(network, images: list[Tensor]) -> dict[int, Tensor]:
    last = {level.side: image for level, image in zip(network.levels, images)}
    return {side: image for side, image in last.items() if side != network.config.side}


def code_string(code: list[int], candidates: int) -> str:
    """base64url without padding; ceil(log2 K) bits per level, level 0 first, big-endian, the last byte zero-padded."""
    width = max(1, math.ceil(math.log2(candidates)))
    bits = "".join(format(choice, f"0{width}b") for choice in code)
    padded = bits + "0" * (-len(bits) % 8)
    data = bytes(int(padded[at : at + 8], 2) for at in range(0, len(padded), 8))
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def numbers(values: Tensor) -> list[float]:
    return [round(value, DIGITS) for value in values.flatten().tolist()]


def write_vectors(folder: Path, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(vectors(folder), separators=(",", ":")) + "\n")
