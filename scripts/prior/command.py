"""Trains a prior over a bundle's choices: `python scripts/train_prior.py models/NAME --data data/NAME --minutes 60`.

The network is frozen: the code of a picture stays what it is. Batches are walked along the choices that bring them
nearest to their picture (with --wander, some a little beside that path, as sampled and guided descents go), and the
prior learns which choice that is. Resumable: the same command goes on from OUT/checkpoint.pt. Ends in the bundle with
--write.
"""

from __future__ import annotations

import argparse
import json
import math
import shlex
import sys
from pathlib import Path

import torch

from ddn.pictures import Pictures
from export.bundle import read_bundle
from prior.export import CHECKED, write_prior
from prior.report import held_out_bits
from prior.run import Run, run

MEASURED = 1000  # held-out pictures of the figures in model.json


def arguments(argv: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    parser.add_argument("bundle", type=Path)
    parser.add_argument("--data", type=Path, required=True, help="the data set that it was trained on")
    parser.add_argument("--out", type=Path, required=True, help="folder for the checkpoint, the log and the samples")
    parser.add_argument("--minutes", type=float, required=True, help="training time of the whole run")
    parser.add_argument("--write", action="store_true", help="put the prior into the bundle at the end")
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--lr", type=float, default=2e-3, help="Adam's")
    parser.add_argument("--muon-lr", type=float, default=3e-4, help="root-mean-square change of a kernel per step")
    parser.add_argument("--warmup", type=int, default=30, help="steps")
    parser.add_argument("--decay", type=float, default=1.0, help="last part of the run in which the rate falls to zero")
    parser.add_argument("--clip", type=float, default=1.0, help="largest norm of the gradient")
    parser.add_argument("--share", type=float, default=0.35, help="share of the levels above 16 px taken in a step")
    parser.add_argument(
        "--estimate",
        type=float,
        default=1.0,
        help="first weight of the estimates' error; falls to a tenth",
    )
    parser.add_argument("--wander", type=float, default=0.5, help="share of the pictures beside the nearest path")
    parser.add_argument("--reach", type=float, default=0.3, help="how far they go at most, in standard deviations")
    parser.add_argument("--held-out", type=int, default=256, help="held-out pictures of the log's figures")
    parser.add_argument("--report-every", type=float, default=5, help="minutes")
    parser.add_argument("--bf16", action=argparse.BooleanOptionalAction, default=True)
    parser.add_argument("--threads", type=int, default=0, help="CPU threads, 0 for all")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args(argv)
    options.command = "python scripts/train_prior.py " + shlex.join(sys.argv[1:] if argv is None else argv)
    return options


def main(argv: list[str] | None = None) -> None:
    options = arguments(argv)
    if options.threads:
        torch.set_num_threads(options.threads)
    bundle = read_bundle(options.bundle)
    config = bundle.config
    train = Pictures(options.data / "train", config.side, config.channels)
    test = Pictures(options.data / "test", config.side, config.channels, least=1)
    options.out.mkdir(parents=True, exist_ok=True)
    training = Run(options, bundle)
    training.resume()
    run(training, train, test)
    if options.write:
        write_trained(training, test)


def write_trained(training: Run, test: Pictures) -> None:
    """Into the bundle, with the bits of held-out codes in model.json."""
    bits = held_out_bits(training.prior, training.network, test, MEASURED)
    told = {
        "bits": round(float(bits.sum()), 2),
        "bits_per_level": [round(float(value), 3) for value in bits],
        "bits_uniform": round(len(bits) * math.log2(training.prior.model.candidates), 2),
        "pictures": min(MEASURED, len(test)),
        "made": {
            "command": training.options.command,
            "steps": training.step,
            "images_seen": training.step * training.options.batch,
            "minutes": round(training.seconds / 60, 1),
        },
    }
    manifest = write_prior(training.bundle, training.network, training.prior, test.batch(slice(0, CHECKED)), told)
    print(json.dumps({"bundle": str(training.bundle.folder), **told, **manifest["prior"]["parity"]}))
