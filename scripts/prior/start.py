"""Priors as the starting point of another: of the same network, or of those that it has grown from."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor

from export.bundle import read_bundle
from prior.export import read_prior
from prior.model import Prior, PriorConfig


def start_from(prior: Prior, *paths: Path) -> dict[str, int]:
    """Copies the parameters of priors (bundles or checkpoints); returns how many levels of each side got theirs.

    The network may have more levels on a side, after the old ones, and finer sides. A new level begins with the place
    of the last old one; its head is to be fitted. Of several priors, a later one replaces the sides of which it has as
    many levels as those before it. Raises SystemExit where anything else differs.
    """
    known: dict[str, int] = {}
    own = prior.state_dict()
    for path in paths:
        config, state = saved(path)
        if config != prior.config:
            raise SystemExit(f"{path} holds a prior of another shape, {config}; choose the same --widths and --hidden")
        levels = {name.split(".")[1]: len(value) for name, value in state.items() if name.endswith(".beta")}
        taken = {side: count for side, count in levels.items() if count >= known.get(side, 0)}
        copy_sides(own, state, taken, path)
        known |= taken
    prior.load_state_dict(own)
    return known


def copy_sides(own: dict[str, Tensor], state: dict[str, Tensor], taken: dict[str, int], path: Path) -> None:
    """Replaces the parameters of some sides in `own`."""
    for name, value in state.items():
        if name.split(".")[1] not in taken:
            continue
        if name not in own or not fits(value, own[name]):
            raise SystemExit(f"{path} holds the prior of another network: {name} is {list(value.shape)}")
        if value.shape != own[name].shape:
            value = torch.cat([value, value[-1:].expand(len(own[name]) - len(value), *value.shape[1:])])
        own[name] = value.float()


def fits(old: Tensor, new: Tensor) -> bool:
    """Whether `new` is of the shape of `old`, perhaps with more levels along the first axis."""
    return old.shape == new.shape or (old.dim() > 0 and old.shape[1:] == new.shape[1:] and len(old) < len(new))


def saved(path: Path) -> tuple[PriorConfig, dict[str, Tensor]]:
    if path.is_dir():
        bundle = read_bundle(path)
        if "prior" not in bundle.manifest:
            raise SystemExit(f"{path} has no prior to start from")
        prior = read_prior(path, bundle.manifest, bundle.config)
        return prior.config, prior.state_dict()
    if not path.exists():
        raise SystemExit(f"{path} does not exist; --start-from takes a bundle's folder or a checkpoint")
    data = torch.load(path, weights_only=True)
    return PriorConfig.from_dict(data["config"]), data["prior"]


def freeze(prior: Prior, known: dict[str, int]) -> None:
    """Freezes the sides all of whose levels are known."""
    for side, part in prior.sides.items():
        part.requires_grad_(known.get(side, 0) < part.levels)
