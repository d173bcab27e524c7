"""Writes test/fixtures/tiny-clip: a CLIP of a few kB that knows five colour words, for tests of the text guide.

Its picture tower is the mean colour, its text tower the mean of the words' colours, both turned by one random matrix: a
red picture resembles "red". Words it does not know count as gray.

    python scripts/make/tiny_clip.py && npx biome format --write test/fixtures/tiny-clip
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

FOLDER = Path(__file__).resolve().parents[2] / "test" / "fixtures" / "tiny-clip"
SIDE = 16  # pixels
SIZE = 8  # of an embedding
OPSET = 17
COLORS = {
    "<pad>": (0, 0, 0),
    "<unk>": (0.1, 0.1, 0.1),
    "red": (1, -1, -1),
    "green": (-1, 1, -1),
    "blue": (-1, -1, 1),
    "white": (1, 1, 1),
    "black": (-1, -1, -1),
}


def save(nodes: list, inputs: list, outputs: list, weights: dict[str, np.ndarray], path: Path) -> None:
    initializers = [numpy_helper.from_array(array, name) for name, array in weights.items()]
    graph = helper.make_graph(nodes, path.stem, inputs, outputs, initializers)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=8)
    onnx.checker.check_model(model)
    path.parent.mkdir(parents=True, exist_ok=True)
    onnx.save(model, path)


def save_text_tower(turn: np.ndarray) -> None:
    words = np.array(list(COLORS.values()), np.float32)
    nodes = [
        helper.make_node("Gather", ["words", "input_ids"], ["colors"]),  # [n, length, 3]
        helper.make_node("Cast", ["attention_mask"], ["mask"], to=TensorProto.FLOAT),
        helper.make_node("Unsqueeze", ["mask", "last"], ["mask3"]),
        helper.make_node("Mul", ["colors", "mask3"], ["kept"]),
        helper.make_node("ReduceSum", ["kept", "first"], ["sum"], keepdims=0),
        helper.make_node("MatMul", ["sum", "turn"], ["text_embeds"]),
    ]
    inputs = [
        helper.make_tensor_value_info(name, TensorProto.INT64, ["n", "length"])
        for name in ("input_ids", "attention_mask")
    ]
    outputs = [helper.make_tensor_value_info("text_embeds", TensorProto.FLOAT, ["n", SIZE])]
    weights = {"words": words, "turn": turn, "last": np.array([2]), "first": np.array([1])}
    save(nodes, inputs, outputs, weights, FOLDER / "onnx" / "text_model.onnx")


def save_picture_tower(turn: np.ndarray) -> None:
    nodes = [
        helper.make_node("GlobalAveragePool", ["pixel_values"], ["pooled"]),
        helper.make_node("Flatten", ["pooled"], ["color"]),
        helper.make_node("MatMul", ["color", "turn"], ["image_embeds"]),
    ]
    inputs = [helper.make_tensor_value_info("pixel_values", TensorProto.FLOAT, ["n", 3, SIDE, SIDE])]
    outputs = [helper.make_tensor_value_info("image_embeds", TensorProto.FLOAT, ["n", SIZE])]
    save(nodes, inputs, outputs, {"turn": turn}, FOLDER / "onnx" / "vision_model.onnx")


def save_json() -> None:
    vocabulary = {word: index for index, word in enumerate(COLORS)}
    special = {"single_word": False, "lstrip": False, "rstrip": False, "normalized": False, "special": True}
    tokenizer = {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": [{"id": index, "content": word, **special} for word, index in list(vocabulary.items())[:2]],
        "normalizer": {"type": "Lowercase"},
        "pre_tokenizer": {"type": "WhitespaceSplit"},
        "post_processor": None,
        "decoder": None,
        "model": {"type": "WordLevel", "vocab": vocabulary, "unk_token": "<unk>"},
    }
    documents = {
        "config.json": {"model_type": "clip", "architectures": ["CLIPModel"], "projection_dim": SIZE},
        "preprocessor_config.json": {
            "crop_size": {"height": SIDE, "width": SIDE},
            "resample": 3,
            "image_mean": [0.5, 0.5, 0.5],
            "image_std": [0.5, 0.5, 0.5],
        },
        "tokenizer.json": tokenizer,
        "tokenizer_config.json": {
            "tokenizer_class": "CLIPTokenizer",
            "pad_token": "<pad>",
            "unk_token": "<unk>",
            "model_max_length": 77,
        },
    }
    for name, document in documents.items():
        (FOLDER / name).write_text(json.dumps(document, indent=1) + "\n")


def main() -> None:
    turn = np.random.default_rng(1).standard_normal((3, SIZE)).astype(np.float32)
    save_text_tower(turn)
    save_picture_tower(turn)
    save_json()


if __name__ == "__main__":
    main()
