"""Trains a pyramid DDN: `python scripts/train.py --data data/avatars-64 --out runs/avatars-64 --minutes 60`.

On your own pictures, one command from a folder to a bundle: `python scripts/train.py --pictures FOLDER --minutes 60`.
Resumable to the step: a run started again with the same --out goes on from its last checkpoint. Ends in a bundle with
--bundle models/NAME. Several GPUs: `torchrun --nproc-per-node N scripts/train.py ...`.
"""

from __future__ import annotations

import argparse
import json
import os
import shlex
import signal
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

import torch
import torch.distributed as dist
from torch import Tensor

import optimizers
import presets
import report
from averaging import Average
from balance import Balance
from checkpoint import load_checkpoint, save_checkpoint
from fine_tune import freeze, is_frozen, start_from
from frames import Frames
from model import Network, area
from pictures import Pictures, shuffled
from prepare import fill_in, prepare
from split_prune import RULES, UsageCounter, clone_node, counters_of, pick


@dataclass
class Trainer:
    """Network, optimisers and assignment counters: all that a checkpoint holds."""

    network: Network
    optimizers: list[torch.optim.Optimizer]
    counters: list[UsageCounter]
    options: argparse.Namespace
    device: torch.device
    step: int = 0
    seconds: float = 0.0
    splits: int = 0
    losses: list[float] = field(default_factory=list)
    average: Average | None = None
    balance: Balance | None = None


def build(options: argparse.Namespace, device: torch.device) -> Trainer:
    torch.manual_seed(options.seed)
    network = Network(presets.build(options)).to(device, memory_format=torch.channels_last)
    if options.start_from:
        started = start_from(network, options.start_from)
        if options.freeze:
            freeze(network, started)
    counters = counters_of(network, options.count_window)
    made = optimizers.build(network, options.optimizer, options.lr, options.muon_lr)
    average = Average(network, options.average) if options.average else None
    balance = None
    if options.balance:
        balance = Balance(len(network.levels), network.config.candidates, device)
    return Trainer(network, made, counters, options, device, average=average, balance=balance)


def random_choices(options: argparse.Namespace, step: int, levels: int, batch: int, count: int) -> list[Tensor | None]:
    """Chain dropout: with probability p a level takes a random node for every picture; a function of the step alone."""
    generator = torch.Generator().manual_seed(options.seed * 1_000_003 + step * 64 + rank())
    coins = torch.rand(levels, generator=generator) < options.chain_dropout
    return [torch.randint(count, (batch,), generator=generator) if coin else None for coin in coins]


def losses(trainer: Trainer, target: Tensor, condition: Tensor | None) -> tuple[list[Tensor], list[Tensor]]:
    """Mean squared error of each level's winner, and the nearest node of each picture at each level."""
    network, config = trainer.network, trainer.network.config
    batch = target.shape[0]
    dropped = random_choices(trainer.options, trainer.step, len(network.levels), batch, config.candidates)
    state = network.begin(batch, trainer.device)
    targets = {stage.side: area(target, stage.side) for stage in config.stages}
    errors, nearest = [], []
    balance = trainer.balance
    place = balance and balance.begin(batch)
    for index, level in enumerate(network.levels):
        frozen = is_frozen(level)
        whether = torch.set_grad_enabled(not frozen)
        with whether, torch.autocast(trainer.device.type, torch.bfloat16, enabled=trainer.options.bf16):
            features, predict = network.step(index, state, condition)
        wanted = targets[level.side]
        distances = level.nodes.distances(features.detach(), wanted - predict.detach())
        closest = distances.argmin(1)
        assigned = balance.assign(index, place, distances) if balance else closest
        choice = assigned if dropped[index] is None else dropped[index].to(trainer.device)
        if balance:
            place = balance.step(index, place, choice)
        state = network.choose(index, features, predict, choice)
        if not frozen:
            errors.append((state.predict - wanted).square().mean())
        nearest.append(closest)
    return errors, nearest


