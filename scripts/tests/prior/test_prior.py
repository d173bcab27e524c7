"""The prior: its quadratic form, its training, its graphs, its place in a bundle."""

from __future__ import annotations

import json
import math
import shutil
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
import torch

from ddn.model import ModelConfig, Network, Stage
from export.bundle import build_network, read_bundle
from export.files import bundle_hash
from prior import command
from prior.export import descend, read_prior
from prior.model import Prior, PriorConfig, quadratic
from prior.start import freeze, start_from
from prior.steps import least_squares

ROOT = Path(__file__).parents[3]
BUNDLES = {
    "tiny": ROOT / "models" / "tiny",
    "conditional": ROOT / "test" / "fixtures" / "conditional" / "tiny-color",
    "recurrent": ROOT / "test" / "fixtures" / "recurrent" / "tiny-recurrent",
}
SMALL = ["--widths", "8,8,8,8", "--hidden", "8", "--threads", "1"]


@pytest.fixture(params=BUNDLES)
def bundle(request, tmp_path) -> Path:
    folder = tmp_path / BUNDLES[request.param].name
    shutil.copytree(BUNDLES[request.param], folder)
    return folder


@pytest.mark.parametrize(("side", "width"), [(4, 16), (16, 4)])
def test_the_quadratic_form_is_the_weighted_distance_of_drawn_candidates(side: int, width: int) -> None:
    torch.manual_seed(1)
    nodes = Network(ModelConfig((Stage(side, 1, width),), candidates=5, norm_group=4)).levels[0].nodes
    features, missing = torch.randn(2, width, side, side), torch.randn(2, 3, side, side)
    sure = torch.rand(2, 1, side, side)
    drawn = nodes.candidates(features, torch.zeros_like(missing))  # [B,K,c,s,s]
    nearer = missing.square()[:, None] - (missing[:, None] - drawn).square()
    expected = (nearer * sure[:, None]).sum((2, 3, 4))
    torch.testing.assert_close(quadratic(features, missing, sure, nodes), expected, rtol=1e-4, atol=1e-3)


def test_least_squares_find_a_convolution_again() -> None:
    torch.manual_seed(1)
    inputs, kernel, bias = torch.randn(8, 3, 12, 12), torch.randn(2, 3, 3, 3), torch.randn(2)
    wanted = torch.nn.functional.conv2d(inputs, kernel, bias, padding=1)
    found, constant = least_squares(inputs, wanted)
    torch.testing.assert_close(found, kernel, rtol=0, atol=0.02)
    torch.testing.assert_close(constant, bias, rtol=0, atol=0.02)


def test_graphs_say_what_torch_says_and_the_hash_stays(bundle: Path) -> None:
    before = read_bundle(bundle).manifest
    command.main([str(bundle), "--random", *SMALL])
    after = read_bundle(bundle).manifest
    assert bundle_hash(after) == bundle_hash(before)
    parity = after["prior"]["parity"]
    assert parity["log_prior_max_abs"] < 1e-3
    assert parity["descend_equal"] == 1
    assert set(after["prior"]["files"]) == {path.name for path in bundle.iterdir()} - {"model.json", *after["files"]}


def test_random_priors_of_one_seed_are_equal_to_the_byte(tmp_path) -> None:
    files = []
    for name in ("one", "two"):
        folder = tmp_path / name
        shutil.copytree(BUNDLES["tiny"], folder)
        command.main([str(folder), "--random", "--seed", "3", *SMALL])
        files.append(read_bundle(folder).manifest["prior"]["files"])
    assert files[0] == files[1]


def test_training_lowers_the_bits_of_held_out_codes_and_ends_in_the_bundle(data, tmp_path, capsys) -> None:
    folder, out = tmp_path / "tiny", tmp_path / "run"
    shutil.copytree(BUNDLES["tiny"], folder)
    options = [str(folder), "--data", str(data), "--out", str(out), "--minutes", "0.15", "--write", *SMALL]
    command.main([*options, "--report-every", "99", "--held-out", "64"])
    log = [json.loads(line) for line in (out / "log.jsonl").read_text().splitlines()]
    about = read_bundle(folder).manifest["prior"]
    assert about["bits_uniform"] == 8
    assert about["bits"] < 7.5
    assert log[-1]["step"] > 0
    assert list(out.glob("samples-*.png"))
    assert json.loads(capsys.readouterr().out.splitlines()[-1])["bits"] == about["bits"]
    again = read_prior(folder, read_bundle(folder).manifest, read_bundle(folder).config)
    assert sum(p.numel() for p in again.parameters()) > 0


def test_a_checkpoint_of_another_network_is_refused(data, tmp_path) -> None:
    folder, out = tmp_path / "tiny", tmp_path / "run"
    shutil.copytree(BUNDLES["tiny"], folder)
    options = [str(folder), "--data", str(data), "--out", str(out), *SMALL, "--held-out", "8"]
    command.main([*options, "--minutes", "0.01"])
    saved = torch.load(out / "checkpoint.pt", weights_only=True)
    torch.save({**saved, "of": "0" * 64}, out / "checkpoint.pt")
    with pytest.raises(SystemExit, match="of another network"):
        command.main([*options, "--minutes", "0.02"])


