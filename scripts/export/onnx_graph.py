"""Builds ONNX graphs whose weights are stored in a safetensors file beside them."""

from __future__ import annotations

import json
import struct
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from export.precision import SCALE

OPSET = 21  # the newest that onnxruntime-node 1.30 runs with every optimisation
IR_VERSION = 10
DTYPES = {"F32": TensorProto.FLOAT, "F16": TensorProto.FLOAT16, "I8": TensorProto.INT8}


@dataclass(frozen=True)
class TensorLocation:
    """Where a tensor lies in a weights file."""

    file: str  # its name, in the folder of the graph
    dtype: str  # "F32" | "F16" | "I8"
    shape: tuple[int, ...]
    offset: int  # bytes from the start of the file
    length: int  # bytes

    def row(self, index: int) -> TensorLocation:
        """Entry `index` of the first axis, which lies in one piece."""
        length = self.length // self.shape[0]
        return TensorLocation(self.file, self.dtype, self.shape[1:], self.offset + index * length, length)


def tensor_locations(weights: Path) -> dict[str, TensorLocation]:
    """The tensors of a safetensors file, by name."""
    with weights.open("rb") as file:
        (size,) = struct.unpack("<Q", file.read(8))
        header = json.loads(file.read(size))
    header.pop("__metadata__", None)
    start = 8 + size
    found = {}
    for name, entry in header.items():
        begin, end = entry["data_offsets"]
        found[name] = TensorLocation(weights.name, entry["dtype"], tuple(entry["shape"]), start + begin, end - begin)
    return found


def _label(name: str, row: int | None) -> str:
    return name if row is None else f"{name}[{row}]"


class Graph:
    """Nodes in order; names of values are made here, so that they stay short."""

    def __init__(self, name: str, weights: dict[str, TensorLocation]) -> None:
        self.name = name
        self._locations = weights
        self._nodes: list[onnx.NodeProto] = []
        self._tensors: dict[str, TensorProto] = {}
        self._casts: dict[str, str] = {}
        self._inputs: list[onnx.ValueInfoProto] = []
        self._outputs: list[onnx.ValueInfoProto] = []
        self._count = 0

    def input(self, name: str, shape: list[int | str], dtype: int = TensorProto.FLOAT) -> str:
        self._inputs.append(helper.make_tensor_value_info(name, dtype, shape))
        return name

    def output(self, name: str, value: str, shape: list[int | str], dtype: int = TensorProto.FLOAT) -> None:
        """Gives `value`, made by a node, to the caller as `name`; at the end of the graph, since it renames."""
        self._outputs.append(helper.make_tensor_value_info(name, dtype, shape))
        for node in self._nodes:
            for names in (node.input, node.output):
                names[:] = [name if known == value else known for known in names]

    def op(self, kind: str, *inputs: str, **attributes) -> str:
        """Adds a node with one output."""
        return self.ops(kind, 1, *inputs, **attributes)[0]

    def ops(self, kind: str, outputs: int, *inputs: str, **attributes) -> list[str]:
        names = [f"v{self._count + index}" for index in range(outputs)]
        self._count += outputs
        self._nodes.append(helper.make_node(kind, list(inputs), names, **attributes))
        return names

    def constant(self, values, dtype=np.int64) -> str:
        """A small tensor kept in the graph; equal ones are kept once."""
        array = np.asarray(values, dtype=dtype)
        name = f"c{array.dtype.char}{'x'.join(map(str, array.shape))}_{'_'.join(map(str, array.flatten().tolist()))}"
        if name not in self._tensors:
            self._tensors[name] = numpy_helper.from_array(array, name)
        return name

    def shape(self, name: str) -> tuple[int, ...]:
        """Of a tensor of the weights file."""
        return self._locations[name].shape

    def stored(self, name: str, row: int | None = None) -> str:
        """A tensor of the weights file, or one row of its first axis: as it is stored, int8 times its scale."""
        if self._locations[name].dtype != "I8":
            return self._external(name, row)
        known = _label(name, row)
        if known not in self._casts:
            whole = self.op("Cast", self._external(name, row), to=TensorProto.FLOAT)
            self._casts[known] = self.op("Mul", whole, self._external(name + SCALE, row))
        return self._casts[known]

    def _external(self, name: str, row: int | None) -> str:
        label = _label(name, row)
        if label not in self._tensors:
            location = self._locations[name] if row is None else self._locations[name].row(row)
            tensor = TensorProto(name=label, data_type=DTYPES[location.dtype], dims=location.shape)
            tensor.data_location = TensorProto.EXTERNAL
            for key, value in (("location", location.file), ("offset", location.offset), ("length", location.length)):
                tensor.external_data.add(key=key, value=str(value))
            self._tensors[label] = tensor
        return label

    def float32(self, value: str, stored: str) -> str:
        """`value`, taken from the tensor `stored`, as float32."""
        return self.op("Cast", value, to=TensorProto.FLOAT) if self._locations[stored].dtype == "F16" else value

    def weight(self, name: str, row: int | None = None) -> str:
        """A tensor of the weights file, or one row of its first axis, as float32."""
        known = f"{_label(name, row)} as float32"
        if known not in self._casts:
            self._casts[known] = self.float32(self.stored(name, row), name)
        return self._casts[known]

    def model(self) -> onnx.ModelProto:
        graph = helper.make_graph(self._nodes, self.name, self._inputs, self._outputs, list(self._tensors.values()))
        opset = helper.make_opsetid("", OPSET)
        return helper.make_model(graph, opset_imports=[opset], ir_version=IR_VERSION, producer_name="kandid")
