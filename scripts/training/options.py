"""Trains a pyramid DDN: `python scripts/train.py --data data/avatars-64 --out runs/avatars-64 --minutes 60`.

On your own pictures, one command from a folder to a bundle: `python scripts/train.py --pictures FOLDER --minutes 60`.
Resumable to the step: a run started again with the same --out continues from its last checkpoint. Writes a bundle with
--bundle models/NAME. Several GPUs: `torchrun --nproc-per-node N scripts/train.py ...`.
"""

from __future__ import annotations

import argparse
import shlex
import sys
from pathlib import Path

import torch

from ddn import presets
from export.precision import PRECISIONS
from training.split_prune import RULES


def arguments(argv: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    parser.add_argument("--data", help="folder with train/ and test/ (scripts/README.md, 'Data')")
    parser.add_argument("--pictures", type=Path, help="any folder of pictures; --data, --out and --bundle get its name")
    parser.add_argument("--out", help="folder for the checkpoint, the log and the pictures")
    parser.add_argument("--preset", default="avatars-64", choices=sorted(presets.PRESETS))
    parser.add_argument("--stages", help="side:levels:width,... in place of the preset's, e.g. 4:5:128,8:8:128")
    parser.add_argument("--candidates", type=int, help="K in place of the preset's")
    parser.add_argument("--channels", type=int, choices=(1, 3), help="in place of the preset's")
    parser.add_argument(
        "--condition", choices=("grayscale", "edges", "color_edges"), help="train with such a condition"
    )
    parser.add_argument("--start-from", help="bundle or checkpoint to fine-tune; --stages may add levels to it")
    parser.add_argument(
        "--freeze", action="store_true", help="train only the levels that --stages adds to --start-from"
    )
    parser.add_argument(
        "--train-from", type=int, default=0, help="train only the levels of this side, in pixels, and finer ones"
    )
    parser.add_argument("--augment", action="store_true", help="mirror pictures and shift their colours at random")
    parser.add_argument("--batch", type=int, default=16, help="pictures per step and rank")
    parser.add_argument("--steps", type=int, default=0, help="steps of the whole run")
    parser.add_argument(
        "--minutes",
        type=float,
        default=0,
        help="training time of the whole run; it ends at --steps or --minutes, whichever is first",
    )
    parser.add_argument("--optimizer", choices=("adam", "muon"), default="muon")
    parser.add_argument("--lr", type=float, default=6e-4, help="learning rate of Adam")
    parser.add_argument(
        "--muon-lr", type=float, default=1.7e-4, help="root-mean-square change of a kernel weight per step"
    )
    parser.add_argument("--warmup", type=int, default=50, help="steps")
    parser.add_argument(
        "--decay", type=float, default=1.0, help="fraction of the run, at its end, in which the rate falls to zero"
    )
    parser.add_argument("--clip", type=float, default=1.0, help="largest norm of the gradient")
    parser.add_argument("--loss", choices=("mean", "log"), default="log")
    parser.add_argument("--chain-dropout", type=float, default=0.01)
    parser.add_argument(
        "--average",
        type=float,
        default=0,
        help="also keep averaged weights, with this decay per step (for example 0.999)",
    )
    parser.add_argument(
        "--balance", action="store_true", help="make choices equally frequent at every node of the tree"
    )
    parser.add_argument("--split-rule", choices=(*RULES, "none"), default="variation")
    parser.add_argument("--count-window", type=float, default=8192, help="images; inf for lifetime counts")
    parser.add_argument("--bf16", action=argparse.BooleanOptionalAction, default=True)
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--threads", type=int, default=0, help="CPU threads, 0 for all")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--save-every", type=float, default=5, help="minutes")
    parser.add_argument("--report-every", type=float, default=5, help="minutes")
    parser.add_argument(
        "--training-frames",
        type=int,
        default=0,
        help="number of bundles saved during the run, in OUT/frames, for `kandid tree`",
    )
    parser.add_argument("--bundle", help="export to this folder at the end")
    parser.add_argument("--precision", choices=PRECISIONS, default="float", help="of the bundle's stored kernels")
    parser.add_argument("--licence", help="licence of the data, for the bundle")
    parser.add_argument("--attribution", help="attribution, for the bundle")
    parser.add_argument("--dry-run", action="store_true", help="print what would be done and stop")
    options = parser.parse_args(argv)
    if not options.steps and not options.minutes:
        parser.error("say how long: --steps or --minutes")
    if not options.pictures and not (options.data and options.out):
        parser.error("say what to train on: --data and --out, or --pictures")
    options.command = "python scripts/train.py " + shlex.join(sys.argv[1:] if argv is None else argv)
    return options
