from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from training.options import arguments
from training.trainer import Trainer, build

torch.set_num_threads(1)


def write_pictures(folder: Path, count: int, side: int, channels: int, seed: int) -> None:
    """Four colours each, most of them dark: so that there is something to learn, and nodes that win too often."""
    rng = np.random.default_rng(seed)
    coarse = (rng.random((count, 2, 2, channels)) ** 4 * 255).astype(np.uint8)
    folder.mkdir(parents=True)
    np.save(folder / "pictures.npy", coarse.repeat(side // 2, axis=1).repeat(side // 2, axis=2))


@pytest.fixture(scope="session")
def data(tmp_path_factory) -> Path:
    """A data set for the preset `tiny`: 128 + 16 pictures of 8 × 8 in colour."""
    folder = tmp_path_factory.mktemp("data")
    write_pictures(folder / "train", 128, 8, 3, seed=1)
    write_pictures(folder / "test", 16, 8, 3, seed=2)
    return folder


@pytest.fixture
def options(data, tmp_path):
    """Command line of a short run on `data`, with more arguments as wanted."""

    def make(*more: str) -> list[str]:
        run = ["--data", str(data), "--out", str(tmp_path / "run"), "--preset", "tiny", "--batch", "8", "--no-bf16"]
        return [*run, "--device", "cpu", "--threads", "1", *more]

    return make


@pytest.fixture
def built(options):
    """A trainer as the command line makes it."""

    def make(*more: str) -> Trainer:
        return build(arguments(options("--steps", "8", *more)), torch.device("cpu"))

    return make
