"""How often training pictures make each choice after another, and what that is worth in bits."""

from __future__ import annotations

import torch
from torch import Tensor
from tqdm import tqdm

from ddn.conditions import condition_of
from ddn.model import Network
from ddn.pictures import Pictures

BATCH = 64
SMOOTHINGS = (1.0, 4.0, 16.0, 64.0, 256.0)


@torch.no_grad()
def greedy_codes(network: Network, pictures: Pictures, count: int) -> Tensor:
    """Greedy codes [N, L] of the first pictures."""
    codes = []
    for start in tqdm(range(0, count, BATCH), unit="batch", mininterval=5):
        target = pictures.batch(slice(start, min(start + BATCH, count)))
        codes.append(network.encode(target, condition_of(target, network.config))[0])
    return torch.cat(codes)


def count_transitions(codes: Tensor, candidates: int) -> list[Tensor]:
    """Level 0: [1, K]; each later one: [K, K], rows being the choice before."""
    counts = [torch.bincount(codes[:, 0], minlength=candidates)[None].double()]
    for before, here in zip(codes.t(), codes.t()[1:]):
        pairs = torch.bincount(before * candidates + here, minlength=candidates**2)
        counts.append(pairs.reshape(candidates, candidates).double())
    return counts


def smoothed_probabilities(counts: Tensor, smoothing: float) -> Tensor:
    """[rows, K]: each row drawn towards the level's own frequencies as if `smoothing` more pictures had them.

    The same in src/engine/network/prior.ts.
    """
    own = counts.sum(0) + 1
    own = own / own.sum()
    return (counts + smoothing * own) / (counts.sum(1, keepdim=True) + smoothing)


def code_length(codes: Tensor, counts: list[Tensor], smoothing: float) -> float:
    """Mean bits that a code takes where choices have these probabilities."""
    total = -smoothed_probabilities(counts[0], smoothing)[0, codes[:, 0]].log2().mean()
    for level in range(1, codes.shape[1]):
        total -= smoothed_probabilities(counts[level], smoothing)[codes[:, level - 1], codes[:, level]].log2().mean()
    return float(total)
