"""Two ranks that share a batch learn what one rank learns from all of it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import torch

from ddn.checkpoint import read_checkpoint

SCRIPTS = Path(__file__).resolve().parents[2]


def run(arguments: list[str], ranks: int) -> None:
    launcher = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node", str(ranks)] if ranks > 1 else []
    command = [sys.executable, *launcher, str(SCRIPTS / "train.py"), *arguments]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    finished = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=900)
    assert finished.returncode == 0, finished.stderr


def test_two_ranks_equal_one_with_twice_the_batch(data, tmp_path):
    # The plain mean is linear in the pictures, so gradients of halves add up; the mean of logarithms is not.
    common = ["--data", str(data), "--preset", "tiny", "--steps", "12", "--loss", "mean", "--chain-dropout", "0"]
    common += ["--no-bf16", "--device", "cpu", "--threads", "1", "--count-window", "128", "--optimizer", "adam"]
    run([*common, "--batch", "8", "--out", str(tmp_path / "two")], ranks=2)
    run([*common, "--batch", "16", "--out", str(tmp_path / "one")], ranks=1)
    two, one = (read_checkpoint(tmp_path / name / "checkpoint.pt") for name in ("two", "one"))
    assert (two["world"], one["world"]) == (2, 1)
    assert two["splits"] == one["splits"] > 0
    for (counts, _), (expected, _) in zip(two["counters"], one["counters"]):
        assert torch.equal(counts, expected)
    for name, value in two["network"].items():
        torch.testing.assert_close(value, one["network"][name], atol=2e-4, rtol=0, msg=name)


def test_ranks_that_train_for_a_time_end_together(data, tmp_path):
    arguments = ["--data", str(data), "--preset", "tiny", "--minutes", "0.03", "--batch", "8", "--no-bf16"]
    run([*arguments, "--device", "cpu", "--threads", "1", "--out", str(tmp_path / "two")], ranks=2)
    saved = read_checkpoint(tmp_path / "two" / "checkpoint.pt")
    assert saved["step"] > 0
    assert saved["seconds"] >= 0.03 * 60
