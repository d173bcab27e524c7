"""Compares a bundle with its network, onnxruntime against torch: step path, decode, greedy codes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import onnxruntime
import torch
from torch import Tensor

from ddn.conditions import condition_of
from ddn.model import Network, area
from export.bundle import level_names

TOLERANCE = 1e-4
BATCH = 16  # of up to 64 px


class Sessions:
    """The graphs of a bundle, opened in onnxruntime."""

    def __init__(self, folder: Path, names: list[str], threads: int = 0) -> None:
        """`names`: the graph of each level."""
        self._folder = folder
        self._options = onnxruntime.SessionOptions()
        self._options.intra_op_num_threads = threads
        self._options.log_severity_level = 3
        opened = {name: self._open(name) for name in dict.fromkeys(names)}
        self.levels = [opened[name] for name in names]
        self._decode = self._open("decode.onnx")

    def _open(self, name: str) -> onnxruntime.InferenceSession:
        path = str(self._folder / name)
        return onnxruntime.InferenceSession(path, self._options, providers=["CPUExecutionProvider"])

    def begin(self, batch: int, condition: np.ndarray | None = None) -> tuple[np.ndarray, np.ndarray]:
        """Features and candidates of level 0."""
        return self._run(self.levels[0], {"batch": np.array([batch])}, condition, ["next_features", "candidates"])

    def step(self, index: int, before: tuple, choice: np.ndarray, condition: np.ndarray | None = None):
        """Features and candidates of level `index`, after `choice` among the candidates of the level before."""
        features, candidates = before
        predict = candidates[np.arange(len(choice)), choice]
        feeds = {"features": features, "predict": predict, "choice": choice}
        return self._run(self.levels[index], feeds, condition, ["next_features", "candidates"])

    def walk(self, codes: np.ndarray, condition: np.ndarray | None = None) -> Iterator[np.ndarray]:
        """Candidates [B,K,c,s,s] of every level along given codes."""
        state = self.begin(len(codes), condition)
        yield state[1]
        for index in range(1, len(self.levels)):
            state = self.step(index, state, codes[:, index - 1], condition)
            yield state[1]

    def decode(self, codes: np.ndarray, condition: np.ndarray | None = None) -> dict[str, np.ndarray]:
        names = [output.name for output in self._decode.get_outputs()]
        return dict(zip(names, self._run(self._decode, {"codes": codes}, condition, names)))

    @staticmethod
    def _run(session: onnxruntime.InferenceSession, feeds: dict, condition: np.ndarray | None, names: list) -> list:
        return session.run(names, feeds if condition is None else {**feeds, "condition": condition})


@torch.no_grad()
def check(folder: Path, network: Network, target: Tensor) -> dict:
    """Largest differences over the pictures `target` [N,c,S,S], and the share of equal greedy choices.

    Choices are compared along torch's own codes, level by level: a near tie that falls the other way counts once, and
    not as a difference in every level after it.
    """
    sessions = Sessions(folder, level_names(network.config))
    worst_candidates = worst_decode = 0.0
    equal = total = 0
    batch = max(1, BATCH * 64**2 // max(64, network.config.side) ** 2)
    for start in range(0, len(target), batch):
        part = target[start : start + batch]
        condition = condition_of(part, network.config)
        fed = None if condition is None else condition.numpy()
        codes, images = network.encode(part, condition)
        both = zip(candidates_along(network, codes, condition), sessions.walk(codes.numpy(), fed))
        for index, (ours, theirs) in enumerate(both):
            worst_candidates = max(worst_candidates, float(np.abs(ours.numpy() - theirs).max()))
            chosen = greedy(theirs, area(part, network.levels[index].side).numpy())
            equal += int((chosen == codes[:, index].numpy()).sum())
            total += len(chosen)
        decoded = sessions.decode(codes.numpy(), fed)
        last = {level.side: image for level, image in zip(network.levels, images)}
        for side, image in last.items():
            got = decoded["image" if side == network.config.side else f"preview_{side}"]
            worst_decode = max(worst_decode, float(np.abs(got - image.numpy()).max()))
    return {"candidates_max_abs": worst_candidates, "decode_max_abs": worst_decode, "greedy_equal": equal / total}


def candidates_along(network: Network, codes: Tensor, condition: Tensor | None) -> Iterator[Tensor]:
    """torch's candidates [B,K,c,s,s] of every level along given codes."""
    state = network.begin(len(codes))
    for index, level in enumerate(network.levels):
        features, predict = network.step(index, state, condition)
        yield level.nodes.candidates(features, predict)
        state = network.choose(index, features, predict, codes[:, index])


def greedy(candidates: np.ndarray, target: np.ndarray) -> np.ndarray:
    """Index of the candidate [B,K,c,s,s] nearest to target [B,c,s,s]."""
    return ((candidates - target[:, None]) ** 2).sum((2, 3, 4)).argmin(1)


def reasons(parity: dict) -> list[str]:
    """Why these figures forbid the bundle; empty where they do not."""
    figures = ("candidates_max_abs", "decode_max_abs")
    found = [f"{key} is {parity[key]:.2g}" for key in figures if not parity[key] <= TOLERANCE]
    if parity["greedy_equal"] < 0.999:
        found.append(f"only {parity['greedy_equal']:.2%} of greedy choices are equal")
    return found
