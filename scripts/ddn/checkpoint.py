"""Checkpoint files, written beside and renamed, so that a full disk or a kill leaves the earlier one intact."""

from __future__ import annotations

import os
from pathlib import Path

import torch

FORMAT = 1


def write_checkpoint(data: dict, path: Path) -> None:
    """Raises SystemExit with the reason if writing fails; the earlier checkpoint stays intact."""
    temporary = path.with_suffix(".tmp")
    try:
        with temporary.open("wb") as file:
            torch.save({"format": FORMAT, **data}, file)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except (OSError, RuntimeError) as error:
        temporary.unlink(missing_ok=True)
        raise SystemExit(
            f"could not write {path}: {error}; the earlier checkpoint is intact, free some disk and resume"
        )


def read_checkpoint(path: Path, device: str | torch.device = "cpu") -> dict:
    """Raises SystemExit with the reason if the file is not a checkpoint, or has another format."""
    try:
        data = torch.load(path, map_location=device, weights_only=True)
    except Exception as error:
        raise SystemExit(f"{path} cannot be read as a checkpoint ({error}); delete it to start afresh")
    if data.get("format") != FORMAT:
        raise SystemExit(f"{path} has checkpoint format {data.get('format')}; expected {FORMAT}")
    return data
