"""`scripts/train.py`: from the command line to a trained network, and to a bundle where one is asked for."""

from __future__ import annotations

import json
import os
from pathlib import Path

import torch
import torch.distributed as dist

from ddn.pictures import Pictures
from export.exporter import export_checkpoint
from training.loop import run
from training.options import arguments
from training.prepare import fill_in_paths, prepare_pictures
from training.ranks import barrier, rank
from training.report import closing_words, plan
from training.resume import load_checkpoint
from training.trainer import build


def main() -> None:
    options = arguments()
    if "RANK" in os.environ:
        dist.init_process_group()
        if options.device.startswith("cuda"):
            options.device = f"cuda:{int(os.environ['LOCAL_RANK'])}"
    if options.threads:
        torch.set_num_threads(options.threads)
    trainer = build(options, torch.device(options.device))
    config = trainer.network.config
    if options.pictures:
        fill_in_paths(options, config.side)
    if options.dry_run:
        print(json.dumps(plan(trainer), indent=2, default=str))
        return
    if options.pictures and rank() == 0:
        prepare_pictures(options.pictures, Path(options.data), config.side, config.channels)
    barrier()
    train = Pictures(Path(options.data) / "train", config.side, config.channels)
    test = Pictures(Path(options.data) / "test", config.side, config.channels, least=1)
    Path(options.out).mkdir(parents=True, exist_ok=True)
    load_checkpoint(trainer, Path(options.out) / "checkpoint.pt")
    run(trainer, train, test)
    if options.bundle and rank() == 0:
        metadata = {"licence": options.licence, "attribution": options.attribution, "precision": options.precision}
        export_checkpoint(
            Path(options.out) / "checkpoint.pt", Path(options.bundle), test, data=Path(options.data), **metadata
        )
    if rank() == 0:
        print(closing_words(options, config.condition_kind))
    if dist.is_initialized():
        dist.destroy_process_group()
