from __future__ import annotations

import pytest
import torch

from export.bundle import build_network, read_bundle
from training import command
from training.frames import Frames, write_frame


def run(argv: list[str], monkeypatch) -> None:
    monkeypatch.setattr("sys.argv", ["train.py", *argv])
    command.main()


def test_a_run_leaves_frames_that_are_close_at_first(options, tmp_path, monkeypatch):
    run(options("--steps", "25", "--training-frames", "6"), monkeypatch)
    frames = sorted(path.name for path in (tmp_path / "run" / "frames").iterdir())
    assert frames == [f"step-{step:07d}" for step in (0, 1, 4, 9, 16, 25)]
    first, last = (read_bundle(tmp_path / "run" / "frames" / name) for name in (frames[0], frames[-1]))
    assert last.manifest["made"]["steps"] == 25
    code = torch.tensor([[0, 1, 2, 3]])
    before, after = (build_network(bundle.config, bundle.weights).decode(code)[-1] for bundle in (first, last))
    assert not torch.equal(before, after)


def test_a_resumed_run_writes_the_frames_that_were_left():
    whole = Frames(None, 11, 0)
    assert [whole.due(step / 100) for step in (0, 1, 4, 25, 99, 100)] == [0, 1, 2, 5, 9, 10]
    assert Frames(None, 11, 0.25).next == 6


def test_a_disk_that_takes_no_frame_is_told(built, tmp_path):
    blocked = tmp_path / "frames"
    blocked.write_text("a file where the folder should be")
    with pytest.raises(SystemExit, match="--training-frames"):
        write_frame(built(), blocked / "step-0000001")
