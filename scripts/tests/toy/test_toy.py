from __future__ import annotations

import json

import numpy as np
import pytest
from PIL import Image

from toy import command
from toy.densities import NAMES, density, density_of, sample
from toy.figures import FLOOR, figures, histogram
from toy.nodes import Nodes


@pytest.mark.parametrize("name", NAMES)
def test_densities_add_to_one_and_are_neither_blank_nor_full(name):
    drawn = density(name, 50)
    assert drawn.shape == (50, 50)
    assert drawn.min() >= 0
    assert abs(drawn.sum() - 1) < 1e-12
    assert 0.02 < (drawn > drawn.max() / 10).mean() < 0.7


def test_samples_follow_the_density():
    target = density("words", 20)
    shares = histogram(sample(target, 200_000, np.random.default_rng(0)), 20)
    assert np.abs(shares - target).sum() / 2 < 0.02
    assert shares[target == 0].sum() == 0


def test_figures_of_points_that_fit_and_of_points_that_miss():
    target = np.zeros((2, 2))
    target[0] = 0.5  # the upper half
    fit = np.array([[0.2, 0.2], [0.7, 0.3]])
    assert figures(fit, target) == {"KL": 0.0, "JS": 0.0, "TV": 0.0}
    missed = figures(fit + np.array([0, 0.5]), target)
    assert missed["KL"] == pytest.approx(np.log(0.5 / FLOOR))  # so much for the published figures: log of the floor
    assert missed["JS"] == pytest.approx(np.log(2))
    assert missed["TV"] == 1


@pytest.mark.parametrize("name", NAMES)
def test_split_and_prune_beats_plain_descent_and_comes_near_real_samples(name):
    options = command.arguments(["--nodes", "400", "--steps", "60", "--seeds", "2", "--bins", "50"])
    found = command.measure(density(name, 50), options)
    for figure in ("KL", "JS", "TV"):
        assert max(found["split"][figure]) < min(found["plain"][figure]), figure
    assert np.mean(found["split"]["JS"]) <= 1.3 * np.mean(found["real"]["JS"])


def test_dead_nodes_come_to_life():
    target = density("QR_code", 25)
    for split in (False, True):
        nodes = Nodes(200, np.random.default_rng(0), 0.3, 0.9, split)
        nodes.points[:100] = 0.001  # all but one of these can win nothing
        for _ in range(40):
            nodes.step(sample(target, 800, np.random.default_rng(1)))
        assert (nodes.moves > 90) == split
        assert ((nodes.points < 0.01).all(1).sum() > 90) != split


def test_a_network_follows_what_its_density_becomes():
    nodes = Nodes(500, np.random.default_rng(0), 0.3, 0.9, True)
    rng = np.random.default_rng(1)
    for name in ("spiral", "gaussian"):
        target = density(name, 50)
        for _ in range(60):
            nodes.step(sample(target, 2000, rng))
    assert figures(nodes.points, target)["JS"] < 1.3 * figures(sample(target, 500, rng), target)["JS"]


def test_the_same_command_gives_the_same_figures(capsys):
    def run():
        command.main(["--densities", "spiral", "--nodes", "100", "--steps", "10", "--seeds", "2", "--json"])
        return json.loads(capsys.readouterr().out)

    first = run()
    assert first == run()
    assert len(first["results"]["spiral"]["split"]["JS"]) == 2


def test_the_table_has_a_line_for_each_density(capsys):
    command.main(["--densities", "spiral", "gaussian", "--nodes", "50", "--steps", "5", "--seeds", "2"])
    lines = capsys.readouterr().out.splitlines()
    assert [line.split(" | ")[0] for line in lines[2:]] == ["| spiral", "| gaussian"]
    assert lines[2].count("±") == 9


@pytest.mark.parametrize("ending", ["gif", "webp"])
def test_a_film_of_one_network(tmp_path, ending):
    out = tmp_path / f"film.{ending}"
    command.main(["--nodes", "200", "--steps", "4", "--every", "2", "--animate", str(out)])
    with Image.open(out) as film:
        assert film.n_frames == 13  # two of each of six densities, and the end
        assert film.width > 2 * film.height


def test_a_picture_of_ones_own(tmp_path):
    pixels = np.zeros((60, 90), np.uint8)
    pixels[:30, 15:45] = 200
    Image.fromarray(pixels).save(tmp_path / "own.png")
    own = density_of(tmp_path / "own.png", 10)
    assert own[:5, :5].sum() == pytest.approx(1)
    assert density_of(tmp_path / "own.png", 10, invert=True)[5:].sum() > 0.6


@pytest.mark.parametrize("light", [0, 128, 255])
def test_a_blank_picture_is_refused(tmp_path, light):
    Image.new("L", (40, 30), light).save(tmp_path / "blank.png")
    with pytest.raises(SystemExit, match=r"blank\.png is blank: .* nothing to follow"):
        command.main(["--density", str(tmp_path / "blank.png")])


def test_what_is_no_picture_is_refused(tmp_path):
    (tmp_path / "text.png").write_text("no picture")
    with pytest.raises(SystemExit, match="cannot be read as a picture"):
        density_of(tmp_path / "text.png")
    with pytest.raises(SystemExit, match="cannot be read as a picture"):
        density_of(tmp_path / "missing.png")


@pytest.mark.parametrize(
    "words",
    [
        *(["--densities", "qr"], ["--animate", "x.mp4"], ["--nodes", "1"], ["--nodes", "-5"]),
        *(["--nodes", "many"], ["--rate", "2"], ["--steps", "0"], ["--density", "x.png", "--densities", "spiral"]),
    ],
)
def test_wrong_usage_is_told(words, capsys):
    with pytest.raises(SystemExit) as stopped:
        command.main(words)
    assert stopped.value.code == 2
    assert words[0] in capsys.readouterr().err
