import torch

from ddn.augment import GAIN, TINT, augmented


def test_half_of_the_pictures_are_mirrored_and_colours_stay_near():
    ramp = torch.linspace(-0.5, 0.5, 8).expand(400, 3, 8, 8).contiguous()
    changed = augmented(ramp, step=3, seed=1)
    mirrored = changed[:, 0, 0, 0] > changed[:, 0, 0, -1]
    assert 0.4 < mirrored.float().mean() < 0.6
    upright = torch.where(mirrored[:, None, None, None], changed.flip(3), changed)
    assert (upright - ramp).abs().max() <= 0.5 * GAIN + TINT + 1e-6
    assert upright.std(0).min() > 0.01


def test_a_resumed_run_sees_the_same_pictures():
    pictures = torch.rand(4, 1, 8, 8) * 2 - 1
    assert torch.equal(augmented(pictures, 7, 1), augmented(pictures, 7, 1))
    assert not torch.equal(augmented(pictures, 7, 1), augmented(pictures, 8, 1))


def test_values_stay_in_range():
    white = augmented(torch.ones(64, 3, 4, 4), 0, 0)
    assert white.max() <= 1 and white.min() < 1
