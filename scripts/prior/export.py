"""Writes a prior into its network's bundle, outside the bundle's hash, if torch and onnxruntime agree."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from ddn.conditions import condition_of
from ddn.model import ModelConfig, Network
from export.bundle import Bundle
from export.files import file_entry, write_manifest
from export.onnx_graph import tensor_locations
from export.precision import precision_of, restored, stored
from prior.graphs import descend_graph, side_graph
from prior.model import Prior, PriorConfig

WEIGHTS = "prior.safetensors"
WRITTEN = ("weights", "sides", "descend", "files", "architecture", "parity")  # entries of model.json made here
CHECKED = 16  # pictures of the self-check
TOLERANCE = 1e-3  # of log p beside its own size: a sum of some ten thousand products


@torch.no_grad()
def graph_weights(prior: Prior) -> dict[str, Tensor]:
    """Parameters as the graphs take them: heads stacked by place, and the channels of the first kernel in the order of
    ONNX's SpaceToDepth, which torch's pixel_unshuffle has the other way round."""
    found = {}
    for side, part in prior.sides.items():
        kept = {name: value for name, value in part.state_dict().items() if not name.startswith("heads.")}
        if part.fold > 1:
            kept["enter.weight"] = kept["enter.weight"].unflatten(1, (-1, part.fold**2)).transpose(1, 2).flatten(1, 2)
        for name in part.heads[0].state_dict():
            kept[f"heads.{name}"] = torch.stack([head.state_dict()[name] for head in part.heads])
        found |= {f"sides.{side}.{name}": value.contiguous() for name, value in kept.items()}
    return found


def from_graph_weights(config: ModelConfig, shape: PriorConfig, weights: dict[str, Tensor]) -> Prior:
    """The inverse of `graph_weights`."""
    prior = Prior(config, shape)
    state: dict[str, Tensor] = {}
    for side, part in prior.sides.items():
        own = {name: weights[f"sides.{side}.{name}"] for name in part.state_dict() if not name.startswith("heads.")}
        if part.fold > 1:
            own["enter.weight"] = own["enter.weight"].unflatten(1, (part.fold**2, -1)).transpose(1, 2).flatten(1, 2)
        for place, head in enumerate(part.heads):
            own |= {f"heads.{place}.{name}": weights[f"sides.{side}.heads.{name}"][place] for name in head.state_dict()}
        state |= {f"sides.{side}.{name}": value for name, value in own.items()}
    prior.load_state_dict(state)
    return prior.eval()


def read_prior(folder: Path, manifest: dict, config: ModelConfig) -> Prior:
    """The prior of a bundle as a torch module."""
    about = manifest["prior"]
    weights = restored(load_file(folder / about["weights"]))
    return from_graph_weights(config, PriorConfig.from_dict(about["architecture"]), weights)


def write_prior(bundle: Bundle, network: Network, prior: Prior, target: Tensor, told: dict) -> dict:
    """Returns the new model.json. `target`: held-out pictures for the self-check; `told`: more entries of model.json.

    Stored as int8, unless the network is stored as float32. Raises SystemExit where the two disagree or the disk does
    not take it; the bundle then stays as it was.
    """
    folder = bundle.folder
    beside = folder.parent / f".{folder.name}.prior.{os.getpid()}.tmp"
    shutil.rmtree(beside, ignore_errors=True)
    try:
        beside.mkdir()
        os.link(folder / bundle.manifest["weights"], beside / bundle.manifest["weights"])
        precision = "float" if precision_of(bundle.manifest) == "float" else "int8"
        kept = stored(graph_weights(prior), precision)
        prior = from_graph_weights(prior.model, prior.config, restored(kept))
        save_file(kept, beside / WEIGHTS)
        (beside / WEIGHTS).chmod(0o644)
        locations = tensor_locations(beside / bundle.manifest["weights"]) | tensor_locations(beside / WEIGHTS)
        names = {side: f"prior-{side}.onnx" for side in prior.sides}
        for side, name in names.items():
            onnx.save(side_graph(prior, side, locations), beside / name)
        whole = {side: f"descend-{side}.onnx" for side in prior.sides}
        for side, name in whole.items():
            onnx.save(descend_graph(prior, side, locations), beside / name)
        parity = check(beside, network, prior, target, names, whole)
        files = [WEIGHTS, *names.values(), *whole.values()]
        entry = {
            "weights": WEIGHTS,
            "sides": names,
            "descend": whole,
            "files": {name: file_entry(beside / name) for name in files},
            "architecture": prior.config.to_dict(),
            "parity": parity,
            **told,
        }
        for name in files:
            os.replace(beside / name, folder / name)
        manifest = {key: value for key, value in bundle.manifest.items() if key != "latents"}
        for name in set(manifest.get("prior", {}).get("files", {})) - set(files):
            (folder / name).unlink(missing_ok=True)
        write_manifest(folder, {**manifest, "prior": entry})
        return {**manifest, "prior": entry}
    except OSError as error:
        raise SystemExit(f"could not write the prior of {folder}: {error}; free some disk and run this again")
    finally:
        shutil.rmtree(beside, ignore_errors=True)


@torch.no_grad()
def check(
    folder: Path, network: Network, prior: Prior, target: Tensor, names: dict[str, str], whole: dict[str, str]
) -> dict:
    """Largest differences of log p and estimates along drawn codes, and the share of equal codes of whole descents."""
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    opened = {
        name: onnxruntime.InferenceSession(str(folder / name), options, providers=["CPUExecutionProvider"])
        for name in (*names.values(), *whole.values())
    }
    condition = condition_of(target, network.config)
    fed = {} if condition is None else {"condition": condition.numpy()}
    state = network.begin(target.shape[0])
    noise = gumbel(target.shape[0], network)
    codes, worst, worst_estimate, largest = [], 0.0, 0.0, 1.0
    for index, level in enumerate(network.levels):
        before = state.predict
        features, predict = network.step(index, state, condition)
        logits, missing = prior.logits(index, level.nodes, features, predict, condition)
        expected = logits.log_softmax(1)
        side, place = prior.where[index]
        feeds = {"features": features.numpy(), "predict": before.numpy(), "place": np.array([place])}
        found, estimate = opened[names[side]].run(["log_prior", "estimate"], {**feeds, **fed})
        worst = max(worst, float(np.abs(found - expected.numpy()).max()))
        largest = max(largest, float(expected.abs().max()))
        worst_estimate = max(worst_estimate, float(np.abs(estimate - (predict + missing).numpy()).max()))
        choice = (expected + noise[:, index]).argmax(1)
        codes.append(choice)
        state = network.choose(index, features, predict, choice)
    drawn = descend([opened[name] for name in whole.values()], noise.numpy(), fed)
    wanted = torch.stack(codes, 1).numpy()
    # A near tie that falls the other way changes every level after it: counted up to the first one.
    same = np.cumprod(drawn == wanted, axis=1)
    parity = {
        "log_prior_max_abs": worst,
        "estimate_max_abs": worst_estimate,
        "descend_equal": float(same.mean()),
        "pictures": len(target),
    }
    if worst > TOLERANCE * largest or same[:, 0].mean() < 1:
        raise SystemExit(f"the prior was not written: torch and onnxruntime disagree: {parity}")
    return parity


def descend(sides: list[onnxruntime.InferenceSession], noise: np.ndarray, fed: dict[str, np.ndarray]) -> np.ndarray:
    """Codes [B,L] of whole descents by the graphs of the sides, coarse to fine."""
    codes, state = [], {}
    for session in sides:
        done = sum(part.shape[1] for part in codes)
        names = [output.name for output in session.get_outputs()]
        count = len([name for name in names if name.startswith("level_")])
        found = dict(zip(names, session.run(names, {"noise": noise[:, done : done + count], **state, **fed})))
        codes.append(found["codes"])
        last = f"level_{done + count - 1:02d}"
        state = {"features": found["next_features"], "predict": found[last], "choice": found["codes"][:, -1]}
    return np.concatenate(codes, 1)


def gumbel(batch: int, network: Network) -> Tensor:
    generator = torch.Generator().manual_seed(0)
    shape = (batch, len(network.levels), network.config.candidates)
    return -torch.empty(shape).exponential_(generator=generator).log()
