"""The text guide's CLIP against `transformers` on the same files: random towers, both kinds, separate and joint."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

pytest.importorskip("transformers")

from make.towers import write_towers

ROOT = Path(__file__).resolve().parents[3]
TEXTS = ["a photo of a man with red hair", "Blue!", "the sea, at night", "x" * 300]
SIDE = 20


def pictures() -> np.ndarray:
    """Three pictures of bytes, [3, side, side, 3]."""
    rng = np.random.default_rng(4)
    coarse = rng.integers(0, 256, (3, 5, 5, 3), dtype=np.uint8)
    return coarse.repeat(4, axis=1).repeat(4, axis=2)


def by_kandid(folder: Path, shown: np.ndarray) -> dict:
    values = (shown.transpose(0, 3, 1, 2) / 127.5 - 1).reshape(len(shown), -1).tolist()
    asked = json.dumps({"texts": TEXTS, "pictures": values, "side": SIDE})
    command = ["node", "--import", "tsx", "scripts/make/clip-embeddings.ts", str(folder)]
    return json.loads(subprocess.run(command, cwd=ROOT, input=asked, check=True, capture_output=True, text=True).stdout)


def unit(rows: torch.Tensor) -> np.ndarray:
    return torch.nn.functional.normalize(rows, dim=-1).numpy()


@pytest.mark.parametrize("joint", [False, True], ids=["separate", "joint"])
@pytest.mark.parametrize("kind", ["clip", "siglip"])
def test_embeddings_scores_and_pixels_are_those_of_transformers(kind, joint, tmp_path):
    model, tokenizer, processor = write_towers(tmp_path, kind, joint=joint)
    shown = pictures()
    tokens = tokenizer(TEXTS, padding="max_length", truncation=True, return_tensors="pt")
    pixels = processor(images=[Image.fromarray(one) for one in shown], return_tensors="pt")["pixel_values"]
    found = by_kandid(tmp_path, shown)
    deviation = torch.tensor(processor.image_std).reshape(3, 1, 1).numpy()
    own_pixels = torch.tensor(found["pixels"]).reshape(pixels.shape)
    assert np.abs((own_pixels - pixels).numpy() * deviation).max() <= 1 / 255
    with torch.no_grad():  # of the same pixels: there they are rounded to bytes once more
        expected = model(input_ids=tokens["input_ids"], pixel_values=own_pixels)
    assert np.abs(np.array(found["texts"]) - unit(expected.text_embeds)).max() <= 1e-3
    assert np.abs(np.array(found["pictures"]).reshape(3, -1) - unit(expected.image_embeds)).max() <= 1e-3
    if joint:
        assert found["scale"] == pytest.approx(float(model.logit_scale.exp()), rel=1e-3)
        assert found["bias"] == pytest.approx(float(model.logit_bias) if kind == "siglip" else 0, abs=2e-2)
        logits = expected.logits_per_image.numpy()
        assert np.abs(np.array(found["logits"]) - logits).max() <= 1e-3 * max(1, np.abs(logits).max())