def objective(errors: list[Tensor], weighting: str) -> Tensor:
    """`mean`: the published plain mean over levels. `log`: mean of logarithms, so that a level counts by its relative
    error, as PSNR does, and the fine levels are not drowned by the coarse ones."""
    stacked = torch.stack(errors)
    return stacked.mean() if weighting == "mean" else stacked.clamp_min(1e-7).log().mean()


def learning_rate_factor(options: argparse.Namespace, progress: float, step: int) -> float:
    """Warm-up over the first steps, constant, then linear to zero over the last `decay` of the run."""
    warm = min(1.0, (step + 1) / options.warmup)
    return warm * min(1.0, max(0.0, 1 - progress) / options.decay)


def progress_of(trainer: Trainer) -> float:
    options = trainer.options
    by_steps = trainer.step / options.steps if options.steps else 0.0
    by_time = trainer.seconds / (options.minutes * 60) if options.minutes else 0.0
    return max(by_steps, by_time)


def train_step(trainer: Trainer, target: Tensor) -> float:
    options = trainer.options
    condition = presets.condition_of(target, trainer.network.config)
    errors, nearest = losses(trainer, target, condition)
    loss = objective(errors, options.loss)
    for optimizer in trainer.optimizers:
        optimizer.zero_grad(set_to_none=True)
    loss.backward()
    average_gradients(trainer.network)
    factor = learning_rate_factor(options, progress_of(trainer), trainer.step)
    torch.nn.utils.clip_grad_norm_(trainer.network.parameters(), options.clip)
    for optimizer, base in zip(trainer.optimizers, (options.lr, options.muon_lr)):
        for group in optimizer.param_groups:
            group["lr"] = base * factor
        optimizer.step()
    trainer.network.constrain()
    if trainer.average:
        trainer.average.update(trainer.network)
    split_and_prune(trainer, nearest)
    trainer.step += 1
    return float(errors[-1].detach())


def split_and_prune(trainer: Trainer, nearest: list[Tensor]) -> None:
    """At most one move per level and step; every rank sees the same counts, so all make the same move."""
    count = trainer.network.config.candidates
    assigned = torch.stack([torch.bincount(chosen, minlength=count) for chosen in nearest])
    if dist.is_initialized():
        dist.all_reduce(assigned)
    for level, counter, used in zip(trainer.network.levels, trainer.counters, assigned.cpu()):
        counter.add(used)
        still = trainer.options.split_rule == "none" or is_frozen(level)
        move = None if still else pick(counter, trainer.options.split_rule)
        if move:
            weight = level.nodes.weight
            copies = dict(trainer.optimizers[0].state.get(weight, {}))
            if trainer.average:
                copies["average"] = trainer.average.of(weight)
            clone_node(weight, copies, *move)
            counter.move(*move)
            trainer.splits += 1


def average_gradients(network: Network) -> None:
    if not dist.is_initialized():
        return
    for param in network.parameters():
        if param.grad is not None:
            dist.all_reduce(param.grad)
            param.grad /= dist.get_world_size()


def agree(trainer: Trainer, stop: dict[str, bool]) -> None:
    """One clock and one wish to stop for all ranks: or they would train at different rates, and wait for one another
    for ever at the end."""
    if not dist.is_initialized():
        return
    told = torch.tensor([trainer.seconds, stop["asked"]], dtype=torch.float64, device=trainer.device)
    dist.all_reduce(told, dist.ReduceOp.MAX)
    trainer.seconds, stop["asked"] = float(told[0]), bool(told[1])


def rank() -> int:
    return dist.get_rank() if dist.is_initialized() else 0


