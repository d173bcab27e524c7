"""A bundle as the starting point of a run, of the same network or of one that has grown."""

from __future__ import annotations

import json
from pathlib import Path

import torch
from safetensors.torch import load_file

from model import ModelConfig, Network, Stage

QUIET = 0.1  # a new level's nodes begin this much smaller: all of its candidates are close to what it was given


def start_from_bundle(network: Network, folder: str) -> None:
    """Copies a bundle's weights. The network may have more levels in a stage, and finer stages after the last one;
    new levels come after the old ones of their stage and begin quiet. Raises SystemExit where anything else differs."""
    manifest = json.loads((Path(folder) / "model.json").read_text())
    config = ModelConfig.from_dict(manifest["architecture"])
    places = grown_places(config, network.config)
    if places is None:
        raise SystemExit(
            f"{folder} holds another network: {json.dumps(config.to_dict())}; choose its --preset or --stages, "
            "with more levels or finer stages if you like"
        )
    weights = {name: value.float() for name, value in load_file(Path(folder) / manifest["weights"]).items()}
    for old, new in enumerate(places):
        prefix = f"levels.{old}."
        own = {name.removeprefix(prefix): value for name, value in weights.items() if name.startswith(prefix)}
        network.levels[new].load_state_dict(own)
    with torch.no_grad():
        for index in set(range(len(network.levels))) - set(places):
            network.levels[index].nodes.weight.mul_(QUIET)


def grown_places(old: ModelConfig, new: ModelConfig) -> list[int] | None:
    """Where each level of `old` lies in `new`; None where `new` is not `old` with levels or stages added."""
    same = {**old.to_dict(), "stages": None} == {**new.to_dict(), "stages": None}
    if not same or len(new.stages) < len(old.stages):
        return None
    places: list[int] = []
    start = 0
    for before, after in zip(old.stages, new.stages):
        if before != Stage(after.side, before.levels, after.width) or after.levels < before.levels:
            return None
        places += range(start, start + before.levels)
        start += after.levels
    return places
