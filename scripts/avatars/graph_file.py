"""A torch network as one ONNX file, weights inside, first axis free, and the check that both compute the same."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import torch
from onnx import helper, numpy_helper
from torch import Tensor, nn

OPSET = 20
LARGE = 1024  # numbers in a tensor that is worth storing in fewer bits
TOLERANCE = 1e-3  # largest difference that is taken for rounding, beside values of about 1 to 30


def export_graph(
    network: nn.Module, inputs: dict[str, Tensor], output: str, path: Path, free: dict[str, list[str]] | None = None
) -> float:
    """
    Writes `network` to `path` and returns the largest difference between torch and onnxruntime on `inputs`.
    `free` names the free axes of each input; by default the first one is free and called "batch".
    Raises SystemExit where the two differ.
    """
    axes = free or {name: ["batch"] for name in inputs}
    shapes = {name: {axis: torch.export.Dim.DYNAMIC for axis in range(len(axes[name]))} for name in inputs}
    path.parent.mkdir(parents=True, exist_ok=True)
    with warnings.catch_warnings(), torch.inference_mode():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            network,
            tuple(inputs.values()),
            path,
            input_names=list(inputs),
            output_names=[output],
            dynamic_shapes=tuple(shapes.values()),
            opset_version=OPSET,
            external_data=False,
            dynamo=True,
            verbose=False,
        )
        expected = network(*inputs.values()).numpy()
    _name_axes(path, axes)
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    found = session.run([output], {name: value.numpy() for name, value in inputs.items()})[0]
    difference = float(np.abs(found - expected).max())
    if not difference <= TOLERANCE:
        raise SystemExit(f"{path}: onnxruntime and torch differ by {difference}; the graph is not to be trusted")
    return difference


def _name_axes(path: Path, axes: dict[str, list[str]]) -> None:
    """Gives the free axes readable names, and drops the exporter's notes on where each node came from."""
    model = onnx.load(path)
    renamed = {}
    for value in model.graph.input:
        for axis, name in enumerate(axes[value.name]):
            dimension = value.type.tensor_type.shape.dim[axis]
            renamed[dimension.dim_param] = name
    for value in [*model.graph.input, *model.graph.output]:
        for dimension in value.type.tensor_type.shape.dim:
            if dimension.dim_param in renamed:
                dimension.dim_param = renamed[dimension.dim_param]
    del model.graph.value_info[:]
    for node in model.graph.node:
        del node.metadata_props[:]
        node.doc_string = ""
    for value in [*model.graph.input, *model.graph.output]:
        del value.metadata_props[:]
    del model.graph.metadata_props[:]
    onnx.checker.check_model(model)
    onnx.save(model, path)


def store_compact(path: Path, precision: str) -> None:
    """
    Stores the large weights of a graph in half precision ("half"), or as int8 with a scale for each output ("int8").
    They are restored when the graph is opened: it computes in float32.
    """
    model = onnx.load(path)
    graph = model.graph
    kept, restoring = [], []
    for tensor in graph.initializer:
        if tensor.data_type != onnx.TensorProto.FLOAT or np.prod(tensor.dims) < LARGE:
            kept.append(tensor)
            continue
        parts, nodes = _compact(tensor.name, numpy_helper.to_array(tensor), precision)
        kept += [numpy_helper.from_array(value, name) for name, value in parts.items()]
        restoring += nodes
    nodes = [*restoring, *graph.node]
    for field, values in ((graph.initializer, kept), (graph.node, nodes)):
        del field[:]
        field.extend(values)
    onnx.checker.check_model(model)
    onnx.save(model, path)


def _compact(name: str, value: np.ndarray, precision: str) -> tuple[dict[str, np.ndarray], list[onnx.NodeProto]]:
    """What is stored in place of a weight, and the nodes that restore it under its name."""
    small = f"{name}.{precision}"
    if precision == "half":
        return {small: value.astype(np.float16)}, [helper.make_node("Cast", [small], [name], to=onnx.TensorProto.FLOAT)]
    # Kernels are [out,in,h,w]; the matrices of a MatMul [in,out].
    inputs = tuple(range(1, value.ndim)) if value.ndim > 2 else (0,)
    scale = np.maximum(np.abs(value).max(inputs, keepdims=True), 1e-12) / 127
    rounded = np.round(value / scale).astype(np.int8)
    return {small: rounded, f"{name}.scale": scale.astype(np.float32)}, [
        helper.make_node("Cast", [small], [f"{name}.steps"], to=onnx.TensorProto.FLOAT),
        helper.make_node("Mul", [f"{name}.steps", f"{name}.scale"], [name]),
    ]
