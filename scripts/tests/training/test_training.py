from __future__ import annotations

import os
import resource
import signal

import numpy as np
import pytest
import torch

from ddn.checkpoint import read_checkpoint
from ddn.model import ModelConfig, Network
from ddn.pictures import Pictures, shuffled
from training import command, report
from training.resume import load_checkpoint, save_checkpoint
from training.step import train_step


def run(argv: list[str], monkeypatch) -> None:
    """scripts/train.py with these arguments."""
    monkeypatch.setattr("sys.argv", ["train.py", *argv])
    command.main()


def batch_of(seed: int = 0) -> torch.Tensor:
    return torch.rand(8, 3, 8, 8, generator=torch.Generator().manual_seed(seed)) * 2 - 1


def same(first, second) -> bool:
    """Equal to the bit, through dictionaries, lists and tuples."""
    if torch.is_tensor(first):
        return torch.equal(first, second)
    if isinstance(first, dict):
        return first.keys() == second.keys() and all(same(first[key], second[key]) for key in first)
    if isinstance(first, (list, tuple)):
        return len(first) == len(second) and all(same(a, b) for a, b in zip(first, second))
    return first == second


@pytest.mark.parametrize("optimizer", ["adam", "muon"])
def test_a_checkpoint_holds_all_that_the_trainer_knows(built, tmp_path, optimizer):
    trainer = built("--optimizer", optimizer)
    for step in range(3):
        train_step(trainer, batch_of(step))
    save_checkpoint(trainer, tmp_path / "checkpoint.pt")
    restored = built("--optimizer", optimizer)
    assert load_checkpoint(restored, tmp_path / "checkpoint.pt")
    assert restored.step == 3
    assert same(restored.network.state_dict(), trainer.network.state_dict())
    for ours, theirs in zip(restored.optimizers, trainer.optimizers):
        assert same(ours.state_dict()["state"], theirs.state_dict()["state"])
    for ours, theirs in zip(restored.counters, trainer.counters):
        assert torch.equal(ours.counts, theirs.counts)


@pytest.mark.parametrize(
    "special", [(), ("--condition", "grayscale"), ("--balance",)], ids=["plain", "condition", "balance"]
)
def test_a_resumed_run_ends_as_an_unbroken_one(options, tmp_path, monkeypatch, special):
    argv = options("--steps", "40", "--save-every", "999", "--report-every", "999", "--count-window", "128", *special)
    run([*argv, "--out", str(tmp_path / "whole")], monkeypatch)
    tick = report.Progress.tick

    def stop_at_25(self, images, trainer):
        tick(self, images, trainer)
        if trainer.step == 25:
            os.kill(os.getpid(), signal.SIGTERM)

    with monkeypatch.context() as patched:
        patched.setattr(report.Progress, "tick", stop_at_25)
        with pytest.raises(SystemExit, match="stopped at step 25; run the same command again"):
            run([*argv, "--out", str(tmp_path / "broken")], patched)
    run([*argv, "--out", str(tmp_path / "broken")], monkeypatch)
    whole, broken = (read_checkpoint(tmp_path / name / "checkpoint.pt") for name in ("whole", "broken"))
    assert whole["splits"] > 0  # or the test would not see whether counters come back
    for key in ("step", "splits", "network", "optimizers", "counters", "balance"):
        assert same(whole[key], broken[key]), key


def test_training_lowers_the_error(built, data):
    trainer = built("--steps", "60", "--lr", "2e-3", "--muon-lr", "4e-4", "--decay", "0.5")
    target = Pictures(data / "train", 8, 3).batch(slice(0, 16))
    errors = [train_step(trainer, target) for _ in range(60)]
    assert errors[-1] < 0.6 * errors[0]


def test_the_dry_run_prints_the_plan_and_writes_nothing(options, tmp_path, monkeypatch, capsys):
    run(options("--steps", "5", "--dry-run"), monkeypatch)
    assert '"levels": 4' in capsys.readouterr().out
    assert not (tmp_path / "run").exists()


def test_every_picture_is_seen_once_an_epoch():
    seen = np.concatenate([shuffled(20, 5, step, seed=3) for step in range(4)])
    assert sorted(seen) == list(range(20))


def test_another_network_another_batch_another_optimiser_are_refused(built, tmp_path):
    path = tmp_path / "checkpoint.pt"
    save_checkpoint(built(), path)
    for more, expected in (
        (("--stages", "4:2:8,8:3:8"), "holds another network"),
        (("--seed", "2"), "--seed 1"),
        (("--batch", "16"), "--batch 8"),
        (("--optimizer", "adam"), "another --optimizer"),
    ):
        with pytest.raises(SystemExit, match=expected):
            load_checkpoint(built(*more), path)


def test_a_file_that_is_no_checkpoint_is_refused(built, tmp_path):
    path = tmp_path / "checkpoint.pt"
    path.write_bytes(b"something else")
    with pytest.raises(SystemExit, match=r"checkpoint\.pt cannot be read as a checkpoint"):
        load_checkpoint(built(), path)


def test_a_full_disk_leaves_the_earlier_checkpoint(built, tmp_path):
    path = tmp_path / "checkpoint.pt"
    trainer = built()
    save_checkpoint(trainer, path)
    before = path.read_bytes()
    trainer.step = 5
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (len(before) // 2, hard))  # as a disk that fills up half-way
    try:
        with pytest.raises(SystemExit, match="the earlier checkpoint is intact"):
            save_checkpoint(trainer, path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert path.read_bytes() == before
    assert list(tmp_path.glob("checkpoint*")) == [path]


def test_bad_data_sets_are_named(data, tmp_path):
    with pytest.raises(SystemExit, match="is missing: make the data set first"):
        Pictures(tmp_path, 8, 3)
    with pytest.raises(SystemExit, match=r"make the data set with --side 16"):
        Pictures(data / "train", 16, 3)
    np.save(tmp_path / "pictures.npy", np.zeros((1, 8, 8, 3), np.uint8))
    with pytest.raises(SystemExit, match=r"holds 1 pictures; at least 56"):
        Pictures(tmp_path, 8, 3)
    np.save(tmp_path / "pictures.npy", np.zeros((80, 8, 8, 3), np.float32))
    with pytest.raises(SystemExit, match="expected uint8"):
        Pictures(tmp_path, 8, 3)


def test_pixels_become_minus_one_to_one(tmp_path):
    np.save(tmp_path / "pictures.npy", np.array([0, 255, 51], np.uint8)[:, None, None, None].repeat(80, axis=0))
    batch = Pictures(tmp_path, 1, 1).batch([0, 80, 160])
    assert batch.flatten().tolist() == pytest.approx([-1, 1, -0.6])


def test_a_network_is_rebuilt_from_its_checkpoint_alone(built, tmp_path):
    trainer = built()
    save_checkpoint(trainer, tmp_path / "checkpoint.pt")
    saved = read_checkpoint(tmp_path / "checkpoint.pt")
    network = Network(ModelConfig.from_dict(saved["config"]))
    network.load_state_dict(saved["network"])
    codes = torch.zeros(1, 4, dtype=torch.int64)
    torch.testing.assert_close(network.decode(codes)[-1], trainer.network.decode(codes)[-1])
