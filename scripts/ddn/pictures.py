"""The data set that the trainer reads: `pictures.npy`, uint8 [N, H, W, c], memory-mapped.

Its pictures may be larger than the network's, by a whole factor: levels see area averages, and conditions are drawn
from the whole picture, so that a coarse network can be trained to be grown to the picture's own side.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from torch import Tensor

LEAST = 56  # fewer pictures than this train nothing worth having: 64, less the 8 held out


class Pictures:
    def __init__(self, folder: str | Path, side: int, channels: int, least: int = LEAST) -> None:
        path = Path(folder) / "pictures.npy"
        if not path.exists():
            raise SystemExit(f"{path} is missing: make the data set first (scripts/README.md, 'Data')")
        self.array = np.load(path, mmap_mode="r")
        if self.array.ndim != 4 or self.array.dtype != np.uint8:
            raise SystemExit(
                f"{path} is {self.array.dtype} {self.array.shape}; expected uint8 [N, side, side, channels]"
            )
        height, width, found = self.array.shape[1:]
        if height != width or found != channels or height % side:
            raise SystemExit(
                f"{path} holds pictures of {self.array.shape[1:]}; the network wants {(side, side, channels)}, or a "
                f"multiple of that side: make the data set with --side {side}, or choose another network"
            )
        if len(self.array) < least:
            raise SystemExit(f"{path} holds {len(self.array)} pictures; at least {least} are needed")

    def __len__(self) -> int:
        return len(self.array)

    def batch(self, indices) -> Tensor:
        """float32 [B,c,H,W] in [-1, 1]."""
        chosen = np.array(self.array[indices])  # a slice would be a view that torch may not write to
        return torch.from_numpy(chosen).permute(0, 3, 1, 2).float() / 127.5 - 1


def shuffled(count: int, batch: int, step: int, seed: int) -> np.ndarray:
    """Indices of one batch, a function of the step alone, so that a resumed run sees what an unbroken one sees."""
    start = step * batch
    wanted = np.arange(start, start + batch)
    indices = np.empty(batch, dtype=np.int64)
    for epoch in np.unique(wanted // count):
        order = np.random.default_rng((seed, int(epoch))).permutation(count)
        inside = wanted // count == epoch
        indices[inside] = order[wanted[inside] % count]
    return np.sort(indices)
