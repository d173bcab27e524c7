from __future__ import annotations

import dataclasses

import pytest
import torch

from ddn import presets
from ddn.conditions import condition_of
from ddn.model import ModelConfig, Network, Nodes, Stage, area, luma
from training.step import train_step

TINY = presets.PRESETS["tiny"]
RECURRENT = presets.PRESETS["tiny-recurrent"]
CONDITIONAL = dataclasses.replace(TINY, condition_kind="grayscale", condition_channels=1)


def network_of(config: ModelConfig = TINY, seed: int = 1) -> Network:
    torch.manual_seed(seed)
    return Network(config).eval()


def pictures(count: int, config: ModelConfig = TINY) -> torch.Tensor:
    generator = torch.Generator().manual_seed(5)
    return torch.rand(count, config.channels, config.side, config.side, generator=generator) * 2 - 1


@pytest.mark.parametrize(
    "config",
    [TINY, CONDITIONAL, presets.PRESETS["digits-32"], RECURRENT],
    ids=["tiny", "condition", "gray", "recurrent"],
)
def test_every_level_has_the_shapes_of_its_stage(config):
    network, target = network_of(config), pictures(3, config)
    condition = condition_of(target, config)
    state = network.begin(3)
    for index, stage in enumerate(config.level_stages):
        features, predict = network.step(index, state, condition)
        assert features.shape == (3, stage.width, stage.side, stage.side)
        assert predict.shape == (3, config.channels, stage.side, stage.side)
        drawn = network.levels[index].nodes.candidates(features, predict)
        assert drawn.shape == (3, config.candidates, config.channels, stage.side, stage.side)
        state = network.choose(index, features, predict, torch.tensor([0, 1, 2]))
        torch.testing.assert_close(state.predict, drawn[torch.arange(3), torch.tensor([0, 1, 2])])
        assert state.leak.shape == state.predict.shape


def test_the_same_seed_gives_the_same_output_and_another_one_another():
    codes = torch.tensor([[0, 1, 2, 3], [3, 2, 1, 0]])
    first, again, other = (network_of(seed=seed).decode(codes)[-1] for seed in (1, 1, 2))
    assert torch.equal(first, again)
    assert not torch.allclose(first, other)


def test_codes_of_encode_decode_to_what_encode_saw():
    network = network_of()
    codes, images = network.encode(pictures(6))
    assert codes.shape == (6, 4)
    for encoded, decoded in zip(images, network.decode(codes)):
        torch.testing.assert_close(encoded, decoded, atol=1e-6, rtol=0)


def test_a_picture_does_not_depend_on_its_batch():
    network, target = network_of(), pictures(6)
    torch.testing.assert_close(network.encode(target)[1][-1][2:3], network.encode(target[2:3])[1][-1])


@pytest.mark.parametrize(("width", "side", "count"), [(8, 4, 4), (4, 16, 32), (32, 3, 5)])
def test_the_score_by_gram_matrices_is_the_squared_distance(width, side, count):
    torch.manual_seed(0)
    nodes = Nodes(count, 3, width)
    features, predict = torch.randn(2, width, side, side), torch.randn(2, 3, side, side)
    target = torch.randn(2, 3, side, side)
    scores = nodes.distances(features, target - predict)
    direct = (nodes.candidates(features, predict) - target[:, None]).square().sum((2, 3, 4))
    constant = (target - predict).square().sum((1, 2, 3))
    torch.testing.assert_close(scores + constant[:, None], direct, rtol=1e-4, atol=1e-3)
    assert torch.equal(scores.argmin(1), direct.argmin(1))


def test_the_condition_is_needed_and_matters():
    network, target = network_of(CONDITIONAL), pictures(2)
    codes = torch.zeros(2, 4, dtype=torch.int64)
    with pytest.raises(ValueError, match="condition"):
        network.decode(codes)
    condition = condition_of(target, CONDITIONAL)
    assert condition.shape == (2, 1, 8, 8)
    images = network.decode(codes, condition)[-1]
    assert not torch.allclose(images[0], images[1])


def test_gray_that_is_kept_is_that_of_the_condition_whatever_is_chosen_and_learnt(built):
    trainer = built("--preset", "tiny-color", "--condition", "grayscale")
    assert trainer.network.config.keeps_gray
    for _ in range(3):
        train_step(trainer, pictures(8))
    config = trainer.network.config
    condition = condition_of(pictures(2), config)
    codes = torch.randint(config.candidates, (2, 2))
    for image, side in zip(trainer.network.decode(codes, condition), (4, 8)):
        torch.testing.assert_close(luma(image), area(condition, side), atol=1e-5, rtol=0)


def test_edges_are_minus_one_or_one():
    for kind in ("edges", "color_edges"):
        config = dataclasses.replace(TINY, condition_kind=kind, condition_channels=1)
        assert set(condition_of(pictures(2), config).unique().tolist()) <= {-1.0, 1.0}


def test_edges_between_colours_of_one_brightness_are_color_edges_alone():
    halves = torch.zeros(1, 3, 8, 8)
    halves[:, 0, :, 4:], halves[:, 1, :, 4:] = 0.5, -0.5
    config = dataclasses.replace(TINY, condition_kind="edges", condition_channels=1)
    assert (condition_of(halves, config) == -1).all()
    found = condition_of(halves, dataclasses.replace(config, condition_kind="color_edges"))
    assert (found[..., 3:5] == 1).all() and (found == 1).sum() == 16


def test_a_configuration_survives_its_dictionary_and_bad_ones_are_refused():
    assert ModelConfig.from_dict(CONDITIONAL.to_dict()) == CONDITIONAL
    with pytest.raises(ValueError, match="double"):
        ModelConfig((Stage(4, 1, 8), Stage(16, 1, 8)))
    with pytest.raises(ValueError, match="pyramid"):
        ModelConfig((Stage(4, 1, 8),), type="tree")
    with pytest.raises(ValueError, match="grayscale"):
        dataclasses.replace(TINY, keeps_gray=True)
    with pytest.raises(ValueError, match="one stage"):
        dataclasses.replace(TINY, type="recurrent")


def test_a_recurrent_network_has_the_weights_of_one_level_and_uses_them_at_all():
    config = RECURRENT
    network = network_of(config)
    assert len(network.levels) == 3
    assert {name.split(".")[1] for name in network.state_dict()} == {"0"}
    codes, images = network.encode(pictures(2, config))
    assert codes.shape == (2, 3)
    sum(image.square().mean() for image in images).backward()
    assert all(parameter.grad is not None for parameter in network.parameters())


def test_area_averages():
    image = torch.arange(16.0).reshape(1, 1, 4, 4)
    assert area(image, 2).flatten().tolist() == [2.5, 4.5, 10.5, 12.5]
