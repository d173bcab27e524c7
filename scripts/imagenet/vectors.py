"""What PyTorch makes of one picture file, for the test that the engine makes the same of it."""

from __future__ import annotations

import base64
import io
import json
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn

from imagenet.compare import torch_maps, torch_outputs
from imagenet.published import pixels_of
from imagenet.weights import Block

SAMPLES = 128  # numbers of each output


def write_vectors(path: Path, network: nn.Module, blocks: list[Block], side: int) -> None:
    """The file (PNG, as base64), and of pixels and outputs every so many-th number, with its place."""
    file = picture_file()
    shown = torch.from_numpy(np.array(Image.open(io.BytesIO(file)))).permute(2, 0, 1)[None]
    pixels = pixels_of(shown, side)
    values = {"pixels": pixels, **torch_outputs(network, pixels), **torch_maps(network, blocks, pixels)}
    outputs = {name: sampled(value) for name, value in values.items()}
    path.write_text(json.dumps({"png": base64.b64encode(file).decode(), "side": side, "outputs": outputs}) + "\n")


def sampled(value: Tensor) -> dict:
    flat = value.flatten()
    step = max(1, len(flat) // SAMPLES)
    numbers = [float(f"{number:.6g}") for number in flat[::step].tolist()]
    return {"length": len(flat), "step": step, "values": numbers}


def picture_file() -> bytes:
    """48 × 48: a disc on a shade, and some noise."""
    y, x = np.mgrid[0:48, 0:48] / 48
    disc = (np.hypot(x - 0.5, y - 0.45) < 0.3)[..., None] * np.array([120, 90, -40])
    shade = np.stack([200 * x, 160 * y, 180 * (1 - x)], axis=-1)
    noise = np.random.default_rng(0).normal(0, 12, (48, 48, 3))
    buffer = io.BytesIO()
    Image.fromarray(np.clip(shade + disc + noise, 0, 255).astype(np.uint8)).save(buffer, "PNG")
    return buffer.getvalue()
