"""Writes test/fixtures/features: networks that look at pictures in tests of the evaluation, whose numbers are known.

`imagenet-lite` gives the mean red, green and blue of a picture, -1 to 1, as features; as logits these, their negatives
and 0; the picture as a feature map. `other-judge` calls the logits otherwise. `fixed.onnx` gives the means of two
pictures of 4 pixels at a time, `free.onnx` of any.

    python scripts/make/tiny_features.py
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

FOLDER = Path(__file__).resolve().parents[2] / "test" / "fixtures" / "features"
SIDE = 8  # pixels
LOGITS = np.concatenate([np.eye(3), -np.eye(3), np.zeros((3, 1))], axis=1).astype(np.float32)


def means_graph(batch: int | str, side: int | str, *, classes: bool = False) -> onnx.ModelProto:
    """Means over positions, [batch, 3], after logits where there are classes."""
    pictures = helper.make_tensor_value_info("pictures", TensorProto.FLOAT, [batch, 3, side, side])
    axes = helper.make_tensor("axes", TensorProto.INT64, [2], [2, 3])
    nodes = [helper.make_node("ReduceMean", ["pictures", "axes"], ["features"], keepdims=0)]
    given = [helper.make_tensor_value_info("features", TensorProto.FLOAT, [batch, 3])]
    tensors = [axes]
    if classes:
        tensors.append(numpy_helper.from_array(LOGITS, "weights"))
        nodes.append(helper.make_node("MatMul", ["features", "weights"], ["logits"]))
        given.insert(0, helper.make_tensor_value_info("logits", TensorProto.FLOAT, [batch, LOGITS.shape[1]]))
    return model_of(helper.make_graph(nodes, "means", [pictures], given, tensors))


def maps_graph() -> onnx.ModelProto:
    """The pictures themselves."""
    values = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, ["n", 3, SIDE, SIDE]) for name in ("pictures", "map_1")
    ]
    node = helper.make_node("Identity", ["pictures"], ["map_1"])
    return model_of(helper.make_graph([node], "maps", values[:1], values[1:]))


def model_of(graph: onnx.GraphProto) -> onnx.ModelProto:
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    onnx.checker.check_model(model)
    return model


def write_classifier(name: str, labels: list[str]) -> None:
    folder = FOLDER / name
    folder.mkdir(parents=True, exist_ok=True)
    onnx.save(means_graph("n", SIDE, classes=True), folder / "model.onnx")
    onnx.save(maps_graph(), folder / "maps.onnx")
    (folder / "labels.json").write_text(json.dumps({"side": SIDE, "attributes": {"label": labels}}) + "\n")
    manifest = {
        "format_version": 1,
        "kind": "classifier",
        "name": name,
        "title": "Means of colours",
        "description": "For tests.",
        "licence": {"data": "none", "weights": "MIT", "attribution": ""},
        "files": {},
    }
    (folder / "model.json").write_text(json.dumps(manifest, indent=1) + "\n")


def main() -> None:
    write_classifier("imagenet-lite", ["red", "green", "blue", "cyan", "magenta", "yellow", "gray"])
    write_classifier("other-judge", ["cyan", "green", "blue", "red", "magenta", "yellow", "gray"])
    onnx.save(means_graph(2, 4), FOLDER / "fixed.onnx")
    onnx.save(means_graph("n", "side"), FOLDER / "free.onnx")


if __name__ == "__main__":
    main()
