"""Starting from a bundle: the same network, one with more levels, one that does not fit."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
import torch

from ddn.conditions import EDGE, condition_of, edges
from ddn.model import ModelConfig, Network, Stage, area
from ddn.presets import PRESETS
from training.fine_tune import level_positions, start_from
from training.resume import save_checkpoint
from training.step import train_step

BUNDLE = str(Path(__file__).parents[3] / "models" / "tiny")
TINY = PRESETS["tiny"]


def network(*stages: Stage) -> Network:
    torch.manual_seed(3)
    return Network(ModelConfig.from_dict({**TINY.to_dict(), "stages": [vars(stage) for stage in stages]}))


def encoded(net: Network, target: torch.Tensor) -> list[torch.Tensor]:
    return net.encode(target)[1]


def test_the_same_network_starts_with_the_bundles_weights() -> None:
    first, second = Network(TINY), Network(TINY)
    start_from(first, BUNDLE)
    start_from(second, BUNDLE)
    target = torch.rand(2, 3, 8, 8) * 2 - 1
    assert torch.equal(encoded(first, target)[-1], encoded(second, target)[-1])


def test_levels_added_at_the_end_leave_the_old_ones_as_they_were_and_change_little() -> None:
    old = Network(TINY)
    start_from(old, BUNDLE)
    grown = network(Stage(4, 2, 8), Stage(8, 4, 8))
    start_from(grown, BUNDLE)
    target = torch.rand(2, 3, 8, 8) * 2 - 1
    before, after = encoded(old, target), encoded(grown, target)
    assert torch.equal(before[-1], after[3])
    assert (after[5] - after[3]).abs().mean() < 0.2 * before[-1].abs().mean()


def test_levels_added_in_the_middle_move_the_later_ones_along() -> None:
    grown = network(Stage(4, 3, 8), Stage(8, 2, 8))
    assert level_positions(TINY, grown.config) == [0, 1, 3, 4]
    start_from(grown, BUNDLE)


def test_a_finer_stage_may_follow() -> None:
    grown = network(Stage(4, 2, 8), Stage(8, 2, 8), Stage(16, 2, 4))
    start_from(grown, BUNDLE)
    assert encoded(grown, torch.zeros(1, 3, 16, 16))[-1].shape == (1, 3, 16, 16)


@pytest.mark.parametrize(
    "stages",
    [(Stage(4, 1, 8), Stage(8, 2, 8)), (Stage(4, 2, 4), Stage(8, 2, 8)), (Stage(4, 2, 8),)],
    ids=["fewer levels", "another width", "a stage missing"],
)
def test_a_network_that_does_not_fit_is_refused_with_what_to_do(stages: tuple[Stage, ...]) -> None:
    with pytest.raises(SystemExit, match="--stages"):
        start_from(network(*stages), BUNDLE)


def test_a_checkpoint_is_a_start_as_good_as_a_bundle(built, tmp_path: Path) -> None:
    trainer = built()
    save_checkpoint(trainer, tmp_path / "checkpoint.pt")
    other = Network(trainer.network.config)
    assert start_from(other, str(tmp_path / "checkpoint.pt")) == list(range(len(other.levels)))
    for ours, theirs in zip(other.parameters(), trainer.network.parameters()):
        assert torch.equal(ours, theirs)


def test_frozen_levels_stay_as_they_are_and_the_added_ones_learn(built) -> None:
    trainer = built("--start-from", BUNDLE, "--freeze", "--stages", "4:2:8,8:3:8")
    before = {name: value.clone() for name, value in trainer.network.named_parameters()}
    train_step(trainer, torch.rand(8, 3, 8, 8) * 2 - 1)
    after = trainer.network.named_parameters()
    assert {name.split(".")[1] for name, value in after if (value != before[name]).any()} == {"4"}


def test_training_goes_on_from_a_side(built) -> None:
    trainer = built("--start-from", BUNDLE, "--train-from", "8")
    before = {name: value.clone() for name, value in trainer.network.named_parameters()}
    train_step(trainer, torch.rand(8, 3, 8, 8) * 2 - 1)
    after = trainer.network.named_parameters()
    assert {name.split(".")[1] for name, value in after if (value != before[name]).any()} == {"2", "3"}
    with pytest.raises(SystemExit, match="the largest side is 8 pixels"):
        built("--train-from", "16")


def test_pictures_larger_than_the_network_are_averaged_and_their_condition_too(built) -> None:
    trainer = built("--condition", "edges")
    large = torch.rand(8, 3, 16, 16) * 2 - 1
    condition = condition_of(large, trainer.network.config)
    assert condition.shape == (8, 1, 8, 8)
    assert torch.equal(condition, area(edges(large.mean(1, keepdim=True), EDGE), 8))
    train_step(trainer, large)


def test_a_network_of_one_kind_of_edges_learns_the_other_and_no_gray() -> None:
    config = dataclasses.replace(PRESETS["tiny"], condition_kind="edges", condition_channels=1)
    other = dataclasses.replace(config, condition_kind="color_edges")
    assert level_positions(config, other) == [0, 1, 2, 3]
    assert level_positions(config, dataclasses.replace(config, condition_kind="grayscale")) is None
