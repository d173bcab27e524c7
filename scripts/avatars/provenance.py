"""Provenance in the bundles of the avatar networks."""

from __future__ import annotations

LICENCE = {
    "data": "avataaars by Pablo Stanley, free for personal and commercial use; DiceBear, MIT",
    "weights": "MIT",
    "attribution": "Avatars: avataaars by Pablo Stanley, drawn by DiceBear",
}


def portable_arguments(arguments: list[str]) -> list[str]:
    """The command without options that only concern this machine."""
    kept, skip = [], False
    for argument in arguments:
        if not skip and argument != "--threads":
            kept.append(argument)
        skip = argument == "--threads"
    return kept
