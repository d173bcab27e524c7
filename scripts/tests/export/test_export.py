from __future__ import annotations

import dataclasses
import json
import shutil
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch

from ddn import presets
from ddn.checkpoint import read_checkpoint
from ddn.model import ModelConfig, Network, Stage
from ddn.pictures import Pictures
from export import bundle, exporter, graphs, parity, vectors
from export.files import bundle_hash
from export.precision import PRECISIONS, restored, stored
from training import resume
from training.step import train_step

PROJECT = Path(__file__).resolve().parents[3]
TINY = presets.PRESETS["tiny"]
RECURRENT = presets.PRESETS["tiny-recurrent"]
CONDITIONAL = dataclasses.replace(TINY, condition_kind="grayscale", condition_channels=1)
KEEPING = presets.PRESETS["tiny-color"]
WIDENING = ModelConfig((Stage(4, 1, 16), Stage(8, 2, 8), Stage(16, 1, 8)), channels=1, candidates=5, norm_group=4)


@pytest.fixture
def tiny(tmp_path) -> Path:
    exporter.export_random("tiny", 1, tmp_path / "tiny")
    return tmp_path / "tiny"


@pytest.fixture
def saved(built, tmp_path) -> Path:
    """A checkpoint after a few steps."""
    trainer = built()
    for _ in range(3):
        train_step(trainer, torch.rand(8, 3, 8, 8) * 2 - 1)
    resume.save_checkpoint(trainer, tmp_path / "checkpoint.pt")
    return tmp_path / "checkpoint.pt"


