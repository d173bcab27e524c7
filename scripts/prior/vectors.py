"""Expected outputs of a bundle's prior, computed by torch, for the TypeScript tests."""

from __future__ import annotations

import json
from pathlib import Path

import torch

from ddn.conditions import condition_of
from export.bundle import build_network, read_bundle
from export.exporter import pictures_to_check
from export.vectors import numbers
from prior.export import read_prior

PICTURES = 3


def write_vectors(folder: Path, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(vectors(folder), separators=(",", ":")) + "\n")


@torch.no_grad()
def vectors(folder: Path, seed: int = 1) -> dict:
    """Along the codes that a given noise leads to: log-probabilities of all candidates, and the last image."""
    bundle = read_bundle(folder)
    network, prior = build_network(bundle.config, bundle.weights), read_prior(folder, bundle.manifest, bundle.config)
    config = bundle.config
    condition = condition_of(pictures_to_check(None, config)[:PICTURES], config)
    generator = torch.Generator().manual_seed(seed)
    noise = torch.randn(PICTURES, len(network.levels), config.candidates, generator=generator)
    state = network.begin(PICTURES)
    logs, codes = [], []
    for index, level in enumerate(network.levels):
        features, predict = network.step(index, state, condition)
        log_prior = prior.logits(index, level.nodes, features, predict, condition)[0].log_softmax(1)
        choice = (log_prior + noise[:, index]).argmax(1)
        state = network.choose(index, features, predict, choice)
        logs.append(log_prior)
        codes.append(choice)
    return {
        "noise": [numbers(one) for one in noise],
        "codes": torch.stack(codes, 1).tolist(),
        "logPrior": [numbers(one) for one in torch.stack(logs, 1)],
        "image": [numbers(one) for one in state.predict],
        **({} if condition is None else {"condition": [numbers(one) for one in condition]}),
    }
