"""The files of any bundle: model.json, hashes, and the folder.

A bundle is written beside its place and renamed into it, so that a kill or a full disk leaves the earlier one whole.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
from pathlib import Path

MANIFEST = "model.json"
NAME = r"[a-z0-9][a-z0-9._-]{0,63}"


def file_entry(path: Path) -> dict:
    content = path.read_bytes()
    return {"sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content)}


def bundle_hash(manifest: dict) -> str:
    """The hash that permalinks carry the first 8 digits of: of every file but model.json."""
    lines = "".join(f"{name} {entry['sha256']}\n" for name, entry in sorted(manifest["files"].items()))
    return hashlib.sha256(lines.encode()).hexdigest()


def write_manifest(folder: Path, manifest: dict) -> None:
    (folder / MANIFEST).write_text(json.dumps(manifest, indent=2, ensure_ascii=False) + "\n")


def staging_folder(out: Path) -> Path:
    """An empty folder beside `out` to write in.

    Raises SystemExit where `out` holds something other than a bundle, or its name is none that the server takes.
    """
    if not re.fullmatch(NAME, out.name):
        raise SystemExit(f"--out {out}: a bundle's name has small letters, digits, dots and hyphens; choose another")
    if out.exists() and not (out / MANIFEST).exists() and (not out.is_dir() or any(out.iterdir())):
        raise SystemExit(f"{out} exists and is no bundle; choose another --out or remove it")
    folder = out.parent / f".{out.name}.{os.getpid()}.tmp"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


def replace_folder(folder: Path, out: Path) -> None:
    """Renames `folder` to `out`; an earlier bundle is removed last."""
    old = folder.with_suffix(".old")
    if out.exists():
        os.replace(out, old)
    os.replace(folder, out)
    shutil.rmtree(old, ignore_errors=True)
