from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
import pytest
import torch

from attributes import command as train_attributes
from attributes.net import AttributeNet, AttributeNetConfig, attribute_loss
from avatars.avatar_set import HIDDEN, AvatarSet, read_attributes, value_accuracies
from avatars.degrade import blurred, mixed, noisy, shrunk
from avatars.fit import Fit, Schedule
from clip import train as train_clip
from clip.adversary import misled
from clip.captions import PER_PICTURE, Captions
from clip.evaluate import OnnxClip
from clip.net import Clip, ClipConfig, TextConfig, VisionConfig
from clip.tokenizer import make_tokenizer
from clip.weights import read_tokenizer, start_from_bundle

COLORS = {"red": (220, 30, 30), "blue": (30, 30, 220), "green": (30, 220, 30)}
TABLE = {
    "ground": [{"value": c, "prompts": [f"a {c} ground"], **({"kind": "cold"} if c != "red" else {})} for c in COLORS],
    "dot": [{"value": v, "prompts": [f"{v} dot"]} for v in ("without a", "with a")],
    "dotColor": [{"value": c, "prompts": [f"a {c} dot"]} for c in COLORS],
}


def write_avatars(folder: Path, count: int, seed: int) -> None:
    """Coloured squares with or without a dot of a colour, in the files of the avatars data set."""
    rng = np.random.default_rng(seed)
    pictures = np.zeros((count, 64, 64, 3), np.uint8)
    lines = []
    for number in range(count):
        ground, dot = (str(rng.choice(list(COLORS))) for _ in range(2))
        dotted = bool(rng.random() < 0.7)
        pictures[number] = COLORS[ground]
        labels = {"ground": ground, "dot": "with a" if dotted else "without a"}
        if dotted:
            pictures[number, 20:44, 20:44] = COLORS[dot]
            labels["dotColor"] = dot
        captions = [f"a {ground} ground", f"a cold or a {ground} ground", f"a person on {ground}"]
        about = [["ground"], ["ground~cold" if ground != "red" else "ground"], ["person", "ground"]]
        captions += [f"{labels['dot']} dot", f"{labels['dot']} dot on {ground}"]
        about += [["dot"], ["dot", "ground"]]
        person = "person" if number % 2 else "woman"
        lines.append(json.dumps({"person": person, "labels": labels, "captions": captions, "about": about}))
    folder.mkdir(parents=True)
    np.save(folder / "pictures.npy", pictures)
    (folder / "labels.jsonl").write_text("\n".join(lines) + "\n")
    (folder / "dataset.json").write_text(json.dumps({"attributes": TABLE}))


