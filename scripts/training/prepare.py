"""A folder of pictures as training data, by the command scripts/datasets/folder.ts."""

from __future__ import annotations

import argparse
import re
import subprocess
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]


def fill_in_paths(options: argparse.Namespace, side: int) -> None:
    """Names for what the command line left out, from the name of the folder of pictures."""
    name = re.sub(r"[^a-z0-9]+", "-", options.pictures.resolve().name.lower()).strip("-")[:48] or "pictures"
    options.data = options.data or f"data/{name}-{side}"
    options.out = options.out or f"runs/{name}-{side}"
    options.bundle = options.bundle or f"models/{name}-{side}"


def prepare_pictures(folder: Path, out: Path, side: int, channels: int) -> None:
    """Reads the pictures of `folder` into `out`; raises SystemExit where that fails, after the command has said why."""
    if not folder.is_dir():
        raise SystemExit(f"--pictures {folder} is no folder; name one that holds pictures")
    runner = PROJECT / "node_modules" / ".bin" / "tsx"
    if not runner.exists():
        raise SystemExit(f"preparing pictures needs Node.js and its packages: run `npm ci` in {PROJECT} once")
    command = [runner, "scripts/datasets/folder.ts", folder.resolve(), "--out", out.resolve()]
    sizes = ["--side", str(side), "--channels", str(channels)]
    try:
        code = subprocess.run([*map(str, command), *sizes], cwd=PROJECT).returncode
    except OSError as error:
        raise SystemExit(f"preparing pictures needs Node.js 20 or newer: {error}")
    if code:
        raise SystemExit(code)
