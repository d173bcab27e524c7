"""The small CLIP as a folder in the Hugging Face layout that transformers.js loads, with our model.json beside it."""

from __future__ import annotations

import argparse
import json
import shlex
import shutil
from pathlib import Path

import torch
from tokenizers import Tokenizer

from avatars.avatar_set import Attribute
from avatars.fit import Fit
from avatars.graph_file import export_graph, store_compact
from avatars.provenance import LICENCE, portable_arguments
from clip.net import Clip
from clip.tokenizer import END, PAD, START, encode, save_tokenizer
from export.files import file_entry, replace_folder, staging_folder, write_manifest


def write_bundle(
    network: Clip,
    tokenizer: Tokenizer,
    attributes: list[Attribute],
    fit: Fit,
    options: argparse.Namespace,
    command: list[str],
) -> None:
    folder = staging_folder(options.out)
    write_graphs(network.eval(), tokenizer, folder)
    save_tokenizer(tokenizer, folder)
    for name, content in (
        ("config.json", config(network, tokenizer)),
        ("preprocessor_config.json", processor(network)),
        ("vocabulary.json", vocabulary(attributes)),
    ):
        (folder / name).write_text(json.dumps(content, indent=2) + "\n")
    shutil.copyfile(Path(__file__).parent / "synonyms.json", folder / "synonyms.json")
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    manifest = {
        "format_version": 1,
        "kind": "clip",
        "name": "avatars-clip",
        "title": "CLIP for avatars",
        "description": "Says how well words fit an avatar, finished or half-finished. Knows about 300 English words.",
        "licence": LICENCE,
        "dataset": "avatars",
        "logit_scale": round(network.log_scale.exp().item(), 2),
        "architecture": network.config.to_dict(),
        "made": {
            "command": "python " + shlex.join(["scripts/train_clip.py", *portable_arguments(command)]),
            "seed": options.seed,
            "steps": fit.step,
            "images_seen": fit.step * options.batch,
            "minutes": round(fit.seconds / 60, 1),
        },
        "metrics": {},
        "files": {path.relative_to(folder).as_posix(): file_entry(path) for path in files},
    }
    write_manifest(folder, manifest)
    replace_folder(folder, options.out)


def write_graphs(network: Clip, tokenizer: Tokenizer, folder: Path) -> None:
    """Raises SystemExit where onnxruntime computes something else than torch."""
    ids, mask = encode(tokenizer, ["a person with long red hair", "a bald man"])
    texts = {"input_ids": ids, "attention_mask": mask}
    free = {name: ["batch", "length"] for name in texts}
    export_graph(network.text, texts, "text_embeds", folder / "onnx" / "text_model.onnx", free)
    side = network.config.vision.side
    pictures = {"pixel_values": torch.linspace(-1, 1, 2 * 3 * side * side).view(2, 3, side, side)}
    export_graph(network.vision, pictures, "image_embeds", folder / "onnx" / "vision_model.onnx")
    for name in ("text", "vision"):
        store_compact(folder / "onnx" / f"{name}_model.onnx", "half")


def vocabulary(attributes: list[Attribute]) -> dict:
    """vocabulary.json: per attribute the prompts of all its values, which compete with each other."""
    return {attribute.name: [prompt for prompts in attribute.prompts for prompt in prompts] for attribute in attributes}


def config(network: Clip, tokenizer: Tokenizer) -> dict:
    """config.json: the sizes under the names that CLIP's users know."""
    text, vision, size = network.config.text, network.config.vision, network.config.size
    return {
        "architectures": ["CLIPModel"],
        "model_type": "clip",
        "projection_dim": size,
        "logit_scale_init_value": network.log_scale.item(),
        "text_config": {
            "model_type": "clip_text_model",
            "vocab_size": text.vocabulary,
            "max_position_embeddings": text.length,
            "hidden_size": text.width,
            "num_hidden_layers": text.depth,
            "num_attention_heads": text.heads,
            "intermediate_size": text.hidden,
            "hidden_act": "relu",
            "projection_dim": size,
            "pad_token_id": tokenizer.token_to_id(PAD),
            "bos_token_id": tokenizer.token_to_id(START),
            "eos_token_id": tokenizer.token_to_id(END),
        },
        "vision_config": {
            "model_type": "clip_vision_model",
            "image_size": vision.side,
            "patch_size": 8,
            "num_channels": 3,
            "hidden_size": vision.width,
            "num_hidden_layers": vision.depth,
            "intermediate_size": vision.hidden,
            "hidden_act": "relu",
            "projection_dim": size,
        },
    }


def processor(network: Clip) -> dict:
    """preprocessor_config.json: bilinear to the network's side, then [-1, 1]."""
    side = network.config.vision.side
    return {
        "image_processor_type": "CLIPImageProcessor",
        "do_convert_rgb": True,
        "do_resize": True,
        "size": {"shortest_edge": side},
        "resample": 2,
        "do_center_crop": True,
        "crop_size": {"height": side, "width": side},
        "do_rescale": True,
        "rescale_factor": 1 / 255,
        "do_normalize": True,
        "image_mean": [0.5, 0.5, 0.5],
        "image_std": [0.5, 0.5, 0.5],
    }
