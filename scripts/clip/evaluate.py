"""
Measures a CLIP on avatars: how often the right value of an attribute is named among all its values, by their plain
prompts ("a person with red hair"). Writes the figures into the bundle's model.json.

    python scripts/evaluate_clip.py models/avatars-clip --decoded data/avatars-decoded/test
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnxruntime
import torch
import torch.nn.functional as F
from tokenizers import Tokenizer
from torch import Tensor

from avatars.avatar_set import Attribute, AvatarSet, value_accuracies
from avatars.degrade import blurred, shrunk
from clip.tokenizer import encode
from export.files import MANIFEST, write_manifest

EncodeImage = Callable[[Tensor], Tensor]  # pictures [B, 3, 64, 64] -> unit embeddings
EncodeText = Callable[[list[str]], Tensor]  # texts -> unit embeddings


def prompt_accuracy(
    attributes: list[Attribute], batch: tuple[Tensor, Tensor], encode_image: EncodeImage, encode_text: EncodeText
) -> dict:
    """Share of pictures named rightly, per attribute, over the pictures that show it."""
    pixels, labels = batch
    pictures = torch.cat([encode_image(chunk) for chunk in pixels.split(250)])
    scores = [pictures @ encode_text(attribute.plain_prompts).T for attribute in attributes]
    return dict(zip([attribute.name for attribute in attributes], value_accuracies(scores, labels)))


class OnnxClip:
    """The two graphs of a bundle in onnxruntime."""

    def __init__(self, folder: Path, threads: int = 0) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        providers = ["CPUExecutionProvider"]
        self.text = onnxruntime.InferenceSession(str(folder / "onnx" / "text_model.onnx"), options, providers=providers)
        self.vision = onnxruntime.InferenceSession(
            str(folder / "onnx" / "vision_model.onnx"), options, providers=providers
        )
        self.tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))

    def encode_image(self, pixels: Tensor) -> Tensor:
        found = self.vision.run(["image_embeds"], {"pixel_values": pixels.contiguous().numpy()})[0]
        return F.normalize(torch.from_numpy(found), dim=1)

    def encode_text(self, texts: list[str]) -> Tensor:
        ids, mask = encode(self.tokenizer, texts)
        found = self.text.run(["text_embeds"], {"input_ids": ids.numpy(), "attention_mask": mask.numpy()})[0]
        return F.normalize(torch.from_numpy(found), dim=1)

    def milliseconds(self, batch: int = 64, runs: int = 20) -> float:
        """Least processor time of a batch of pictures: what one idle core would take."""
        pixels = torch.rand(batch, 3, 64, 64) * 2 - 1
        times = []
        for _ in range(runs):
            start = time.process_time()
            self.encode_image(pixels)
            times.append(time.process_time() - start)
        return min(times) * 1000


def measure(clip: OnnxClip, folder: Path, degraded: bool) -> dict:
    data = AvatarSet(folder)
    pixels, labels = data.batch(np.arange(len(data)))

    def mean(pictures: Tensor) -> float:
        accuracy = prompt_accuracy(data.attributes, (pictures, labels), clip.encode_image, clip.encode_text)
        return round(float(np.mean(list(accuracy.values()))), 4)

    accuracy = prompt_accuracy(data.attributes, (pixels, labels), clip.encode_image, clip.encode_text)
    figures = {
        "pictures": len(data),
        "accuracy_mean": round(float(np.mean(list(accuracy.values()))), 4),
        "accuracy": {name: round(value, 4) for name, value in accuracy.items()},
    }
    if degraded:
        figures["accuracy_mean_degraded"] = {
            "blur_1px": mean(blurred(pixels, 1.0)),
            **{f"shrunk_{side}px": mean(shrunk(pixels, side)) for side in (32, 16, 8)},
        }
    return figures


def evaluate_bundle(folder: Path, sets: dict[str, Path], threads: int = 1) -> None:
    """Measures on each set ('renders', 'decoded', ...) and keeps the figures of sets that are not measured now."""
    manifest = json.loads((folder / MANIFEST).read_text())
    clip = OnnxClip(folder, threads)
    for name, path in sets.items():
        manifest["metrics"][name] = measure(clip, path, degraded=name == "renders")
    manifest["metrics"]["milliseconds_64_pictures_one_core"] = round(clip.milliseconds(), 1)
    write_manifest(folder, manifest)
    print(json.dumps(manifest["metrics"], indent=2))


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description="Measures a CLIP on avatars.")
    parser.add_argument("bundle", type=Path)
    parser.add_argument("--renders", type=Path, default=Path("data/avatars-64/test"), help="held-out pictures")
    parser.add_argument("--decoded", type=Path, help="the same, decoded by a DDN (scripts/decode_avatars.py)")
    options = parser.parse_args(arguments)
    if not (options.bundle / MANIFEST).exists():
        raise SystemExit(f"{options.bundle} is no bundle: {MANIFEST} is missing; train one with scripts/train_clip.py")
    sets = {"renders": options.renders} | ({"decoded": options.decoded} if options.decoded else {})
    evaluate_bundle(options.bundle, sets)
