"""Exports a checkpoint to a bundle: `python scripts/export.py runs/avatars-64/checkpoint.pt --out models/avatars-64`.

Also re-exports from a bundle alone (`--bundle models/OLD`), and writes random weights (`--random tiny --seed 1`).
Before it is put in its place, the bundle is compared with torch; beyond 1e-4 it is refused.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from ddn import presets
from ddn.checkpoint import read_checkpoint
from ddn.model import ModelConfig
from ddn.pictures import Pictures
from export.bundle import read_bundle
from export.exporter import DATASETS, export_bundle, export_checkpoint, export_random
from export.files import bundle_hash
from export.precision import PRECISIONS
from export.vectors import write_vectors


def arguments(argv: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkpoint", nargs="?", type=Path, help="checkpoint of scripts/train.py")
    parser.add_argument("--bundle", type=Path, help="re-export this bundle instead")
    parser.add_argument(
        "--random", choices=sorted(presets.PRESETS), help="export random weights of this preset instead"
    )
    parser.add_argument("--seed", type=int, default=1, help="seed of --random")
    parser.add_argument("--out", type=Path, required=True, help="the bundle's folder, models/NAME")
    parser.add_argument("--precision", choices=PRECISIONS, help="of the stored kernels; float, or as in --bundle")
    parser.add_argument(
        "--data",
        type=Path,
        help="data set whose held-out pictures are used for the check, and whose licence is recorded",
    )
    parser.add_argument("--title")
    parser.add_argument("--description")
    parser.add_argument("--dataset", choices=DATASETS, help="data set of `kandid evaluate`")
    parser.add_argument("--licence", help="licence of the data")
    parser.add_argument("--weights-licence", help="licence of the weights")
    parser.add_argument("--attribution", help="attribution of data and weights")
    parser.add_argument("--vectors", type=Path, help="also write test vectors of the bundle to this JSON file")
    options = parser.parse_args(argv)
    if sum(bool(source) for source in (options.checkpoint, options.bundle, options.random)) != 1:
        parser.error("say what to export: a checkpoint, --bundle or --random")
    return options


def main(argv: list[str] | None = None) -> None:
    options = arguments(argv)
    names = ("title", "description", "dataset", "licence", "weights_licence", "attribution")
    overrides = {name: getattr(options, name) for name in names}
    if options.random:
        manifest = export_random(options.random, options.seed, options.out, options.precision or "float", **overrides)
    elif options.bundle:
        old = read_bundle(options.bundle)
        manifest = export_bundle(old, options.out, held_out(options.data, old.config), options.precision, **overrides)
    else:
        config = ModelConfig.from_dict(read_checkpoint(options.checkpoint)["config"])
        test = held_out(options.data, config)
        manifest = export_checkpoint(
            options.checkpoint,
            options.out,
            test,
            data=options.data,
            precision=options.precision or "float",
            **overrides,
        )
    if options.vectors:
        write_vectors(options.out, options.vectors)
    size = sum(entry["bytes"] for entry in manifest["files"].values())
    print(json.dumps({"bundle": str(options.out), "hash": bundle_hash(manifest), "bytes": size, **manifest["parity"]}))


def held_out(data: Path | None, config: ModelConfig) -> Pictures | None:
    return Pictures(data / "test", config.side, config.channels, least=1) if data else None