def content(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.mark.parametrize("precision", PRECISIONS)
@pytest.mark.parametrize(
    "config",
    [TINY, CONDITIONAL, KEEPING, WIDENING, RECURRENT],
    ids=["tiny", "condition", "gray kept", "widening", "recurrent"],
)
def test_onnxruntime_agrees_with_torch(config, precision, tmp_path, monkeypatch):
    monkeypatch.setattr("export.precision.SMALL", 0)
    monkeypatch.setitem(presets.PRESETS, "tested", config)
    manifest = exporter.export_random("tested", 2, tmp_path / "made", precision=precision)
    found = manifest["parity"]
    assert found["candidates_max_abs"] < 1e-5
    assert found["decode_max_abs"] < 1e-5
    assert found["greedy_equal"] == 1
    assert manifest["condition"] == ({"kind": "grayscale", "channels": 1} if config.condition_kind else None)
    assert [level["side"] for level in manifest["levels"]] == [stage.side for stage in config.level_stages]


def test_the_bundle_of_a_recurrent_network_names_one_graph_many_times(tmp_path):
    manifest = exporter.export_random("tiny-recurrent", 1, tmp_path / "made")
    assert manifest["graphs"]["levels"] == ["level-00.onnx", "level-01.onnx", "level-01.onnx"]
    assert sorted(manifest["files"]) == ["decode.onnx", "level-00.onnx", "level-01.onnx", "weights.safetensors"]


def test_the_same_seed_gives_the_same_bytes(tiny, tmp_path):
    exporter.export_random("tiny", 1, tmp_path / "again" / "tiny")
    assert content(tmp_path / "again" / "tiny") == content(tiny)
    exporter.export_random("tiny", 2, tmp_path / "other" / "tiny")
    assert content(tmp_path / "other" / "tiny")["weights.safetensors"] != content(tiny)["weights.safetensors"]


def test_the_committed_bundle_and_its_vectors_are_what_the_exporter_makes(tiny):
    reference = bundle.read_bundle(PROJECT / "models" / "tiny")
    made = bundle.read_bundle(tiny)
    assert made.weights.keys() == reference.weights.keys()
    for name, value in made.weights.items():
        assert torch.equal(value, reference.weights[name]), name
    committed = json.loads((PROJECT / "test" / "fixtures" / "tiny-vectors.json").read_text())
    now = vectors.vectors(PROJECT / "models" / "tiny")
    assert committed["hash"] == now["hash"]
    for kind in ("decode", "encode"):
        for old, new in zip(committed[kind], now[kind]):
            assert old["code"] == new["code"]
            np.testing.assert_allclose(old["image"], new["image"], atol=1e-5)


def test_the_committed_conditional_bundle_and_its_vectors_are_what_the_exporter_makes():
    folder = PROJECT / "test" / "fixtures" / "conditional"
    committed = json.loads((folder / "vectors.json").read_text())
    now = vectors.vectors(folder / "tiny-color")
    assert committed["hash"] == now["hash"]
    for kind in vectors.KINDS:
        np.testing.assert_allclose(committed["conditions"][kind], now["conditions"][kind], atol=1e-5)
    for old, new in zip(committed["encode"], now["encode"]):
        assert old["code"] == new["code"]


def test_the_bundle_of_a_checkpoint_tells_how_it_was_made(saved, data, tmp_path):
    out = tmp_path / "made"
    test = Pictures(data / "test", 8, 3, least=1)
    manifest = exporter.export_checkpoint(saved, out, test, licence="CC0", attribution="me", title="Blobs")
    assert json.loads(json.dumps(manifest)) == json.loads((out / "model.json").read_text())
    assert manifest["licence"] == {"data": "CC0", "weights": "not stated", "attribution": "me"}
    assert manifest["made"]["steps"] == 3
    assert manifest["made"]["images_seen"] == 24
    assert manifest["made"]["command"].startswith("python scripts/train.py --data")
    assert manifest["parity"]["pictures"] == 16
    assert manifest["parity"]["of"] == "held-out"
    assert set(manifest["files"]) == {path.name for path in out.iterdir()} - {"model.json"}
    network = Network(TINY)
    network.load_state_dict(bundle.read_bundle(out).weights)
    for name, value in read_checkpoint(saved)["network"].items():
        assert torch.equal(network.state_dict()[name], value), name


@pytest.mark.parametrize("precision", PRECISIONS)
def test_a_bundle_exported_from_a_bundle_is_equal(saved, tmp_path, precision, monkeypatch):
    monkeypatch.setattr("export.precision.SMALL", 0)
    exporter.export_checkpoint(saved, tmp_path / "a" / "made", None, precision=precision)
    old = bundle.read_bundle(tmp_path / "a" / "made")
    exporter.export_bundle(old, tmp_path / "b" / "made", None)
    first, second = content(tmp_path / "a" / "made"), content(tmp_path / "b" / "made")
    ours, theirs = (json.loads(files.pop("model.json")) for files in (first, second))
    assert first == second
    assert bundle_hash(ours) == bundle_hash(theirs)
    assert {**ours, "parity": None} == {**theirs, "parity": None}


def test_fewer_bits_are_fewer_bytes_and_lossy_ones_are_refused(saved, data, tmp_path, monkeypatch):
    sizes = {}
    for precision in ("float", "half"):
        exporter.export_checkpoint(saved, tmp_path / precision, None, precision=precision)
        sizes[precision] = (tmp_path / precision / "weights.safetensors").stat().st_size
    assert sizes["half"] < 0.65 * sizes["float"]
    monkeypatch.setattr(exporter, "MOST_LOST_DB", -1)
    with pytest.raises(SystemExit, match="half loses"):
        exporter.export_checkpoint(
            saved, tmp_path / "refused", Pictures(data / "test", 8, 3, least=1), precision="half"
        )
    assert not (tmp_path / "refused").exists()


@pytest.mark.parametrize("shape", [(8, 600), (4, 16, 80), (64, 16, 3, 3), (3, 32, 16, 3, 3)], ids=str)
def test_int8_is_off_by_half_a_step_of_each_output_at_most(shape):
    torch.manual_seed(1)
    outputs = torch.logspace(-3, 3, shape[-4] if len(shape) > 3 else shape[-2]).reshape(
        -1, *[1] * min(3, len(shape) - 1)
    )
    wanted = torch.randn(shape) * (outputs if len(shape) > 3 else outputs.reshape(-1, 1))
    kept = stored({"kernel": wanted, "bias": torch.randn(7)}, "int8")
    assert kept["kernel"].dtype == torch.int8 and kept["bias"].dtype == torch.float32
    found = restored(kept)
    assert set(found) == {"kernel", "bias"}
    step = wanted.abs().amax(tuple(range(-3 if len(shape) > 3 else -1, 0)), keepdim=True) / 127
    assert ((found["kernel"] - wanted).abs() <= 0.5001 * step).all()


def test_a_bundle_trains_on(tiny, built):
    trainer = built("--start-from", str(tiny))
    codes = torch.zeros(1, 4, dtype=torch.int64)
    image = parity.Sessions(tiny, bundle.level_names(TINY)).decode(codes.numpy())["image"]
    np.testing.assert_allclose(trainer.network.decode(codes)[-1].detach().numpy(), image, atol=1e-5)
    with pytest.raises(SystemExit, match="holds another network"):
        built("--start-from", str(tiny), "--candidates", "8")


def test_graphs_that_disagree_are_refused_and_the_earlier_bundle_stays(tiny, monkeypatch):
    before = content(tiny)
    monkeypatch.setattr(graphs, "EPSILON", 0.5)
    with pytest.raises(SystemExit, match=r"was not written: .*candidates_max_abs is"):
        exporter.export_random("tiny", 1, tiny)
    assert content(tiny) == before
    assert [path.name for path in tiny.parent.iterdir()] == ["tiny"]


def test_a_full_disk_leaves_the_earlier_bundle(tiny, monkeypatch):
    before = content(tiny)

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(exporter, "write_manifest", full)
    with pytest.raises(SystemExit, match="No space left on device; the earlier bundle is intact"):
        exporter.export_random("tiny", 2, tiny)
    assert content(tiny) == before
    assert [path.name for path in tiny.parent.iterdir()] == ["tiny"]


def test_a_folder_that_is_no_bundle_is_never_replaced(tmp_path):
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "thesis.txt").write_text("years of work")
    with pytest.raises(SystemExit, match="exists and is no bundle"):
        exporter.export_random("tiny", 1, mine)
    assert (mine / "thesis.txt").read_text() == "years of work"
    with pytest.raises(SystemExit, match="small letters"):
        exporter.export_random("tiny", 1, tmp_path / "My Model")


