"""Named network shapes, and the command line's changes to them."""

from __future__ import annotations

import argparse

from ddn.model import ModelConfig, Stage

PRESETS: dict[str, ModelConfig] = {
    "avatars-64": ModelConfig(
        (Stage(4, 5, 128), Stage(8, 8, 128), Stage(16, 10, 64), Stage(32, 10, 32), Stage(64, 10, 16)),
    ),
    "digits-32": ModelConfig((Stage(32, 3, 32),), channels=1, candidates=8),
    "digits-32-4": ModelConfig((Stage(32, 4, 32),), channels=1, candidates=8),
    "taiji-32": ModelConfig((Stage(8, 2, 64), Stage(16, 3, 32), Stage(32, 5, 16)), channels=1, candidates=2),
    "digits-32-recurrent": ModelConfig((Stage(32, 8, 32),), channels=1, candidates=16, type="recurrent"),
    "tiny-recurrent": ModelConfig((Stage(8, 3, 8),), candidates=4, norm_group=4, type="recurrent"),
    "tiny-color": ModelConfig(
        (Stage(4, 1, 8), Stage(8, 1, 8)),
        candidates=4,
        norm_group=4,
        condition_channels=1,
        condition_kind="grayscale",
        keeps_gray=True,
    ),
    "tiny": ModelConfig((Stage(4, 2, 8), Stage(8, 2, 8)), candidates=4, norm_group=4),
}


def config_of(options: argparse.Namespace) -> ModelConfig:
    """The preset, changed by the options of the command line."""
    data = PRESETS[options.preset].to_dict()
    if options.stages:
        parts = [part.split(":") for part in options.stages.split(",")]
        if any(len(part) != 3 for part in parts):
            raise SystemExit(f"--stages {options.stages}: expected side:levels:width,... such as 4:5:128,8:8:128")
        data["stages"] = [dict(zip(("side", "levels", "width"), map(int, part))) for part in parts]
    if options.candidates:
        data["candidates"] = options.candidates
    if options.channels:
        data["channels"] = options.channels
    if options.condition:
        data["condition_kind"], data["condition_channels"] = options.condition, 1
        data["keeps_gray"] = options.condition == "grayscale" and data["channels"] == 3
    return ModelConfig.from_dict(data)
