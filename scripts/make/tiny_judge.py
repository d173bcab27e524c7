"""Writes the graph of test/fixtures/judge, which judges pictures in tests of the evaluation.

Its three outputs are the mean red, green and blue of a picture, -1 to 1; labels.json beside it says what they mean.

    python scripts/make/tiny_judge.py
"""

from __future__ import annotations

from pathlib import Path

import onnx
from onnx import TensorProto, helper

FOLDER = Path(__file__).resolve().parents[2] / "test" / "fixtures" / "judge" / "avatars-attributes"
SIDE = 8  # pixels


def main() -> None:
    pictures = helper.make_tensor_value_info("pictures", TensorProto.FLOAT, ["n", 3, SIDE, SIDE])
    logits = helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["n", 3])
    axes = helper.make_tensor("axes", TensorProto.INT64, [2], [2, 3])
    mean = helper.make_node("ReduceMean", ["pictures", "axes"], ["logits"], keepdims=0)
    graph = helper.make_graph([mean], "judge", [pictures], [logits], [axes])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    onnx.checker.check_model(model)
    FOLDER.mkdir(parents=True, exist_ok=True)
    onnx.save(model, FOLDER / "model.onnx")


if __name__ == "__main__":
    main()
