"""
Trains the attribute classifier and writes it as models/avatars-attributes.

    npx tsx scripts/datasets/avatars.ts --prefix judge --out data/avatars-judge
    python scripts/train_attributes.py --threads 2

A stopped run resumes from its checkpoint. `--evaluate` only measures the bundle again and writes the figures into its
model.json.
"""

from __future__ import annotations

import argparse
import json
import shlex
import sys
from pathlib import Path

import numpy as np
import onnxruntime
import torch
from torch import Tensor

from attributes.net import AttributeNet, AttributeNetConfig, attribute_loss
from avatars.avatar_set import Attribute, AvatarSet, value_accuracies
from avatars.degrade import blurred, mixed, noisy, shrunk
from avatars.fit import Fit, Schedule
from avatars.graph_file import export_graph
from avatars.provenance import LICENCE, portable_arguments
from ddn.pictures import shuffled
from export.files import file_entry, replace_folder, staging_folder, write_manifest

SHARES = {"blur": 0.15, "noise": 0.15, "shrink:48": 0.1, "shrink:32": 0.15, "shrink:24": 0.05}
STRENGTH = 0.5  # mild: the classifier judges what is visible, it should not guess


def parse(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Trains the attribute classifier of the avatars.")
    parser.add_argument("--data", type=Path, default=Path("data/avatars-judge/train"), help="folder to train on")
    parser.add_argument("--held-out", type=Path, default=Path("data/avatars-64/test"), help="folder for the figures")
    parser.add_argument("--out", type=Path, default=Path("models/avatars-attributes"), help="bundle to write")
    parser.add_argument("--runs", type=Path, default=Path("runs/avatars-attributes"), help="folder for the checkpoint")
    parser.add_argument("--steps", type=int, default=1000, help="optimiser steps")
    parser.add_argument("--batch", type=int, default=256, help="pictures per step")
    parser.add_argument("--rate", type=float, default=3e-3, help="highest learning rate")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=None, help="CPU threads; default: as many as torch likes")
    parser.add_argument("--evaluate", action="store_true", help="measure the bundle at --out, train nothing")
    return parser.parse_args(arguments)


def train(options: argparse.Namespace) -> Fit:
    data, held_out = AvatarSet(options.data), AvatarSet(options.held_out, 1000)
    config = AttributeNetConfig.of(data.attributes)
    torch.manual_seed(options.seed)
    network = AttributeNet(config).to(memory_format=torch.channels_last)
    schedule = Schedule(options.steps, options.batch, options.rate, 100, 0.02, options.seed)
    fit = Fit(network, schedule, options.runs, config.to_dict())
    fit.resume()

    def loss_at(step: int) -> Tensor:
        pixels, labels = data.batch(shuffled(len(data), options.batch, step, options.seed))
        pixels = mixed(pixels, SHARES, STRENGTH, np.random.default_rng((options.seed, step)))
        with torch.autocast("cpu", torch.bfloat16):
            logits = network(pixels.contiguous(memory_format=torch.channels_last))
        return attribute_loss(network.split(logits), labels)

    def report() -> str:
        network.eval()
        with torch.inference_mode():
            scores = torch.cat(
                [network(held_out.batch(rows)[0]) for rows in np.array_split(np.arange(len(held_out)), 4)]
            )
        network.train()
        return f"held out {np.mean(value_accuracies(network.split(scores), held_out.labels)):.4f}"

    fit.run(loss_at, report, report_every=200)
    return fit


def write_bundle(
    network: AttributeNet, attributes: list[Attribute], fit: Fit, options: argparse.Namespace, command: list[str]
) -> None:
    folder = staging_folder(options.out)
    example = torch.zeros(2, 3, network.config.side, network.config.side)
    export_graph(network.eval(), {"pixels": example}, "logits", folder / "model.onnx")
    labels = {
        "side": network.config.side,
        "mean": [0.5, 0.5, 0.5],
        "deviation": [0.5, 0.5, 0.5],
        "attributes": labelled(attributes),
    }
    (folder / "labels.json").write_text(json.dumps(labels, indent=1) + "\n")
    manifest = {
        "format_version": 1,
        "kind": "classifier",
        "name": "avatars-attributes",
        "title": "Attributes of avatars",
        "description": "Names hair, hat, skin, clothes, face and background of an avatar: one softmax per attribute.",
        "licence": LICENCE,
        "dataset": "avatars",
        "architecture": network.config.to_dict(),
        "input": {"name": "pixels", "side": network.config.side, "channels": 3, "range": [-1, 1]},
        "output": {"name": "logits", "size": sum(network.config.sizes)},
        "made": {
            "command": "python " + shlex.join(["scripts/train_attributes.py", *portable_arguments(command)]),
            "seed": options.seed,
            "steps": fit.step,
            "images_seen": fit.step * options.batch,
            "minutes": round(fit.seconds / 60, 1),
        },
        "metrics": {},
        "files": {path.name: file_entry(path) for path in sorted(folder.iterdir())},
    }
    write_manifest(folder, manifest)
    replace_folder(folder, options.out)


def labelled(attributes: list[Attribute]) -> dict[str, dict]:
    """What each output means: outputs offset ... offset + len(values) - 1 are the logits of the attribute's values."""
    table, offset = {}, 0
    for attribute in attributes:
        table[attribute.name] = {
            "offset": offset,
            "values": attribute.values,
            "words": dict(zip(attribute.values, attribute.plain_prompts)),
        }
        offset += len(attribute.values)
    return table


def evaluate(options: argparse.Namespace) -> dict:
    """Accuracies of the bundle on held-out pictures, as they are and degraded."""
    data = AvatarSet(options.held_out)
    session = onnxruntime.InferenceSession(str(options.out / "model.onnx"), providers=["CPUExecutionProvider"])
    sizes = [len(attribute.values) for attribute in data.attributes]
    pixels, labels = data.batch(np.arange(len(data)))

    def accuracies(pictures: Tensor) -> list[float]:
        chunks = [session.run(None, {"pixels": chunk.contiguous().numpy()})[0] for chunk in pictures.split(250)]
        return value_accuracies(list(torch.from_numpy(np.concatenate(chunks)).split(sizes, dim=1)), labels)

    clean = accuracies(pixels)
    rng = np.random.default_rng(0)
    return {
        "pictures": len(data),
        "accuracy_mean": round(float(np.mean(clean)), 4),
        "accuracy": {a.name: round(value, 4) for a, value in zip(data.attributes, clean)},
        "accuracy_mean_degraded": {
            "blur_1px": round(float(np.mean(accuracies(blurred(pixels, 1.0)))), 4),
            "noise_0.1": round(float(np.mean(accuracies(noisy(pixels, 0.1, rng)))), 4),
            "shrunk_32px": round(float(np.mean(accuracies(shrunk(pixels, 32)))), 4),
        },
    }


def main(arguments: list[str] | None = None) -> None:
    arguments = sys.argv[1:] if arguments is None else arguments
    options = parse(arguments)
    if options.threads:
        torch.set_num_threads(options.threads)
    if not options.evaluate:
        fit = train(options)
        assert isinstance(fit.network, AttributeNet)
        write_bundle(fit.network, AvatarSet(options.held_out, 1).attributes, fit, options, arguments)
    path = options.out / "model.json"
    if not path.exists():
        raise SystemExit(f"{path} is missing: train first, without --evaluate")
    manifest = json.loads(path.read_text()) | {"metrics": evaluate(options)}
    write_manifest(options.out, manifest)
    print(json.dumps(manifest["metrics"], indent=2))