def run(trainer: Trainer, train: Pictures, test: Pictures) -> None:
    options, out = trainer.options, Path(trainer.options.out)
    stop = {"asked": False}
    signal.signal(signal.SIGINT, lambda *_: stop.update(asked=True))
    signal.signal(signal.SIGTERM, lambda *_: stop.update(asked=True))
    world = dist.get_world_size() if dist.is_initialized() else 1
    bar = report.Progress(trainer, out, quiet=rank() != 0)
    frames = Frames(out / "frames", options.training_frames, progress_of(trainer))
    last_saved = last_reported = time.monotonic()
    if rank() == 0 and options.training_frames:
        frames.tick(trainer, progress_of(trainer))
    while progress_of(trainer) < 1 and not stop["asked"]:
        began = time.monotonic()
        indices = shuffled(len(train), options.batch * world, trainer.step, options.seed)
        target = train.batch(indices[rank() :: world]).to(trainer.device)
        trainer.losses.append(train_step(trainer, target))
        now = time.monotonic()
        trainer.seconds += now - began
        agree(trainer, stop)
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
        raise SystemExit(f"stopped at step {trainer.step}; run the same command again to go on")


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
    parser.add_argument("--freeze", action="store_true", help="train only what --stages adds to --start-from")
    parser.add_argument("--batch", type=int, default=16, help="pictures per step and rank")
    parser.add_argument("--steps", type=int, default=0, help="steps of the whole run")
    parser.add_argument("--minutes", type=float, default=0, help="training time of the whole run, whichever ends first")
    parser.add_argument("--optimizer", choices=("adam", "muon"), default="muon")
    parser.add_argument("--lr", type=float, default=6e-4, help="Adam's")
    parser.add_argument(
        "--muon-lr", type=float, default=1.7e-4, help="root-mean-square change of a kernel weight per step"
    )
    parser.add_argument("--warmup", type=int, default=50, help="steps")
    parser.add_argument("--decay", type=float, default=1.0, help="last part of the run in which the rate falls to zero")
    parser.add_argument("--clip", type=float, default=1.0, help="largest norm of the gradient")
    parser.add_argument("--loss", choices=("mean", "log"), default="log")
    parser.add_argument("--chain-dropout", type=float, default=0.01)
    parser.add_argument(
        "--average", type=float, default=0, help="keep averaged weights beside, of this decay per step (0.999, say)"
    )
    parser.add_argument("--balance", action="store_true", help="make choices equally frequent everywhere in the tree")
    parser.add_argument("--split-rule", choices=(*RULES, "none"), default="variation")
    parser.add_argument("--count-window", type=float, default=8192, help="images; inf for lifetime counts")
    parser.add_argument("--bf16", action=argparse.BooleanOptionalAction, default=True)
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--threads", type=int, default=0, help="CPU threads, 0 for all")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--save-every", type=float, default=5, help="minutes")
    parser.add_argument("--report-every", type=float, default=5, help="minutes")
    parser.add_argument(
        "--training-frames", type=int, default=0, help="so many bundles of the run, in OUT/frames, for `kandid tree`"
    )
    parser.add_argument("--bundle", help="export to this folder at the end")
    parser.add_argument("--half", action="store_true", help="store the bundle's kernels in half precision")
    parser.add_argument("--licence", help="licence of the data, for the bundle")
    parser.add_argument("--attribution", help="whom to name, for the bundle")
    parser.add_argument("--dry-run", action="store_true", help="print what would be done and stop")
    options = parser.parse_args(argv)
    if not options.steps and not options.minutes:
        parser.error("say how long: --steps or --minutes")
    if not options.pictures and not (options.data and options.out):
        parser.error("say what to train on: --data and --out, or --pictures")
    options.command = "python scripts/train.py " + shlex.join(sys.argv[1:] if argv is None else argv)
    return options


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
        fill_in(options, config.side)
    if options.dry_run:
        print(json.dumps(report.plan(trainer), indent=2, default=str))
        return
    if options.pictures and rank() == 0:
        prepare(options.pictures, Path(options.data), config.side, config.channels)
    if dist.is_initialized():
        dist.barrier()
    train = Pictures(Path(options.data) / "train", config.side, config.channels)
    test = Pictures(Path(options.data) / "test", config.side, config.channels, least=1)
    Path(options.out).mkdir(parents=True, exist_ok=True)
    load_checkpoint(trainer, Path(options.out) / "checkpoint.pt")
    run(trainer, train, test)
    if options.bundle and rank() == 0:
        from export import export_checkpoint

        told = {"licence": options.licence, "attribution": options.attribution, "half": options.half}
        export_checkpoint(
            Path(options.out) / "checkpoint.pt", Path(options.bundle), test, data=Path(options.data), **told
        )
    if dist.is_initialized():
        dist.destroy_process_group()


if __name__ == "__main__":
    main()
