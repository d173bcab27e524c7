"""One network that follows a density while it changes into others: its nodes on the left, the density on the right."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from toy.nodes import Nodes

SIDE = 320  # pixels of either half
GAP = 8
FRAME_MS = 60
DOT = 3  # pixels; samples are drawn as such squares, brighter where several lie


def palette() -> list[int]:
    """256 colours from black over violet and orange to pale yellow, as R, G, B, R, …"""
    stops = np.array([[0, 0, 4], [60, 15, 110], [185, 50, 100], [250, 140, 40], [252, 250, 190]], dtype=float)
    at = np.linspace(0, len(stops) - 1, 256)
    low = np.minimum(at.astype(int), len(stops) - 2)
    mixed = stops[low] + (at - low)[:, None] * (stops[low + 1] - stops[low])
    return mixed.round().astype(int).ravel().tolist()


def scatter(points: np.ndarray) -> np.ndarray:
    """uint8 [SIDE, SIDE]: how many nodes cover each pixel, on a scale that shows single ones."""
    corner = np.clip((points * SIDE).astype(int) - DOT // 2, 0, SIDE - DOT)
    canvas = np.zeros(SIDE * SIDE)
    for dy in range(DOT):
        for dx in range(DOT):
            canvas += np.bincount((corner[:, 1] + dy) * SIDE + corner[:, 0] + dx, minlength=SIDE * SIDE)
    full = max(1.0, 3 * len(points) * DOT * DOT / (SIDE * SIDE) * 2)
    return (255 * np.minimum(1, canvas / full) ** 0.6).astype(np.uint8).reshape(SIDE, SIDE)


def shown(target: np.ndarray) -> np.ndarray:
    """uint8 [SIDE, SIDE] of a density."""
    at = np.arange(SIDE) * len(target) // SIDE
    light = target / target.max()
    return (255 * light[at][:, at] ** 0.6).astype(np.uint8)


class Film:
    """Frames of nodes beside their target."""

    def __init__(self) -> None:
        self.frames: list[Image.Image] = []
        self.colours = palette()

    def add(self, nodes: Nodes, target: np.ndarray) -> None:
        gap = np.full((SIDE, GAP), 128, np.uint8)
        frame = Image.fromarray(np.concatenate([scatter(nodes.points), gap, shown(target)], 1))
        frame.putpalette(self.colours)
        self.frames.append(frame)

    def save(self, path: Path) -> None:
        """GIF, or anything else that Pillow animates by the file's ending: WebP."""
        first, *rest = self.frames
        common = {"save_all": True, "duration": FRAME_MS, "loop": 0}
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.suffix.lower() == ".gif":
            first.save(path, append_images=rest, optimize=False, disposal=1, **common)
            return
        coloured = (frame.convert("RGB") for frame in rest)
        first.convert("RGB").save(path, append_images=coloured, quality=55, method=3, **common)
