"""The training loop: steps, reports, frames, checkpoints, and a clean stop."""

from __future__ import annotations

import signal
import time
from pathlib import Path

from ddn.augment import augmented
from ddn.pictures import Pictures, shuffled
from training.frames import Frames
from training.ranks import agree_on_the_clock, rank, world_size
from training.report import Progress
from training.resume import save_checkpoint
from training.step import train_step
from training.trainer import Trainer, progress_of


def run(trainer: Trainer, train: Pictures, test: Pictures) -> None:
    """Trains to the end of the run; SIGINT and SIGTERM save a checkpoint and raise SystemExit."""
    options, out = trainer.options, Path(trainer.options.out)
    stop = {"asked": False}
    signal.signal(signal.SIGINT, lambda *_: stop.update(asked=True))
    signal.signal(signal.SIGTERM, lambda *_: stop.update(asked=True))
    world = world_size()
    bar = Progress(trainer, out, quiet=rank() != 0)
    frames = Frames(out / "frames", options.training_frames, progress_of(trainer))
    last_saved = last_reported = time.monotonic()
    if rank() == 0 and options.training_frames:
        frames.tick(trainer, progress_of(trainer))
    while progress_of(trainer) < 1 and not stop["asked"]:
        began = time.monotonic()
        indices = shuffled(len(train), options.batch * world, trainer.step, options.seed)
        target = train.batch(indices[rank() :: world])
        if options.augment:
            target = augmented(target, trainer.step, options.seed * world + rank())
        target = target.to(trainer.device)
        trainer.losses.append(train_step(trainer, target))
        now = time.monotonic()
        trainer.seconds += now - began
        trainer.seconds, stop["asked"] = agree_on_the_clock(trainer.seconds, stop["asked"], trainer.device)
        bar.tick(options.batch * world, trainer)
        if rank() == 0 and options.training_frames:
            frames.tick(trainer, progress_of(trainer))
        if rank() == 0 and now - last_saved > options.save_every * 60:
            save_checkpoint(trainer, out / "checkpoint.pt")
            last_saved = now
        if rank() == 0 and now - last_reported > options.report_every * 60:
            bar.evaluate(trainer, test)
            last_reported = time.monotonic()
    if rank() == 0:
        save_checkpoint(trainer, out / "checkpoint.pt")
        bar.evaluate(trainer, test)
    bar.close()
    if stop["asked"]:
        raise SystemExit(f"stopped at step {trainer.step}; run the same command again to continue")
