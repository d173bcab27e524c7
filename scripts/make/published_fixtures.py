"""Writes test/fixtures/checkpoints/: small checkpoints of the published form, and what plain PyTorch makes of them.

python scripts/make/published_fixtures.py
"""

from __future__ import annotations

import gzip
import json
import sys
from pathlib import Path

import torch

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from published.checkpoint import write_checkpoint
from published.network import Network
from published.spec import SPECS, Spec
from published.weights import LevelWeights, rounded_to_half

FOLDER = Path(__file__).resolve().parents[2] / "test" / "fixtures" / "checkpoints"
SEED = 3


def expected(spec: Spec, weights: list[LevelWeights], code: torch.Tensor, condition: torch.Tensor | None) -> dict:
    """Every candidate along a code, and the last picture."""
    candidates: list[list[float]] = []
    network = Network(spec, weights)
    _, image = network.run(1, code, condition=condition, visit=lambda _, found: candidates.append(rounded(found[0])))
    return {"candidates": candidates, "image": rounded(image[0])}


def rounded(values: torch.Tensor) -> list[float]:
    return [round(value, 6) for value in values.flatten().tolist()]


def write(name: str) -> None:
    spec = SPECS[name]
    path = FOLDER / f"{name}.pkl"
    weights = write_checkpoint(path, spec, SEED)
    path.with_suffix(".pkl.gz").write_bytes(gzip.compress(path.read_bytes(), 9, mtime=0))
    path.unlink()
    generator = torch.Generator().manual_seed(SEED)
    code = torch.tensor([[int(torch.randint(level.candidates, (1,), generator=generator))] for level in spec.levels])
    picture = torch.rand(1, 3, spec.side, spec.side, generator=generator) * 2 - 1
    condition = picture.mean(1, keepdim=True) if spec.condition else None
    content = {
        "code": code[:, 0].tolist(),
        "condition": rounded(condition) if condition is not None else None,
        "full": expected(spec, weights, code, condition),
        "half": expected(spec, rounded_to_half(weights), code, condition),
    }
    (FOLDER / f"{name}.json").write_text(json.dumps(content) + "\n")


if __name__ == "__main__":
    FOLDER.mkdir(parents=True, exist_ok=True)
    for fixture in ("small-ramp", "small-color"):
        write(fixture)
