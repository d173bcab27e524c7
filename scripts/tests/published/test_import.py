"""`kandid import` against plain PyTorch: checkpoints of all published forms, narrow ones, with random weights."""

from __future__ import annotations

import json
import subprocess
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
import torch

from published.checkpoint import write_checkpoint
from published.network import Network
from published.spec import SPECS, Spec, pyramid
from published.weights import rounded_to_half

ROOT = Path(__file__).resolve().parents[3]

FORMS = {
    **{name: SPECS[name] for name in ("small-ramp", "small-zeros", "small-color")},
    "deep": Spec(tuple(replace(stage, width=32, candidates=8) for stage in pyramid(16, 16, 8).stages)),
    "127-levels": Spec(tuple(replace(stage, width=16, candidates=8) for stage in pyramid(64, 64, 8).stages), gain=0.05),
}


def imported(folder: Path, name: str, spec: Spec, *more: str):
    checkpoint = folder / f"{name}.pkl"
    weights = write_checkpoint(checkpoint, spec, 5)
    command = ["node", "--import", "tsx", "src/main.ts", "import", str(checkpoint), "--name", name]
    subprocess.run([*command, "--models", str(folder), *more], cwd=ROOT, check=True, capture_output=True)
    return weights, folder / name


def opened(path: Path) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    return onnxruntime.InferenceSession(path, options)


@pytest.mark.parametrize("precision", ["full", "half"])
@pytest.mark.parametrize("form", FORMS)
def test_candidates_and_greedy_codes_are_those_of_plain_pytorch(form, precision, tmp_path):
    spec = FORMS[form]
    weights, bundle = imported(tmp_path, form, spec, "--precision", precision)
    manifest = json.loads((bundle / "model.json").read_text())
    assert manifest["architecture"]["start"] == spec.start
    reference = Network(spec, rounded_to_half(weights) if precision == "half" else weights)
    target = torch.rand(3, 3, spec.side, spec.side, generator=torch.Generator().manual_seed(1)) * 2 - 1
    condition = target.mean(1, keepdim=True) if spec.condition else None
    expected: list[np.ndarray] = []
    codes, image = reference.run(
        3, target=target, condition=condition, visit=lambda _, found: expected.append(found.numpy().copy())
    )
    feeds = {"condition": condition.numpy()} if condition is not None else {}
    state = {"batch": np.array([3])}
    for index, file in enumerate(manifest["graphs"]["levels"]):
        features, candidates = opened(bundle / file).run(["next_features", "candidates"], {**state, **feeds})
        assert np.abs(candidates - expected[index]).max() <= 1e-4, f"level {index}"
        choice = codes[index].numpy()
        state = {"features": features, "predict": candidates[np.arange(3), choice], "choice": choice}
    (decoded,) = opened(bundle / "decode.onnx").run(["image"], {"codes": codes.T.numpy(), **feeds})
    assert np.abs(decoded - image.numpy()).max() <= 1e-4
