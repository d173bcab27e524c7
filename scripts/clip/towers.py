"""
Picture towers of a CLIP bundle for half-finished pictures, each for one side in pixels:

    python scripts/decode_avatars.py models/avatars-64 --data data/avatars-64/train --out data/avatars-states/train \\
        --sides 4,8,16
    python scripts/decode_avatars.py models/avatars-64 --data data/avatars-64/test --out data/avatars-states/test \\
        --sides 4,8,16
    python scripts/train_clip_towers.py models/avatars-clip --states data/avatars-states

The tower for finished pictures sees a picture of 4x4 pixels enlarged to 64x64, at the price of a finished one. A tower
for that side takes it as it is, in a tenth of the time, and learns one question only: of what finished pictures is
this the beginning? Its embeddings lie in the space of the text tower, which is not changed. `model.json` lists the
towers; who reads the folder as a usual CLIP does not see them.
"""

from __future__ import annotations

import argparse
import json
import shlex
import sys
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from avatars.avatar_set import HIDDEN, AvatarSet
from avatars.fit import Fit, Schedule
from avatars.graph_file import export_graph, store_compact
from avatars.provenance import portable_arguments
from clip.captions import Captions
from clip.net import Clip, ClipConfig, TextConfig, VisionConfig
from clip.train import ClipTraining
from clip.weights import read_tokenizer, start_with_words
from ddn.pictures import shuffled
from export.files import MANIFEST, file_entry, write_manifest

SMALL = VisionConfig(stem=48, width=96, depth=3, mix=48, hidden=192, pooled=16)
TOWERS = {side: replace(SMALL, side=side, patch=patch) for side, patch in ((4, 1), (8, 2), (16, 2))}
HELD_OUT = 2000


def parse(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Trains picture towers of a CLIP for half-finished pictures.")
    parser.add_argument("bundle", type=Path, help="folder of the CLIP; the towers are added to it")
    parser.add_argument(
        "--states", type=Path, required=True, help="folder with train and test, each with a folder for each side"
    )
    parser.add_argument("--sides", type=_sides, default=list(TOWERS), help="sides in pixels, as 4,8")
    parser.add_argument("--runs", type=Path, default=Path("runs/avatars-clip-towers"), help="folder for checkpoints")
    parser.add_argument("--steps", type=int, default=2000, help="optimiser steps of each tower")
    parser.add_argument("--batch", type=int, default=256, help="pictures per step")
    parser.add_argument("--rate", type=float, default=2e-3, help="highest learning rate")
    parser.add_argument(
        "--adversarial",
        type=float,
        default=0.25,
        help="largest change of a pixel, of a range of 2, by which half of the pictures are made to mislead the tower",
    )
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=None, help="CPU threads; default: as many as torch likes")
    return parser.parse_args(arguments)


def _sides(text: str) -> list[int]:
    sides = [int(side) for side in text.split(",")]
    if not set(sides) <= set(TOWERS):
        raise argparse.ArgumentTypeError(f"expected sides among {', '.join(map(str, TOWERS))}")
    return sides


class TowerTraining(ClipTraining):
    """As the CLIP's own training, of one picture tower; words stay what they are."""

    def __init__(self, options: argparse.Namespace, side: int) -> None:
        self.options = options
        self.misled_sides = (side,)
        self.data = AvatarSet(options.states / "train" / str(side))
        self.held_out = {f"{side} px": AvatarSet(options.states / "test" / str(side), HELD_OUT)}
        self.tokenizer = read_tokenizer(options.bundle)
        self.captions = Captions(self.data, self.tokenizer)
        torch.manual_seed(options.seed)
        text = TextConfig(**json.loads((options.bundle / MANIFEST).read_text())["architecture"]["text"])
        config = ClipConfig(text, TOWERS[side])
        values = sum(len(attribute.values) for attribute in self.data.attributes)
        self.network = Clip(config, values).to(memory_format=torch.channels_last)
        start_with_words(self.network, options.bundle)
        for parameter in (*self.network.text.parameters(), self.network.log_scale, self.network.log_prompt_scale):
            parameter.requires_grad_(False)

    def _pictures(self, step: int, rng: np.random.Generator) -> tuple[np.ndarray, Tensor]:
        rows = shuffled(len(self.data), self.options.batch, step, self.options.seed)
        return rows, self.data.batch(rows)[0]

    def report(self) -> str:
        ((_, data),) = self.held_out.items()
        return f"{super().report()}  loss of prompts {self.prompt_loss(data):.3f}"

    @torch.inference_mode()
    def prompt_loss(self, data: AvatarSet) -> float:
        """Mean negative log-likelihood of the values that show, in nats, by their plain prompts."""
        self.network.eval()
        pixels, labels = data.batch(np.arange(len(data)))
        pictures = self._encode_image(pixels)
        losses = []
        for column, attribute in enumerate(data.attributes):
            scores = pictures @ self._encode_text(attribute.plain_prompts).T * self.network.log_prompt_scale.exp()
            losses.append(F.cross_entropy(scores, labels[:, column], ignore_index=HIDDEN).item())
        self.network.train()
        return float(np.mean(losses))


def main(arguments: list[str] | None = None) -> None:
    arguments = sys.argv[1:] if arguments is None else arguments
    options = parse(arguments)
    if options.threads:
        torch.set_num_threads(options.threads)
    for side in options.sides:
        training = TowerTraining(options, side)
        schedule = Schedule(options.steps, options.batch, options.rate, 100, 0.02, options.seed)
        fit = Fit(training.network, schedule, options.runs / str(side), training.network.config.to_dict())
        fit.resume()
        fit.run(training.loss_at, training.report, report_every=200)
        add_tower(options.bundle, training, fit, arguments)


def add_tower(folder: Path, training: TowerTraining, fit: Fit, command: list[str]) -> None:
    """Writes the tower's graph and its entry in model.json, in place of an older tower of the side."""
    vision = training.network.config.vision
    side = vision.side
    name = f"onnx/vision_model_{side}.onnx"
    pictures = {"pixel_values": torch.linspace(-1, 1, 2 * 3 * side * side).view(2, 3, side, side)}
    export_graph(training.network.vision.eval(), pictures, "image_embeds", folder / name)
    store_compact(folder / name, "int8")
    manifest = json.loads((folder / MANIFEST).read_text())
    ((_, data),) = training.held_out.items()
    entry = {
        "side": side,
        "file": name,
        "architecture": asdict(vision),
        "made": {
            "command": "python " + shlex.join(["scripts/train_clip_towers.py", *portable_arguments(command)]),
            "images_seen": fit.step * training.options.batch,
            "minutes": round(fit.seconds / 60, 1),
        },
        "metrics": {"pictures": len(data), "prompt_loss": round(training.prompt_loss(data), 4)},
    }
    others = [one for one in manifest.get("picture_towers", []) if one["side"] != side]
    manifest["picture_towers"] = sorted([*others, entry], key=lambda one: one["side"])
    manifest["files"][name] = file_entry(folder / name)
    manifest["files"] = dict(sorted(manifest["files"].items()))
    write_manifest(folder, manifest)
