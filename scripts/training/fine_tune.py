"""A bundle or a checkpoint as the starting point of a run, of the same network or of one that has grown."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

import torch
from torch import nn

from ddn.model import ModelConfig, Network, Stage
from export.bundle import read_weights

QUIET = 0.1  # scale of a new level's nodes at the start: all of its candidates are close to its input image


def start_from(network: Network, path: str) -> list[int]:
    """Copies the weights of a bundle's folder or a checkpoint's file; returns the levels that got them.

    The network may have more levels in a stage, and finer stages after the last one; new levels come after the old ones
    of their stage and begin quiet. Raises SystemExit where anything else differs.
    """
    config, weights = read_weights(Path(path))
    places = level_positions(config, network.config)
    if places is None:
        raise SystemExit(
            f"{path} holds another network: {json.dumps(config.to_dict())}; choose its --preset or --stages, "
            "with more levels or finer stages if you like"
        )
    for old, new in enumerate(places):
        prefix = f"{config.prefix(old)}."
        own = {name.removeprefix(prefix): value for name, value in weights.items() if name.startswith(prefix)}
        network.levels[new].load_state_dict(own)
    if config.type == "recurrent":  # there is nothing new, only more of the same
        return places
    with torch.no_grad():
        for index in set(range(len(network.levels))) - set(places):
            network.levels[index].nodes.weight.mul_(QUIET)
    return places


def freeze(network: Network, levels: Iterable[int]) -> None:
    """Freezes these levels: a step needs no backward pass through them."""
    for level in levels:
        network.levels[level].requires_grad_(False)


def is_frozen(level: nn.Module) -> bool:
    return not any(parameter.requires_grad for parameter in level.parameters())


def level_positions(old: ModelConfig, new: ModelConfig) -> list[int] | None:
    """Where each level of `old` lies in `new`; None where `new` is not `old` with levels or stages added.

    Edges may have been another kind of edges: a network of one learns the other.
    """
    same = fixed(old) == fixed(new)
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


def fixed(config: ModelConfig) -> dict:
    """What a network and its start must share."""
    kind = config.condition_kind
    return {**config.to_dict(), "stages": None, "condition_kind": "edges" if kind == "color_edges" else kind}
