"""Transition statistics: what they count, what they are worth, where they are kept."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from export.bundle import read_bundle
from export.files import bundle_hash
from prior import command, transitions

TINY = Path(__file__).parents[3] / "models" / "tiny"


def test_counts_and_probabilities() -> None:
    codes = torch.tensor([[0, 1], [0, 1], [1, 0]])
    first, then = transitions.count_transitions(codes, 2)
    assert first.tolist() == [[2, 1]]
    assert then.tolist() == [[0, 2], [1, 0]]
    # The level's own frequencies are (1 + 1) / 5 and (2 + 1) / 5.
    assert transitions.smoothed_probabilities(then, 5).tolist() == [[2 / 7, 5 / 7], [3 / 6, 3 / 6]]


def test_codes_that_follow_a_rule_take_fewer_bits() -> None:
    generator = torch.Generator().manual_seed(1)
    first = torch.randint(4, (500, 1), generator=generator)
    codes = torch.cat([first, (first + 1) % 4], 1)
    counts = transitions.count_transitions(codes, 4)
    assert transitions.code_length(codes, counts, 1.0) == pytest.approx(2, abs=0.05)


def test_a_bundle_keeps_them_beside_its_hash(data, tmp_path, capsys) -> None:
    bundle = tmp_path / "tiny"
    shutil.copytree(TINY, bundle)
    before = read_bundle(bundle).manifest
    command.main([str(bundle), "--data", str(data), "--count", "100", "--threads", "1"])
    after = read_bundle(bundle).manifest
    assert bundle_hash(after) == bundle_hash(before)
    assert after["latents"]["pictures"] == 100
    tables = load_file(bundle / after["latents"]["file"])
    assert [tuple(tables[f"transitions.{level}"].shape) for level in range(4)] == [(1, 4), (4, 4), (4, 4), (4, 4)]
    assert tables["transitions.3"].sum() == 100
    assert json.loads(capsys.readouterr().out)["bits_uniform"] == 8
