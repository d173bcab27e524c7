"""The avatars data set as its two trainers read it: pictures in memory, labels as numbers."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

HIDDEN = -1  # the label of an attribute that the picture does not show


@dataclass(frozen=True)
class Attribute:
    name: str
    values: list[str]
    prompts: list[list[str]]  # per value, the plainest first
    kinds: list[str | None]  # per value, the looser thing that it is too

    @property
    def plain_prompts(self) -> list[str]:
        return [prompts[0] for prompts in self.prompts]


def read_attributes(folder: Path) -> list[Attribute]:
    """Attributes in the data set's own order, which is the order of all outputs."""
    path = folder / "dataset.json"
    if not path.exists():
        raise SystemExit(f"{path} is missing: make the data set first (npx tsx scripts/datasets/avatars.ts --help)")
    table = json.loads(path.read_text())["attributes"]
    return [
        Attribute(name, [v["value"] for v in values], [v["prompts"] for v in values], [v.get("kind") for v in values])
        for name, values in table.items()
    ]


class AvatarSet:
    """`pictures` uint8 [N, H, W, 3] in memory, `labels` int64 [N, attributes] with HIDDEN where nothing shows."""

    def __init__(self, folder: str | Path, limit: int | None = None) -> None:
        folder = Path(folder)
        self.attributes = read_attributes(folder)
        self.pictures = np.array(np.load(folder / "pictures.npy", mmap_mode="r")[:limit])
        self.records = _read_lines(folder / "labels.jsonl", len(self.pictures))
        if len(self.records) != len(self.pictures):
            raise SystemExit(
                f"{folder} holds {len(self.pictures)} pictures and {len(self.records)} labels; draw the data set again"
            )
        self.labels = torch.tensor([_label_row(record["labels"], self.attributes) for record in self.records])

    def __len__(self) -> int:
        return len(self.pictures)

    def batch(self, indices: np.ndarray) -> tuple[Tensor, Tensor]:
        """Pictures float32 [B, 3, H, W] in [-1, 1], channels last in memory, and labels."""
        return to_pixels(self.pictures[indices]), self.labels[torch.from_numpy(np.asarray(indices))]


def to_pixels(pictures: np.ndarray) -> Tensor:
    """uint8 [B, H, W, 3] -> float32 [B, 3, H, W] in [-1, 1]."""
    return torch.from_numpy(np.ascontiguousarray(pictures)).permute(0, 3, 1, 2).float().div_(127.5).sub_(1)


def _read_lines(path: Path, count: int) -> list[dict]:
    with path.open(encoding="utf-8") as file:
        return [json.loads(line) for line, _ in zip(file, range(count))]


def _label_row(labels: dict[str, str], attributes: list[Attribute]) -> list[int]:
    return [a.values.index(labels[a.name]) if a.name in labels else HIDDEN for a in attributes]


def value_accuracies(scores: list[Tensor], labels: Tensor) -> list[float]:
    """Share of pictures whose best-scored value is the right one, per attribute, over those that show the attribute."""
    accuracies = []
    for column, attribute_scores in enumerate(scores):
        shown = labels[:, column] != HIDDEN
        hits = attribute_scores[shown].argmax(1) == labels[shown, column]
        accuracies.append(hits.double().mean().item())
    return accuracies
