"""A stranger's own folder of pictures becomes a bundle by one command."""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from export.bundle import read_bundle
from training.report import closing_words

SCRIPTS = Path(__file__).resolve().parents[2]
READY = shutil.which("node") and (SCRIPTS.parent / "node_modules" / ".bin" / "tsx").exists()
pytestmark = pytest.mark.skipif(not READY, reason="needs Node.js and `npm ci`")


def run(folder: Path, *more: str) -> subprocess.CompletedProcess:
    command = [sys.executable, str(SCRIPTS / "train.py"), "--pictures", "My cats!", "--preset", "tiny", "--steps", "4"]
    command += ["--no-bf16", "--device", "cpu", "--threads", "1", *more]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=900)


def fill(folder: Path, count: int) -> None:
    rng = np.random.default_rng(0)
    folder.mkdir()
    for index in range(count):
        Image.fromarray(rng.integers(0, 256, (20, 30, 3), dtype=np.uint8)).save(folder / f"{index}.jpg")


def test_a_folder_becomes_a_bundle(tmp_path):
    fill(tmp_path / "My cats!", 70)
    (tmp_path / "My cats!" / "notes.txt").write_text("not a picture")
    finished = run(tmp_path, "--licence", "my own")
    assert finished.returncode == 0, finished.stderr
    assert "skipped notes.txt" in finished.stderr
    assert "62 pictures to train on, 8 held out, 1 skipped" in finished.stdout
    assert "The bundle is models/my-cats-8." in finished.stdout
    assert "generate --model ./models/my-cats-8 --count 4" in finished.stdout
    manifest = read_bundle(tmp_path / "models" / "my-cats-8").manifest
    assert manifest["dataset"] == "folder"
    assert manifest["licence"]["data"] == "my own"
    assert manifest["parity"]["of"] == "held-out"
    assert sorted(path.name for path in (tmp_path / "data" / "my-cats-8").iterdir()) == [
        "prepared.json",
        "test",
        "train",
    ]


def test_one_picture_is_a_clear_error(tmp_path):
    fill(tmp_path / "My cats!", 1)
    finished = run(tmp_path)
    assert finished.returncode != 0
    assert "holds 1 readable picture, expected at least 64" in finished.stderr
    assert "Traceback" not in finished.stderr


def test_a_missing_folder_is_a_clear_error(tmp_path):
    finished = run(tmp_path)
    assert finished.returncode != 0
    assert "--pictures My cats! is no folder" in finished.stderr


def test_a_run_without_a_bundle_says_how_to_make_one():
    options = argparse.Namespace(bundle=None, out="runs/My run", data="data/my cats")
    said = closing_words(options, None)
    assert "Trained: runs/My run/checkpoint.pt" in said
    assert "python scripts/export.py 'runs/My run/checkpoint.pt' --out models/my-run --data 'data/my cats'" in said
