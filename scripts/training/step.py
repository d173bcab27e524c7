"""One step of training: the losses of all levels, the optimisers, Split-and-Prune."""

from __future__ import annotations

import argparse

import torch
from torch import Tensor

from ddn.conditions import condition_of
from ddn.model import area
from training.fine_tune import is_frozen
from training.ranks import average_gradients, rank, sum_over_ranks
from training.split_prune import clone_node, pick
from training.trainer import Trainer, progress_of


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


def train_step(trainer: Trainer, target: Tensor) -> float:
    """One step on pictures [B,c,T,T] in [-1, 1]; returns the mean squared error of the last level."""
    options = trainer.options
    condition = condition_of(target, trainer.network.config)
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
    sum_over_ranks(assigned)
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
