"""Provenance in the bundles of the avatar networks."""

from __future__ import annotations

from pathlib import Path

FOLDERS = ("data", "runs", "models")
LICENCE = {
    "data": "avataaars by Pablo Stanley, free for personal and commercial use; DiceBear, MIT",
    "weights": "MIT",
    "attribution": "Avatars: avataaars by Pablo Stanley, drawn by DiceBear",
}


def portable_arguments(arguments: list[str]) -> list[str]:
    """The command without what only concerns this machine: number of threads, and where its folders lie."""
    kept, skip = [], False
    for argument in arguments:
        if not skip and argument != "--threads":
            kept.append(_from_project(argument) if argument.startswith("/") else argument)
        skip = argument == "--threads"
    return kept


def _from_project(path: str) -> str:
    """The path from one of the project's usual folders on, or the name alone."""
    parts = Path(path).parts
    start = next((at for at, part in enumerate(parts) if part in FOLDERS), len(parts) - 1)
    return "/".join(parts[start:])