@pytest.fixture(scope="module")
def squares(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("squares")
    write_avatars(folder / "train", 96, seed=1)
    write_avatars(folder / "test", 48, seed=2)
    return folder


def test_labels_say_what_is_hidden(squares):
    data = AvatarSet(squares / "train")
    shows = data.labels[:, 2] != HIDDEN
    assert torch.equal(shows, data.labels[:, 1] == 1)
    pixels, labels = data.batch(np.array([3, 5]))
    assert pixels.shape == (2, 3, 64, 64)
    assert pixels.abs().max() <= 1
    assert torch.equal(labels, data.labels[[3, 5]])


def test_a_missing_data_set_is_named(tmp_path):
    with pytest.raises(SystemExit, match=r"dataset\.json is missing: make the data set first"):
        AvatarSet(tmp_path)


def test_hidden_attributes_are_out_of_loss_and_figures():
    logits = [torch.tensor([[5.0, 0.0], [0.0, 5.0]])]
    labels = torch.tensor([[0], [HIDDEN]])
    assert attribute_loss(logits, labels).item() < 0.01
    assert value_accuracies(logits, labels) == [1.0]
    assert value_accuracies(logits, torch.tensor([[0], [0]])) == [0.5]


def test_degrading_keeps_shape_and_mean(squares):
    pixels, _ = AvatarSet(squares / "test").batch(np.arange(8))
    rng = np.random.default_rng(0)
    for changed in (blurred(pixels, 1.5), shrunk(pixels, 8), noisy(pixels, 0.2, rng)):
        assert changed.shape == pixels.shape
        assert (changed.mean() - pixels.mean()).abs() < 0.02
        assert (changed - pixels).abs().max() > 0.05
    same = mixed(pixels, {"blur": 0.25, "shrink:4": 0.25}, 1.0, np.random.default_rng(1))
    assert sum(torch.equal(a, b) for a, b in zip(same, pixels)) == 4


def test_truth_of_captions(squares):
    data = AvatarSet(squares / "train")
    captions = Captions(data, make_tokenizer(c for record in data.records for c in record["captions"]))
    rows = np.arange(16)
    for which in range(PER_PICTURE):
        truth = captions.truth(rows, np.full(16, which))
        assert truth.diagonal().all()
    ground = data.labels[:16, 0].numpy()
    assert np.array_equal(captions.truth(rows, np.zeros(16, int)), ground[:, None] == ground[None])
    cold = captions.truth(rows, np.ones(16, int))
    assert np.array_equal(cold, (ground[:, None] > 0) == (ground[None] > 0))


def test_caption_loss_is_not_hurt_by_captions_that_mean_the_same():
    matched = torch.tensor([[1, 1, 0], [1, 1, 0], [0, 0, 1]], dtype=torch.bool)
    assert train_clip.caption_loss(50.0 * matched, matched).item() < 1e-4
    assert train_clip.caption_loss(50.0 * torch.eye(3), matched).item() > 10


def test_a_resumed_run_is_the_unbroken_one(squares, tmp_path):
    data = AvatarSet(squares / "train")
    config = AttributeNetConfig.of(data.attributes)

    def fit(folder: Path) -> Fit:
        torch.manual_seed(0)
        return Fit(AttributeNet(config), Schedule(6, 16, 1e-3, 2, 0.01, 0), folder, config.to_dict())

    def run(one: Fit, steps: int) -> None:
        for _ in range(steps):
            pixels, labels = data.batch(np.arange(one.step * 16, one.step * 16 + 16))
            one._advance(attribute_loss(one.network.split(one.network(pixels)), labels))
            one.step += 1

    whole, first, second = fit(tmp_path / "a"), fit(tmp_path / "b"), fit(tmp_path / "b")
    run(whole, 6)
    run(first, 3)
    first.save()
    assert second.resume()
    run(second, 3)
    for a, b in zip(whole.network.state_dict().values(), second.network.state_dict().values()):
        assert torch.equal(a, b)


def test_a_checkpoint_of_another_run_is_refused(tmp_path):
    config = AttributeNetConfig((2,), (4, 4), (2, 4))
    Fit(AttributeNet(config), Schedule(6, 16, 1e-3, 2, 0.01, 0), tmp_path, config.to_dict()).save()
    other = Fit(AttributeNet(config), Schedule(7, 16, 1e-3, 2, 0.01, 0), tmp_path, config.to_dict())
    with pytest.raises(SystemExit, match="same options to resume"):
        other.resume()


def folders(squares: Path, place: Path) -> list[str]:
    data = ["--data", squares / "train", "--held-out", squares / "test"]
    return [str(part) for part in (*data, "--runs", place / "r", "--out", place / "m")]


def test_attributes_from_pictures_to_bundle(squares, tmp_path):
    train_attributes.main([*folders(squares, tmp_path), "--steps", "12", "--batch", "32", "--threads", "1"])
    manifest = json.loads((tmp_path / "m" / "model.json").read_text())
    assert manifest["kind"] == "classifier"
    assert set(manifest["files"]) == {"model.onnx", "labels.json"}
    assert "--threads" not in manifest["made"]["command"]
    labels = json.loads((tmp_path / "m" / "labels.json").read_text())["attributes"]
    assert [labels[name]["offset"] for name in TABLE] == [0, 3, 5]
    assert set(manifest["metrics"]["accuracy"]) == set(TABLE)


def test_clip_from_captions_to_bundle(squares, tmp_path):
    short = [*folders(squares, tmp_path), "--batch", "16", "--threads", "1"]
    train_clip.main([*short, "--steps", "3"])
    manifest = json.loads((tmp_path / "m" / "model.json").read_text())
    assert manifest["kind"] == "clip"
    assert {"config.json", "tokenizer.json", "onnx/text_model.onnx", "onnx/vision_model.onnx"} <= set(manifest["files"])
    assert 0 <= manifest["metrics"]["renders"]["accuracy_mean"] <= 1
    assert set(json.loads((tmp_path / "m" / "vocabulary.json").read_text())) == set(TABLE)
    tuned = ["--start", str(tmp_path / "r" / "checkpoint.pt"), "--decoded", str(squares), "--runs", str(tmp_path / "t")]
    train_clip.main([*short, *tuned, "--steps", "2"])
    manifest = json.loads((tmp_path / "m" / "model.json").read_text())
    assert set(manifest["metrics"]) >= {"renders", "decoded"}


def test_exported_clip_is_the_trained_one(squares, tmp_path):
    tokenizer = make_tokenizer(["a red ground", "a person on blue"])
    config = ClipConfig(TextConfig(tokenizer.get_vocab_size()), VisionConfig(depth=1), 32)
    torch.manual_seed(0)
    network = Clip(config, 8).eval()
    fit = Fit(network, Schedule(1, 1, 1e-3, 1, 0.0, 0), tmp_path / "r", config.to_dict())
    options = argparse.Namespace(out=tmp_path / "m", seed=0, batch=1)
    train_clip.write_bundle(network, tokenizer, read_attributes(squares / "test"), fit, options, [])
    onnx = OnnxClip(tmp_path / "m", 1)
    pixels, _ = AvatarSet(squares / "test").batch(np.arange(5))
    texts = ["a red ground", "on blue", "a person on a red, red, very red ground"]
    with torch.inference_mode():
        assert torch.allclose(network.encode_image(pixels), onnx.encode_image(pixels), atol=2e-3)
        expected = network.encode_text(*train_clip.encode(tokenizer, texts))
    assert torch.allclose(expected, onnx.encode_text(texts), atol=2e-3)
    # padding changes nothing
    assert torch.allclose(onnx.encode_text(texts[:1]), onnx.encode_text(texts)[:1], atol=1e-5)


def test_a_bundle_is_a_start_that_computes_the_same_also_in_training(squares, tmp_path):
    data = AvatarSet(squares / "train")
    pixels, _ = data.batch(np.arange(64))
    train_clip.main([*folders(squares, tmp_path), "--batch", "16", "--threads", "1", "--steps", "3"])
    old = OnnxClip(tmp_path / "m", 1)
    tokenizer = read_tokenizer(tmp_path / "m")
    network = Clip(ClipConfig(TextConfig(tokenizer.get_vocab_size())), 8)
    start_from_bundle(network, tmp_path / "m", pixels)
    assert network.training
    texts = ["a red ground", "a person on blue"]
    with torch.no_grad():
        assert torch.allclose(network.encode_image(pixels), old.encode_image(pixels), atol=1e-4)
        expected = old.encode_text(texts)
        assert torch.allclose(network.encode_text(*train_clip.encode(tokenizer, texts)), expected, atol=2e-3)
    with pytest.raises(SystemExit, match="holds another network"):
        start_from_bundle(
            Clip(ClipConfig(TextConfig(tokenizer.get_vocab_size()), VisionConfig(depth=1)), 8), tmp_path / "m", pixels
        )
    # Further training, with misleading pictures, writes the bundle anew.
    rest = ["--start", str(tmp_path / "m"), "--runs", str(tmp_path / "more"), "--adversarial", "0.1", "--steps", "2"]
    train_clip.main([*folders(squares, tmp_path)[:4], "--out", str(tmp_path / "n"), "--batch", "16", *rest])
    assert (tmp_path / "n" / "tokenizer.json").read_bytes() == (tmp_path / "m" / "tokenizer.json").read_bytes()


def test_misleading_pictures_raise_the_loss_by_squares_of_a_level():
    pixels = torch.zeros(2, 3, 64, 64)
    wanted = torch.linspace(-1, 1, 64).expand(2, 3, 64, 64)

    def loss_of(shown: torch.Tensor) -> torch.Tensor:
        return (shown - wanted).square().sum()

    changed = misled(pixels, loss_of, side=8, strength=0.1)
    assert loss_of(changed) > loss_of(pixels) * 1.05
    assert changed.abs().max() <= 0.1 + 1e-6
    assert not changed.requires_grad
    # Away from what is wanted: right of the middle darker, left of it brighter.
    assert (changed[..., 40:] < 0).all()
    assert (changed[..., :24] > 0).all()
    assert misled(torch.ones(1, 3, 64, 64), lambda shown: shown.sum(), side=64, strength=0.5).max() == 1
