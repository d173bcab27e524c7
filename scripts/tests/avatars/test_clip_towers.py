"""Half-finished pictures, and the CLIP's towers for them."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from onnxruntime import InferenceSession
from test_avatar_networks import write_avatars

from avatars import decode
from avatars.avatar_set import AvatarSet
from avatars.graph_file import export_graph, store_compact
from avatars.states import states_by_side
from clip import towers
from clip import train as train_clip
from clip.net import VisionTower
from export.bundle import build_network, read_weights

MODEL = Path(__file__).parents[3] / "models" / "tiny"


@pytest.fixture(scope="module")
def place(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("towers")
    for part, count, seed in (("train", 64, 1), ("test", 24, 2)):
        write_avatars(folder / "data" / part, count, seed)
        command = [MODEL, "--data", folder / "data" / part, "--out", folder / "states" / part, "--sides", "4,8"]
        decode.main([str(word) for word in (*command, "--threads", 1)])
    data = ["--data", folder / "data" / "train", "--held-out", folder / "data" / "test", "--runs", folder / "r"]
    train_clip.main([str(word) for word in (*data, "--out", folder / "clip", "--steps", 2, "--batch", 16)])
    return folder


def test_states_have_the_sides_of_their_levels_and_resemble_their_pictures():
    network = build_network(*read_weights(MODEL))
    target = torch.linspace(-1, 1, 8)[:, None, None, None].expand(8, network.config.channels, 64, 64)
    states = states_by_side(network, target, [4, 8], np.random.default_rng(0))
    assert {side: tuple(state.shape) for side, state in states.items()} == {
        side: (8, network.config.channels, side, side) for side in (4, 8)
    }
    brightness = states[4].mean((1, 2, 3))
    assert torch.corrcoef(torch.stack([brightness, torch.linspace(-1, 1, 8)]))[0, 1] > 0.5
    with pytest.raises(SystemExit, match="--sides 5: the model has levels of"):
        states_by_side(network, target, [5], np.random.default_rng(0))


def test_the_command_writes_a_data_set_for_each_side(place):
    for side in (4, 8):
        data = AvatarSet(place / "states" / "train" / str(side))
        assert data.pictures.shape == (64, side, side, 3)
        assert torch.equal(data.labels, AvatarSet(place / "data" / "train").labels)


def test_towers_are_added_to_the_bundle_and_leave_the_words_alone(place):
    before = {path.name: path.read_bytes() for path in (place / "clip" / "onnx").iterdir()}
    rest = ["--sides", 4, "--runs", place / "t", "--steps", 3, "--batch", 16, "--threads", 1]
    towers.main([str(word) for word in (place / "clip", "--states", place / "states", *rest)])
    manifest = json.loads((place / "clip" / "model.json").read_text())
    (tower,) = manifest["picture_towers"]
    assert (tower["side"], tower["file"]) == (4, "onnx/vision_model_4.onnx")
    assert tower["file"] in manifest["files"]
    assert tower["metrics"]["prompt_loss"] > 0
    for name, content in before.items():
        assert (place / "clip" / "onnx" / name).read_bytes() == content
    session = InferenceSession(place / "clip" / tower["file"])
    (embeddings,) = session.run(None, {"pixel_values": np.zeros((3, 3, 4, 4), np.float32)})
    assert embeddings.shape == (3, 256)


@pytest.mark.parametrize(("precision", "share", "most"), [("half", 0.6, 5e-3), ("int8", 0.4, 5e-2)])
def test_weights_in_fewer_bits_compute_nearly_the_same(tmp_path, precision, share, most):
    torch.manual_seed(0)
    network = VisionTower(towers.TOWERS[16], 64).eval()
    pixels = torch.rand(2, 3, 16, 16) * 2 - 1
    export_graph(network, {"pixel_values": pixels}, "image_embeds", tmp_path / "small.onnx")
    before = (tmp_path / "small.onnx").stat().st_size
    store_compact(tmp_path / "small.onnx", precision)
    assert (tmp_path / "small.onnx").stat().st_size < share * before
    (found,) = InferenceSession(tmp_path / "small.onnx").run(None, {"pixel_values": pixels.numpy()})
    with torch.inference_mode():
        expected = network(pixels).numpy()
    assert np.abs(found - expected).max() < most * np.abs(expected).max()
