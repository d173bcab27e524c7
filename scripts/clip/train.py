"""
Trains the small CLIP of the avatars and writes it as models/avatars-clip, in the usual Hugging Face layout.

    npx tsx scripts/datasets/avatars.ts
    python scripts/train_clip.py --threads 2

A guide looks at half-finished pictures, so it learns from pictures as they are, blurred, shrunk and noisy ones, and
with `--decoded FOLDER` from pictures that a DDN decoded (scripts/decode_avatars.py). A stopped run resumes from its
checkpoint. The loss has two parts: captions against pictures, where every caption that is true of a picture counts as
its own; and, per attribute, the plain prompts of all its values against each other.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from avatars.avatar_set import HIDDEN, AvatarSet
from avatars.degrade import mixed
from avatars.fit import Fit, Schedule
from clip.adversary import misled
from clip.bundle import write_bundle
from clip.captions import GENERIC, PER_PICTURE, Captions
from clip.evaluate import evaluate_bundle, prompt_accuracy
from clip.net import Clip, ClipConfig, TextConfig
from clip.tokenizer import LENGTH, SPECIAL, SUFFIXES, UNKNOWN, encode, make_tokenizer
from clip.weights import read_tokenizer, start_from_bundle
from ddn.pictures import shuffled

SHARES = {"blur": 0.12, "noise": 0.12, "shrink:32": 0.1, "shrink:16": 0.1, "shrink:8": 0.06, "shrink:4": 0.03}
DECODED_SHARE = 0.5  # of the batch, where there are decoded pictures
FORGOTTEN = 0.03  # of the words, so that unknown ones do no harm
PROMPT_WEIGHT = 0.5  # of the sum over attributes, beside the captions' loss
PROBE_WEIGHT = 0.2  # the same for the probe of the pictures' embeddings
MISLED_SHARE = 0.5  # of the batch, where --adversarial is given
MISLED_SIDES = (8, 16, 32, 64)
CALIBRATION = 512  # pictures whose statistics restore the batch norms of a bundle


def parse(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Trains the small CLIP of the avatars.")
    parser.add_argument("--data", type=Path, default=Path("data/avatars-64/train"), help="folder to train on")
    parser.add_argument("--held-out", type=Path, default=Path("data/avatars-64/test"), help="folder for the figures")
    parser.add_argument("--decoded", type=Path, help="folder with train and test, decoded by a DDN")
    parser.add_argument("--start", type=Path, help="folder or checkpoint of a CLIP whose weights are the start")
    parser.add_argument(
        "--adversarial",
        type=float,
        default=0.0,
        help="largest change of a pixel, of a range of 2, by which half of the pictures are made to mislead the CLIP",
    )
    parser.add_argument("--out", type=Path, default=Path("models/avatars-clip"), help="bundle to write")
    parser.add_argument("--runs", type=Path, default=Path("runs/avatars-clip"), help="folder for the checkpoint")
    parser.add_argument("--steps", type=int, default=1500, help="optimiser steps")
    parser.add_argument("--batch", type=int, default=256, help="pictures per step")
    parser.add_argument("--rate", type=float, default=2e-3, help="highest learning rate")
    parser.add_argument("--limit", type=int, help="use the first N pictures only")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=None, help="CPU threads; default: as many as torch likes")
    return parser.parse_args(arguments)


class ClipTraining:
    """Everything a step needs; a step depends on its number only."""

    misled_sides = MISLED_SIDES

    def __init__(self, options: argparse.Namespace) -> None:
        self.options = options
        self.data = AvatarSet(options.data, options.limit)
        self.decoded = AvatarSet(options.decoded / "train") if options.decoded else None
        self.held_out = {"held out": AvatarSet(options.held_out, 1000)}
        if options.decoded:
            self.held_out["decoded"] = AvatarSet(options.decoded / "test", 1000)
        prompts = [p for a in self.data.attributes for value in a.prompts for p in value]
        sample = [caption for record in self.data.records for caption in record["captions"]]
        bundle = options.start if options.start and options.start.is_dir() else None
        self.tokenizer = read_tokenizer(bundle) if bundle else make_tokenizer([*sample, *prompts, *GENERIC])
        self.captions = Captions(self.data, self.tokenizer)
        config = ClipConfig(TextConfig(self.tokenizer.get_vocab_size(), LENGTH))
        torch.manual_seed(options.seed)
        values = sum(len(attribute.values) for attribute in self.data.attributes)
        self.network = Clip(config, values).to(memory_format=torch.channels_last)
        if bundle:
            start_from_bundle(self.network, bundle, self.data.batch(np.arange(min(CALIBRATION, len(self.data))))[0])

    def loss_at(self, step: int) -> Tensor:
        options = self.options
        rng = np.random.default_rng((options.seed, step))
        rows, pixels = self._pictures(step, rng)
        pixels = pixels.contiguous(memory_format=torch.channels_last)
        which = rng.integers(0, PER_PICTURE, len(rows))
        truth = self.captions.truth(rows, which)
        ids, mask = self._texts(rows, which, rng)
        prompt_ids, prompt_mask = self._prompts(rng)
        labels = self.data.labels[torch.from_numpy(rows)]
        if options.adversarial:
            pixels = self._misled(pixels, labels, prompt_ids, prompt_mask, rng)
        with torch.autocast("cpu", torch.bfloat16):
            pictures = self.network.encode_image(pixels)
            texts = self.network.encode_text(ids, mask)
            prompts = self.network.encode_text(prompt_ids, prompt_mask)
        generic = np.ones((len(ids) - len(rows), len(rows)), dtype=bool)
        matched = torch.from_numpy(np.concatenate([truth, generic]))
        loss = caption_loss(texts @ pictures.T * self.network.log_scale.exp(), matched)
        scores = pictures @ prompts.T * self.network.log_prompt_scale.exp()
        loss = loss + PROBE_WEIGHT * self._value_loss(self.network.probe_logits(pictures), labels)
        return loss + PROMPT_WEIGHT * self._value_loss(scores, labels)

    def report(self) -> str:
        self.network.eval()
        lines = []
        for name, data in self.held_out.items():
            batch = data.batch(np.arange(len(data)))
            accuracy = prompt_accuracy(data.attributes, batch, self._encode_image, self._encode_text)
            worst = sorted((value, attribute) for attribute, value in accuracy.items())[:3]
            lines.append(f"{name} {np.mean(list(accuracy.values())):.4f} " + " ".join(f"{a} {v:.3f}" for v, a in worst))
        self.network.train()
        return "  ".join(lines)

    def _encode_image(self, pixels: Tensor) -> Tensor:
        with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16):
            return self.network.encode_image(pixels.contiguous(memory_format=torch.channels_last))

    def _encode_text(self, texts: list[str]) -> Tensor:
        with torch.inference_mode():
            return self.network.encode_text(*encode(self.tokenizer, texts))

    def _misled(self, pixels: Tensor, labels: Tensor, ids: Tensor, mask: Tensor, rng: np.random.Generator) -> Tensor:
        """A random part of the batch changed, up to a random strength, so that its values are named less well."""
        chosen = torch.from_numpy(rng.permutation(len(pixels))[: round(MISLED_SHARE * len(pixels))])
        with torch.no_grad():
            prompts = self.network.encode_text(ids, mask)
        scale = self.network.log_prompt_scale.detach().exp()

        def loss_of(changed: Tensor) -> Tensor:
            with torch.autocast("cpu", torch.bfloat16):
                return self._value_loss(self.network.encode_image(changed) @ prompts.T * scale, labels[chosen])

        side, strength = int(rng.choice(self.misled_sides)), self.options.adversarial * float(rng.random())
        self.network.eval()  # keeps its statistics of the pictures as they are
        changed = misled(pixels[chosen], loss_of, side, strength)
        self.network.train()
        result = pixels.clone()
        result[chosen] = changed
        return result

    def _pictures(self, step: int, rng: np.random.Generator) -> tuple[np.ndarray, Tensor]:
        """Numbers and pixels: pictures of the data set, part of them degraded, then decoded ones if there are any."""
        decoded = round(DECODED_SHARE * self.options.batch) if self.decoded else 0
        rows = shuffled(len(self.data), self.options.batch - decoded, step, self.options.seed)
        pixels = mixed(self.data.batch(rows)[0], SHARES, 1.0, rng)
        if not self.decoded:
            return rows, pixels
        more = shuffled(len(self.decoded), decoded, step, self.options.seed + 1)
        return np.concatenate([rows, more]), torch.cat([pixels, self.decoded.batch(more)[0]])

    def _texts(self, rows: np.ndarray, which: np.ndarray, rng: np.random.Generator) -> tuple[Tensor, Tensor]:
        """One caption of each picture, then two that are true of all."""
        at = rows * PER_PICTURE + which
        ids, mask = self.captions.ids[at].astype(np.int64), self.captions.mask[at]
        generic = encode(self.tokenizer, list(rng.choice(GENERIC, 2, replace=False)))
        width = max(int(mask.sum(1).max()), generic[0].shape[1])
        ids, mask = torch.from_numpy(ids[:, :width]), torch.from_numpy(mask[:, :width])
        parts = [F.pad(part, (0, width - part.shape[1])) for part in generic]
        return self._forget(torch.cat([ids, parts[0]]), rng), torch.cat([mask.long(), parts[1]])

    def _prompts(self, rng: np.random.Generator) -> tuple[Tensor, Tensor]:
        """One wording of each value of each attribute, in order; the plainest half of the time."""
        texts = [
            prompts[0 if rng.random() < 0.5 else rng.integers(len(prompts))]
            for attribute in self.data.attributes
            for prompts in attribute.prompts
        ]
        return encode(self.tokenizer, texts)

    def _value_loss(self, scores: Tensor, labels: Tensor) -> Tensor:
        sizes = [len(attribute.values) for attribute in self.data.attributes]
        losses = [
            F.cross_entropy(part, labels[:, column], ignore_index=HIDDEN)
            for column, part in enumerate(scores.split(sizes, dim=1))
            if (labels[:, column] != HIDDEN).any()
        ]
        return torch.stack(losses).sum()

    def _forget(self, ids: Tensor, rng: np.random.Generator) -> Tensor:
        """Randomly replaces words by unknown ones or suffixes."""
        luck = torch.from_numpy(rng.random(tuple(ids.shape)))
        noise = torch.from_numpy(rng.integers(len(SPECIAL), len(SPECIAL) + len(SUFFIXES), tuple(ids.shape)))
        noise[luck < FORGOTTEN * 0.8] = self.tokenizer.token_to_id(UNKNOWN)
        return torch.where((luck < FORGOTTEN) & (ids >= len(SPECIAL)), noise, ids)


def caption_loss(scores: Tensor, matched: Tensor) -> Tensor:
    """
    InfoNCE with several right answers, both ways: of all pictures, those that a caption is true of should share its
    softmax evenly, and of all captions, those that are true of a picture should share the picture's.
    """
    return (_many_right(scores, matched) + _many_right(scores.T, matched.T)) / 2


def _many_right(scores: Tensor, matched: Tensor) -> Tensor:
    target = matched.float()
    target = target / target.sum(1, keepdim=True)
    entropy = torch.special.entr(target).sum(1)
    return (F.cross_entropy(scores, target, reduction="none") - entropy).mean()


def main(arguments: list[str] | None = None) -> None:
    arguments = sys.argv[1:] if arguments is None else arguments
    options = parse(arguments)
    if options.threads:
        torch.set_num_threads(options.threads)
    training = ClipTraining(options)
    schedule = Schedule(options.steps, options.batch, options.rate, 150, 0.02, options.seed)
    fit = Fit(training.network, schedule, options.runs, training.network.config.to_dict())
    if not fit.resume() and options.start and not options.start.is_dir():
        fit.start_from(options.start)
    fit.run(training.loss_at, training.report, report_every=200)
    write_bundle(training.network, training.tokenizer, training.data.attributes, fit, options, arguments)
    sets = {"renders": options.held_out} | ({"decoded": options.decoded / "test"} if options.decoded else {})
    evaluate_bundle(options.out, sets)
