"""Writes checkpoints in the published form: the same pickle opcodes and names, random weights, all the ballast.

The classes that such a file refers to are not installed here, so stand-ins of the same names are made for the pickler.
"""

from __future__ import annotations

import collections
import contextlib
import pickle
import random
import sys
import types
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch

from published.spec import Spec
from published.weights import LevelWeights, random_weights

EMBEDDED = "# The source code of the network stands here in a real file.\n" * 40


def _module(name: str, **members: object) -> types.ModuleType:
    module = types.ModuleType(name)
    for key, value in members.items():
        value.__module__, value.__qualname__, value.__name__ = name, key, key
        setattr(module, key, value)
    return module


def _reconstruct(meta: dict) -> None:
    raise NotImplementedError("for writing only")


class Persistent:
    """An object that is stored with the source code of its class."""

    def __init__(self, class_name: str, state: dict, source: str) -> None:
        self.meta = {
            "type": "class",
            "version": 6,
            "module_src": source,
            "class_name": class_name,
            "state": state,
        }

    def __reduce__(self):
        return PERSISTENCE._reconstruct_persistent_obj, (self.meta,)


def _plain(name: str) -> type:
    return type(name, (), {})


PERSISTENCE = _module("torch_utils.persistence", _reconstruct_persistent_obj=_reconstruct)
OUTPUTS = _module(
    "sddn.discrete_distribution",
    **{
        name: _plain(name)
        for name in (
            "DiscreteDistributionOutput",
            "Conv2dMixedPrecision",
            "SplitableDiscreteDistribution",
            "DivergeShapingManager",
        )
    },
)
NETWORKS = _module("training.networks", ConditionProcess=_plain("ConditionProcess"))


def write_checkpoint(path: Path, spec: Spec, seed: int = 1) -> list[LevelWeights]:
    """Returns the weights that were written."""
    weights = random_weights(spec, seed)
    later = "def build_init_feature(): pass\n" if spec.start == "zeros" else "# build_init_feature came later\n"
    content = checkpoint_of(spec, weights, random_weights(spec, seed + 1), EMBEDDED + later)
    with importable(PERSISTENCE, OUTPUTS, NETWORKS), path.open("wb") as file:
        pickle.dump(content, file, protocol=4)
    return weights


@contextlib.contextmanager
def importable(*modules: types.ModuleType) -> Iterator[None]:
    """Makes the modules and their parents known to the pickler, for a while."""
    names = {module.__name__: module for module in modules}
    parents = {name.split(".")[0]: types.ModuleType(name.split(".")[0]) for name in names}
    before = {name: sys.modules.get(name) for name in (*names, *parents)}
    sys.modules.update({**parents, **names})
    try:
        yield
    finally:
        for name, known in before.items():
            if known is None:
                del sys.modules[name]
            else:
                sys.modules[name] = known


def checkpoint_of(spec: Spec, weights: list[LevelWeights], initial: list[LevelWeights], source: str) -> dict:
    names, blocks = [], {}
    counts: dict[int, int] = {}
    for level, first in zip(weights, initial):
        number = counts.get(level.side, 0)
        counts[level.side] = number + 1
        name = f"block_{level.side}x{level.side}_{number}" + ("_up" if level.up else "")
        names.append(name)
        ballast = block_of(first, source)
        block = module("DiscreteDistributionBlock", source, {"block": block_of(level, source), "ddo": output_of(level)})
        block.meta["state"]["_init_args"] = (ballast, level.candidates)
        blocks[name] = block
    extra: dict = {"module_names": names, "label_dim": 0, "refiner_repeatn": 0, "scale_to_repeatn": {}}
    if spec.condition:
        process = NETWORKS.ConditionProcess()
        process.__dict__.update(module_state({}), condition_type=spec.condition)
        blocks["condition_process"] = process
    model = module("PHDDNHandsDense", source, blocks, **extra)
    ema = module("DDNPrecond", source, {"model": model}, img_resolution=spec.side, label_dim=0, use_fp16=False)
    return {
        "ema": ema,
        "loss_fn": Persistent("DDNLoss", {"_init_args": (), "_init_kwargs": {}}, source),
        "augment_pipe": None,
        "dataset_kwargs": {"path": f"datasets/random-{spec.side}x{spec.side}.zip", "use_labels": False, "xflip": False},
    }


def module_state(modules: dict, **parameters: torch.Tensor) -> dict:
    hooks = ("_backward_hooks", "_forward_hooks", "_forward_pre_hooks", "_state_dict_hooks")
    return {
        "training": False,
        "_parameters": {name: torch.nn.Parameter(value) for name, value in parameters.items()},
        "_buffers": {},
        **{name: collections.OrderedDict() for name in hooks},
        "_non_persistent_buffers_set": set(),
        "_modules": modules,
    }


def module(class_name: str, source: str, modules: dict, **fields: object) -> Persistent:
    state = module_state(modules)
    state.update(fields, _init_args=(), _init_kwargs={"width": 1})
    return Persistent(class_name, state, source)


def block_of(level: LevelWeights, source: str) -> Persistent:
    parts = {}
    for number in (0, 1):
        norm = module("GroupNorm", source, {}, num_groups=level.groups[number], eps=1e-6)
        conv = module("Conv2d", source, {}, up=number == 0 and level.up, down=False)
        fill(norm, level, f"norm{number}")
        fill(conv, level, f"conv{number}")
        parts.update({f"norm{number}": norm, f"conv{number}": conv})
    if "skip.weight" in level.block:
        parts["skip"] = module("Conv2d", source, {}, up=True, down=False)
        fill(parts["skip"], level, "skip")
    if level.up:
        for part in ("conv0", "skip"):
            parts[part].meta["state"]["_buffers"]["resample_filter"] = torch.full((1, 1, 2, 2), 0.25)
    return module("UNetBlockWoEmb", source, parts, num_heads=0, dropout=0, skip_scale=np.float64(0.5**0.5))


def fill(part: Persistent, level: LevelWeights, name: str) -> None:
    for kind in ("weight", "bias"):
        part.meta["state"]["_parameters"][kind] = torch.nn.Parameter(level.block[f"{name}.{kind}"])


def output_of(level: LevelWeights):
    conv = OUTPUTS.Conv2dMixedPrecision()
    conv.__dict__.update(module_state({}, weight=level.nodes))
    conv.__dict__["_parameters"]["bias"] = None
    output = OUTPUTS.DiscreteDistributionOutput()
    output.__dict__.update(module_state({"multi_out_conv1x1": conv}), k=level.candidates, size=level.side, conv_inc=1)
    output.__dict__.update(leak_choice=True, sdd=counters_of(level.candidates))
    output.__dict__["_buffers"]["split_idxs"] = torch.zeros(2)
    return output


def counters_of(count: int):
    """What Split-and-Prune has counted: an importer has no use for it."""
    counters = OUTPUTS.SplitableDiscreteDistribution()
    counters.__dict__.update(
        k=count,
        count=np.arange(count, dtype=np.float64),
        near2=np.zeros((count, count)),
        i_to_idx={i: i for i in range(count)},
        split_iters=[1, 70_000, 3_000_000_000],
        random=random.Random(1),
    )
    return counters
