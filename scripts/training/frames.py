"""`--training-frames`: the network as it stood at moments of its training, each a bundle that every command opens.

`kandid tree RUN/frames --out tree.webp` makes a film of its tree from them. Moments lie close together at first, when
most happens, and depend on progress alone, so that a resumed run writes the frames that were left.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from export.bundle import manifest_of, write_graphs
from export.files import replace_folder, staging_folder, write_manifest
from export.precision import stored
from training.trainer import Trainer


class Frames:
    """`count` frames over a run, in `folder`."""

    def __init__(self, folder: Path, count: int, progress: float) -> None:
        self.folder = folder
        self.count = count
        self.next = 0 if progress == 0 else self.due(progress) + 1

    def due(self, progress: float) -> int:
        """The last frame, 0 … count - 1, that is due at this progress, 0 … 1: they are spread by its square root."""
        return min(self.count - 1, int(min(1.0, progress) ** 0.5 * (self.count - 1) + 1e-9))

    def tick(self, trainer: Trainer, progress: float) -> None:
        """Writes a frame where one is due."""
        due = self.due(progress)
        if due >= self.next:
            write_frame(trainer, self.folder / f"step-{trainer.step:07d}")
            self.next = due + 1


def write_frame(trainer: Trainer, out: Path) -> None:
    """Raises SystemExit with the reason if writing fails."""
    network = trainer.network
    metadata = {
        "name": out.name,
        "title": f"{out.parent.parent.name} after {trainer.step} steps",
        "description": "A moment of a training run",
        "licence": {"data": "not stated", "weights": "not stated", "attribution": ""},
        "dataset": None,
        "made": {"command": trainer.options.command, "seed": trainer.options.seed, "steps": trainer.step},
        "parity": {},
        "metrics": {},
    }
    folder = None
    try:
        folder = staging_folder(out)
        write_graphs(folder, network.config, stored(network.state_dict(), "half"))
        write_manifest(folder, manifest_of(network.config, folder, metadata))
        replace_folder(folder, out)
    except OSError as error:
        raise SystemExit(f"could not write {out}: {error}; free some disk and resume, or leave out --training-frames")
    finally:
        if folder:
            shutil.rmtree(folder, ignore_errors=True)
