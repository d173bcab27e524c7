"""The ONNX graphs of an EfficientNet-Lite: `model.onnx` (logits and pooled features) and `maps.onnx` (feature maps).

Two graphs, as ONNX Runtime computes all of a graph whatever is asked of it, and of the maps the last layers are not
needed. Both take their weights from one file. Height and width are free: multiples of 32 are padded as in PyTorch.
"""

from __future__ import annotations

import onnx

from export.onnx_graph import Graph, TensorLocation
from imagenet.weights import Block, map_blocks

BATCH = "batch"
INPUT = [BATCH, 3, "height", "width"]


def model_graph(blocks: list[Block], weights: dict[str, TensorLocation]) -> onnx.ModelProto:
    """`pixels` -> `logits` [batch, classes] and `features` [batch, width of the head], the mean over positions."""
    graph = Graph("model", weights)
    value = _stem(graph)
    for index, block in enumerate(blocks):
        value = _block(graph, index, block, value)
    value = _relu6(graph, _convolution(graph, "head", value))
    features = graph.op("Flatten", graph.op("GlobalAveragePool", value), axis=1)
    matrix = graph.weight("classes.weight")
    logits = graph.op("Gemm", features, matrix, graph.weight("classes.bias"), transB=1)
    classes, width = graph.shape("classes.weight")
    graph.output("logits", logits, [BATCH, classes])
    graph.output("features", features, [BATCH, width])
    return graph.model()


def maps_graph(blocks: list[Block], weights: dict[str, TensorLocation]) -> onnx.ModelProto:
    """`pixels` -> `map_2`, `map_4` ... [batch, channels, height / 2, width / 2] and so on: one map of each side."""
    graph = Graph("maps", weights)
    value = _stem(graph)
    wanted = map_blocks(blocks)
    found: list[tuple[str, str, int]] = []
    scale = 2
    for index, block in enumerate(blocks):
        scale *= block.stride
        value = _block(graph, index, block, value)
        if index in wanted:
            found.append((f"map_{scale}", value, block.width))
    for name, value, width in found:
        graph.output(name, value, [BATCH, width, f"{name}_height", f"{name}_width"])
    return graph.model()


def _stem(graph: Graph) -> str:
    return _relu6(graph, _convolution(graph, "stem", graph.input("pixels", INPUT), kernel=3, stride=2))


def _block(graph: Graph, index: int, block: Block, value: str) -> str:
    name = f"blocks.{index}"
    inner = _relu6(graph, _convolution(graph, f"{name}.expand", value)) if block.expands else value
    depthwise = _convolution(graph, f"{name}.depthwise", inner, block.kernel, block.stride, depthwise=True)
    projected = _convolution(graph, f"{name}.project", _relu6(graph, depthwise))
    return graph.op("Add", projected, value) if block.adds else projected


def _convolution(
    graph: Graph, name: str, value: str, kernel: int = 1, stride: int = 1, *, depthwise: bool = False
) -> str:
    """Padded as TensorFlow pads even sides: where the stride is 2, one pixel less at the top and on the left."""
    total = kernel - stride if stride > 1 else kernel - 1
    before, after = total // 2, total - total // 2
    weight, bias = graph.weight(f"{name}.weight"), graph.weight(f"{name}.bias")
    return graph.op(
        *("Conv", value, weight, bias),
        kernel_shape=[kernel, kernel],
        strides=[stride, stride],
        pads=[before, before, after, after],
        group=graph.shape(f"{name}.bias")[0] if depthwise else 1,
    )


def _relu6(graph: Graph, value: str) -> str:
    return graph.op("Clip", value, graph.constant(0, "float32"), graph.constant(6, "float32"))