def test_damaged_bundles_are_refused(tiny):
    with pytest.raises(SystemExit, match=r"model\.json is missing"):
        bundle.read_bundle(tiny.parent)
    for change, expected in (
        (lambda folder: (folder / "weights.safetensors").write_bytes(b"x"), "sha256 differs"),
        (lambda folder: (folder / "weights.safetensors").unlink(), "is missing"),
        (lambda folder: (folder / "model.json").write_text('{"format_version": 9}'), "format version 9"),
        (lambda folder: (folder / "model.json").write_text("{"), "is not JSON"),
    ):
        damaged = tiny.parent / "damaged"
        shutil.copytree(tiny, damaged)
        change(damaged)
        with pytest.raises(SystemExit, match=expected):
            bundle.read_bundle(damaged)
        shutil.rmtree(damaged)


def test_every_weight_is_stored_once_and_graphs_hold_none(tiny):
    names = set(Network(TINY).state_dict())
    assert set(bundle.read_bundle(tiny).weights) == names
    for path in sorted(tiny.glob("*.onnx")):
        model = onnx.load(path, load_external_data=False)
        onnx.checker.check_model(str(path), full_check=True)
        stored = {tensor.name for tensor in model.graph.initializer if tensor.external_data}
        assert stored <= names
        inline = [tensor for tensor in model.graph.initializer if not tensor.external_data]
        assert all(np.prod(tensor.dims) <= 16 for tensor in inline)


def test_the_batch_is_free(tiny):
    sessions = parity.Sessions(tiny, bundle.level_names(TINY))
    codes = np.array([[0, 1, 2, 3], [3, 2, 1, 0], [1, 1, 1, 1]])
    together = list(sessions.walk(codes))
    for row in range(3):
        for level, alone in enumerate(sessions.walk(codes[row : row + 1])):
            np.testing.assert_allclose(together[level][row], alone[0], atol=1e-6)
    decoded = sessions.decode(codes)
    assert set(decoded) == {"image", "preview_4"}
    np.testing.assert_allclose(decoded["image"], together[3][np.arange(3), codes[:, 3]], atol=1e-6)
    np.testing.assert_allclose(decoded["preview_4"], together[1][np.arange(3), codes[:, 1]], atol=1e-6)


def test_code_strings():
    assert vectors.code_string([0, 1, 2, 3], 4) == "Gw"  # 00 01 10 11
    assert vectors.code_string([5], 8) == "oA"  # 101, padded
    assert vectors.code_string([1] * 39, 64) == "B" * 39 + "A"
