"""Trains a prior over a bundle's choices: `python scripts/train_prior.py models/NAME --data data/NAME --minutes 60`.

The network is frozen, so the code of a picture does not change. Each batch follows the greedy choices towards its
pictures (with --wander, some pictures leave that path slightly, like sampled and guided descents do), and the prior
learns to predict these choices. Resumable: the same command continues from OUT/checkpoint.pt. With --write, the prior
is stored in the bundle at the end.
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
from export.bundle import Bundle, build_network, read_bundle
from export.exporter import pictures_to_check
from prior.export import CHECKED, WRITTEN, read_prior, write_prior
from prior.model import Prior, PriorConfig
from prior.report import held_out_bits
from prior.run import Run, run
from prior.vectors import write_vectors

MEASURED = 1000  # held-out pictures of up to 64 px of the figures in model.json; a tenth of larger ones


def arguments(argv: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    parser.add_argument("bundle", type=Path)
    parser.add_argument("--data", type=Path, help="the data set that it was trained on")
    parser.add_argument("--out", type=Path, help="folder for the checkpoint, the log and the samples")
    parser.add_argument("--minutes", type=float, help="training time of the whole run")
    parser.add_argument("--random", action="store_true", help="write an untrained prior instead, for tests")
    parser.add_argument("--again", action="store_true", help="write the bundle's prior as this version writes it")
    parser.add_argument("--vectors", type=Path, help="also write test vectors of the prior to this JSON file")
    parser.add_argument("--widths", default="96,64,48,32", help="channels of the U-Nets at 4, 8, 16 and 32 px")
    parser.add_argument("--hidden", type=int, default=PriorConfig.hidden, help="width of the dense layer at 4 px")
    parser.add_argument(
        "--start-from",
        type=Path,
        nargs="+",
        default=[],
        help="bundles or checkpoints of priors of this network, or of those that it has grown from; later ones replace "
        "the sides of which it has as many levels",
    )
    parser.add_argument(
        "--freeze", action="store_true", help="train only the sides that have levels which --start-from lacks"
    )
    parser.add_argument("--write", action="store_true", help="store the prior in the bundle at the end")
    parser.add_argument("--augment", action="store_true", help="mirror pictures and shift their colours at random")
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--lr", type=float, default=2e-3, help="learning rate of Adam")
    parser.add_argument("--muon-lr", type=float, default=3e-4, help="root-mean-square change of a kernel per step")
    parser.add_argument("--warmup", type=int, default=30, help="steps")
    parser.add_argument(
        "--decay", type=float, default=1.0, help="fraction of the run, at its end, in which the rate falls to zero"
    )
    parser.add_argument("--clip", type=float, default=1.0, help="largest norm of the gradient")
    parser.add_argument("--share", type=float, default=0.55, help="fraction of the levels of 16 px used per step")
    parser.add_argument(
        "--estimate",
        type=float,
        default=1.0,
        help="initial weight of the estimates' error; falls to a tenth",
    )
    parser.add_argument("--wander", type=float, default=0.5, help="fraction of the pictures that leave the greedy path")
    parser.add_argument(
        "--reach", type=float, default=0.3, help="how far they leave it at most, in standard deviations"
    )
    parser.add_argument("--held-out", type=int, default=256, help="held-out pictures for the figures in the log")
    parser.add_argument("--report-every", type=float, default=5, help="minutes between reports")
    parser.add_argument("--bf16", action=argparse.BooleanOptionalAction, default=True)
    parser.add_argument("--threads", type=int, default=0, help="CPU threads, 0 for all")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args(argv)
    if not options.random and not options.again and not (options.data and options.out and options.minutes):
        parser.error("say what to train on, where and how long: --data, --out and --minutes")
    if options.freeze and not options.start_from:
        parser.error("--freeze: say what is known already, with --start-from")
    options.command = "python scripts/train_prior.py " + shlex.join(sys.argv[1:] if argv is None else argv)
    return options


def main(argv: list[str] | None = None) -> None:
    options = arguments(argv)
    if options.threads:
        torch.set_num_threads(options.threads)
    bundle = read_bundle(options.bundle)
    shape = PriorConfig(widths(options.widths), options.hidden)
    if options.random:
        write_random(bundle, shape, options)
    elif options.again:
        write_again(bundle, options)
    else:
        train_prior(bundle, shape, options)
    if options.vectors:
        write_vectors(options.bundle, options.vectors)


def widths(text: str) -> tuple[int, ...]:
    try:
        found = tuple(int(part) for part in text.split(","))
    except ValueError:
        found = ()
    if len(found) != 4 or min(found) < 1:
        raise SystemExit(f"--widths {text}: expected four whole numbers, for 4, 8, 16 and 32 px, such as 96,64,48,32")
    return found


def write_random(bundle: Bundle, shape: PriorConfig, options: argparse.Namespace) -> None:
    """Writes an untrained prior into the bundle; the same seed gives the same bytes."""
    torch.manual_seed(options.seed)
    prior = Prior(bundle.config, shape)
    with torch.no_grad():
        for parameter in prior.parameters():
            parameter.add_(torch.randn_like(parameter) * 0.1)
    made = {"command": options.command, "steps": 0, "images_seen": 0, "minutes": 0}
    network = build_network(bundle.config, bundle.weights)
    print(
        json.dumps(
            write_prior(bundle, network, prior.eval(), pictures_to_check(None, bundle.config), {"made": made})["prior"]
        )
    )


def write_again(bundle: Bundle, options: argparse.Namespace) -> None:
    """Writes the bundle's prior anew: the graphs as they are now, the weights as they were."""
    if "prior" not in bundle.manifest:
        raise SystemExit(f"{bundle.folder} has no prior to write again")
    prior = read_prior(bundle.folder, bundle.manifest, bundle.config)
    told = {key: value for key, value in bundle.manifest["prior"].items() if key not in WRITTEN}
    network = build_network(bundle.config, bundle.weights)
    pictures = (
        Pictures(options.data / "test", bundle.config.side, bundle.config.channels, least=1) if options.data else None
    )
    target = pictures_to_check(pictures, bundle.config)[:CHECKED]
    print(json.dumps(write_prior(bundle, network, prior, target, told)["prior"]["parity"]))


def train_prior(bundle: Bundle, shape: PriorConfig, options: argparse.Namespace) -> None:
    config = bundle.config
    train = Pictures(options.data / "train", config.side, config.channels)
    test = Pictures(options.data / "test", config.side, config.channels, least=1)
    options.out.mkdir(parents=True, exist_ok=True)
    training = Run(options, bundle, shape)
    training.resume()
    run(training, train, test)
    if options.write:
        write_trained(training, test)


def write_trained(training: Run, test: Pictures) -> None:
    """Writes the prior into the bundle, and the bits of held-out codes into model.json."""
    measured = MEASURED if training.bundle.config.side <= 64 else MEASURED // 10
    bits = held_out_bits(training.prior, training.network, test, measured)
    told = {
        "bits": round(float(bits.sum()), 2),
        "bits_per_level": [round(float(value), 3) for value in bits],
        "bits_uniform": round(len(bits) * math.log2(training.prior.model.candidates), 2),
        "pictures": min(measured, len(test)),
        "made": {
            "command": training.options.command,
            "steps": training.step,
            "images_seen": training.step * training.options.batch,
            "minutes": round(training.seconds / 60, 1),
        },
    }
    manifest = write_prior(training.bundle, training.network, training.prior, test.batch(slice(0, CHECKED)), told)
    print(json.dumps({"bundle": str(training.bundle.folder), **told, **manifest["prior"]["parity"]}))