def test_descend_takes_noise_for_the_choice(tmp_path) -> None:
    folder = tmp_path / "tiny"
    shutil.copytree(BUNDLES["tiny"], folder)
    command.main([str(folder), "--random", *SMALL])
    sides = [
        onnxruntime.InferenceSession(str(folder / f"descend-{side}.onnx"), providers=["CPUExecutionProvider"])
        for side in (4, 8)
    ]
    noise = np.zeros((1, 4, 4), np.float32)
    noise[0, range(4), [3, 1, 0, 2]] = 1e6
    assert descend(sides, noise, {}).tolist() == [[3, 1, 0, 2]]
    logs = sides[0].run(["log_prior"], {"noise": noise[:, :2]})[0]
    assert (logs <= 0).all()
    assert math.isfinite(logs.sum())


def test_words_that_make_no_sense_are_told(capsys) -> None:
    with pytest.raises(SystemExit, match="expected four whole numbers"):
        command.main([str(BUNDLES["tiny"]), "--random", "--widths", "8,x"])
    with pytest.raises(SystemExit):
        command.main([str(BUNDLES["tiny"])])
    assert "--data, --out and --minutes" in capsys.readouterr().err


def test_a_prior_knows_the_places_of_its_networks_levels() -> None:
    bundle = read_bundle(BUNDLES["tiny"])
    prior = Prior(bundle.config, PriorConfig((8, 8, 8, 8), 8))
    network = build_network(bundle.config, bundle.weights)
    assert prior.where == [("4", 0), ("4", 1), ("8", 0), ("8", 1)]
    features, predict = network.step(0, network.begin(2), None)
    logits, missing = prior.logits(0, network.levels[0].nodes, features, predict)
    assert logits.shape == (2, 4)
    assert missing.shape == (2, 3, 4, 4)


def grown_pair(tmp_path: Path) -> tuple[Prior, Prior, Path]:
    """A prior with its checkpoint, and one of a network with a level and a side more."""
    torch.manual_seed(1)
    shape = PriorConfig(widths=(8, 8, 8, 8), hidden=8, context=8)
    old = Prior(ModelConfig((Stage(4, 2, 8), Stage(8, 2, 8)), candidates=4, norm_group=4), shape)
    with torch.no_grad():
        for parameter in old.parameters():
            parameter.add_(0.1 * torch.randn_like(parameter))
    path = tmp_path / "checkpoint.pt"
    torch.save({"config": shape.to_dict(), "prior": old.state_dict()}, path)
    stages = (Stage(4, 2, 8), Stage(8, 3, 8), Stage(16, 1, 8))
    return old, Prior(ModelConfig(stages, candidates=4, norm_group=4), shape), path


def test_a_grown_prior_says_the_same_of_the_levels_that_it_had(tmp_path: Path) -> None:
    old, new, path = grown_pair(tmp_path)
    assert start_from(new, path) == {"4": 2, "8": 2}
    nodes = Network(old.model).levels[3].nodes
    features, predict = torch.randn(2, 8, 8, 8), torch.randn(2, 3, 8, 8)
    for index in (2, 3):
        torch.testing.assert_close(
            new.logits(index, nodes, features, predict), old.logits(index, nodes, features, predict)
        )
    wide = torch.randn(2, 8, 16, 16), torch.randn(2, 3, 16, 16)
    assert new.logits(5, nodes, *wide)[0].shape == (2, 4), "a side above the context has a head alone"


def test_of_several_starts_a_later_one_replaces_the_sides_that_it_has_whole(tmp_path: Path) -> None:
    old, new, path = grown_pair(tmp_path)
    with torch.no_grad():
        for parameter in new.parameters():
            parameter.add_(torch.randn_like(parameter))
    own = tmp_path / "own.pt"
    torch.save({"config": new.config.to_dict(), "prior": new.state_dict()}, own)
    expected = {name: value.clone() for name, value in new.state_dict().items()}
    expected |= {f"sides.4.{name}": value for name, value in old.sides["4"].state_dict().items()}
    assert start_from(new, own, path) == {"4": 2, "8": 3, "16": 1}
    for name, value in new.state_dict().items():
        assert torch.equal(value, expected[name]), name


def test_only_sides_with_new_levels_are_trained(tmp_path: Path) -> None:
    _, new, path = grown_pair(tmp_path)
    freeze(new, start_from(new, path))
    trained = {side for side, part in new.sides.items() if all(p.requires_grad for p in part.parameters())}
    assert trained == {"8", "16"}
    assert not any(parameter.requires_grad for parameter in new.sides["4"].parameters())


def test_the_prior_of_another_network_is_no_start(tmp_path: Path) -> None:
    _, _, path = grown_pair(tmp_path)
    shape = PriorConfig(widths=(8, 8, 8, 8), hidden=8, context=8)
    with pytest.raises(SystemExit, match="another network"):
        start_from(Prior(ModelConfig((Stage(4, 2, 16),), candidates=4, norm_group=4), shape), path)
    with pytest.raises(SystemExit, match="another shape"):
        start_from(Prior(ModelConfig((Stage(4, 2, 8),), candidates=4, norm_group=4), PriorConfig()), path)
