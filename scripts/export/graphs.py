"""The ONNX graphs of a bundle, written by hand from scripts/ddn/model.py: one per level, and `decode` for codes known.

Shapes are fixed but for the batch, so that onnxruntime folds what does not depend on the choices (all of level 0 of an
unconditional network, for instance). Measurements behind the choice of operators: scripts/README.md, 'Export'.
"""

from __future__ import annotations

import numpy as np
import onnx
from onnx import TensorProto

from ddn.model import LUMA, ModelConfig, Stage
from export.onnx_graph import Graph, TensorLocation

EPSILON = 1e-5  # GroupNorm's
BATCH = "batch"


def level_graph(config: ModelConfig, index: int, weights: dict[str, TensorLocation]) -> onnx.ModelProto:
    """`level-NN.onnx`: features, predict and choice of the level before -> next_features and candidates of this one.

    The features that come out cannot be called as those that go in: ONNX forbids one name twice.
    """
    graph = Graph(f"level-{index:02d}", weights)
    stage, channels, count = config.level_stages[index], config.channels, config.candidates
    if index == 0:
        batch = graph.input("batch", [1], TensorProto.INT64)
        condition = condition_input(graph, config)
        features = first_features(graph, config, condition)
        candidates = all_candidates(graph, config, 0, features, first_predict(graph, config, condition))
        if condition is None:  # one for all: repeated only now
            features = graph.op("Expand", features, batch_of(graph, batch, (1, 1, 1)))
            candidates = graph.op("Expand", candidates, batch_of(graph, batch, (1, 1, 1, 1)))
    else:
        before = config.level_stages[index - 1]
        features = graph.input("features", [BATCH, before.width, before.side, before.side])
        predict = graph.input("predict", [BATCH, channels, before.side, before.side])
        choice = graph.input("choice", [BATCH], TensorProto.INT64)
        condition = condition_input(graph, config)
        leak = chosen_leak(graph, config, index - 1, features, choice)
        features, predict = next_features(graph, config, index, features, predict, leak, condition)
        candidates = all_candidates(graph, config, index, features, predict)
    side = stage.side
    graph.output("next_features", features, [BATCH, stage.width, side, side])
    graph.output("candidates", candidates, [BATCH, count, channels, side, side])
    return graph.model()


def decode_graph(config: ModelConfig, weights: dict[str, TensorLocation]) -> onnx.ModelProto:
    """`decode.onnx`: codes -> the image and a preview of each smaller side; only the chosen nodes are drawn."""
    graph = Graph("decode", weights)
    stages, channels = config.level_stages, config.channels
    codes = graph.input("codes", [BATCH, len(stages)], TensorProto.INT64)
    condition = condition_input(graph, config)
    features = predict = leak = None
    last: dict[int, str] = {}
    for index, stage in enumerate(stages):
        choice = graph.op("Gather", codes, graph.constant(index), axis=1)
        if index:
            features, predict = next_features(graph, config, index, features, predict, leak, condition)
        else:
            features = first_features(graph, config, condition)
            predict = first_predict(graph, config, condition)
        predict, leak = chosen_node(graph, config, index, features, predict, choice)
        if index == 0 and condition is None:
            features = graph.op("Expand", features, batch_of(graph, graph.op("Shape", choice), (1, 1, 1)))
        last[stage.side] = predict
    for side, value in last.items():
        graph.output("image" if side == config.side else f"preview_{side}", value, [BATCH, channels, side, side])
    return graph.model()


def batch_of(graph: Graph, batch: str, rest: tuple[int, ...]) -> str:
    return graph.op("Concat", batch, graph.constant(rest), axis=0)


def condition_input(graph: Graph, config: ModelConfig) -> str | None:
    if not config.condition_channels:
        return None
    return graph.input("condition", [BATCH, config.condition_channels, config.side, config.side])


def area(graph: Graph, config: ModelConfig, condition: str, side: int) -> str:
    if side == config.side:
        return condition
    factor = config.side // side
    return graph.op("AveragePool", condition, kernel_shape=[factor, factor], strides=[factor, factor])


def first_features(graph: Graph, config: ModelConfig, condition: str | None) -> str:
    """Features of level 0, whose leak is zero: [1,C,s,s] without a condition, else [batch,C,s,s].

    Its predict is zero too, unless gray is kept: then it is the condition.
    """
    start, bias = graph.weight("levels.0.start"), "levels.0.intake.bias"
    if condition is None:
        bias = graph.op("Reshape", graph.weight(bias), graph.constant([1, -1, 1, 1]))
        return block(graph, config, 0, graph.op("Add", start, bias))
    name, channels, axis = "levels.0.intake.weight", config.channels, graph.constant([1])
    kernel = graph.stored(name)
    last = graph.constant([2 * channels + config.condition_channels])
    kernel_of = graph.op("Slice", kernel, graph.constant([2 * channels]), last, axis)
    small = images = area(graph, config, condition, config.stages[0].side)
    if config.keeps_gray:
        drawn = graph.op("Slice", kernel, graph.constant([0]), graph.constant([channels]), axis)
        kernel_of = graph.op("Concat", drawn, kernel_of, axis=1)
        images = graph.op("Concat", *[small] * channels, small, axis=1)
    kernel_of = graph.float32(kernel_of, name)
    taken = graph.op("Conv", images, kernel_of, graph.weight(bias), pads=[1, 1, 1, 1], kernel_shape=[3, 3])
    return block(graph, config, 0, graph.op("Add", start, taken))


def first_predict(graph: Graph, config: ModelConfig, condition: str | None) -> str | None:
    """What the candidates of level 0 add to; None where it is zero."""
    if not config.keeps_gray:
        return None
    small = area(graph, config, condition, config.stages[0].side)
    return graph.op("Concat", *[small] * config.channels, axis=1)


def with_gray(graph: Graph, predict: str, gray: str) -> str:
    """`predict` with another gray and the same colours."""
    weights = graph.constant(np.array(LUMA, np.float32).reshape(1, 3, 1, 1), np.float32)
    own = graph.op("Conv", predict, weights, kernel_shape=[1, 1])
    return graph.op("Add", predict, graph.op("Sub", gray, own))


def next_features(
    graph: Graph, config: ModelConfig, index: int, features: str, predict: str, leak: str, condition: str | None
) -> tuple[str, str]:
    """Features of a level, and predict at its side, from those of the level before."""
    stage, before = config.level_stages[index], config.level_stages[index - 1]
    if enters(stage, before):
        features = conv(graph, f"{config.prefix(index)}.enter", features, 1)
    if stage.side != before.side:
        features, leak = nearest(graph, features), nearest(graph, leak)
        predict = bilinear(graph, predict)
    images = [predict, leak]
    if condition is not None:
        small = area(graph, config, condition, stage.side)
        images.append(small)
        if config.keeps_gray:
            images[0] = predict = with_gray(graph, predict, small)
    taken = conv(graph, f"{config.prefix(index)}.intake", graph.op("Concat", *images, axis=1), 3)
    return block(graph, config, index, graph.op("Add", features, taken)), predict


def enters(stage: Stage, before: Stage) -> bool:
    return stage.side != before.side or stage.width != before.width


def block(graph: Graph, config: ModelConfig, index: int, x: str) -> str:
    """x + conv1(silu(conv0(silu(norm(x)))))."""
    h = silu(graph, group_norm(graph, config, index, x))
    h = silu(graph, conv(graph, f"{config.prefix(index)}.conv0", h, 3))
    return graph.op("Add", x, conv(graph, f"{config.prefix(index)}.conv1", h, 3))


def conv(graph: Graph, name: str, x: str, size: int) -> str:
    weight, bias = graph.weight(f"{name}.weight"), graph.weight(f"{name}.bias")
    return graph.op("Conv", x, weight, bias, kernel_shape=[size, size], pads=[size // 2] * 4)


def silu(graph: Graph, x: str) -> str:
    return graph.op("Mul", x, graph.op("Sigmoid", x))


def group_norm(graph: Graph, config: ModelConfig, index: int, x: str) -> str:
    stage = config.level_stages[index]
    groups = max(1, stage.width // config.norm_group)
    rows = graph.op("Reshape", x, graph.constant([0, groups, -1]))
    ones, zeros = graph.constant([1] * groups, np.float32), graph.constant([0] * groups, np.float32)
    rows = graph.op("InstanceNormalization", rows, ones, zeros, epsilon=EPSILON)
    x = graph.op("Reshape", rows, graph.constant([0, stage.width, stage.side, stage.side]))
    column = graph.constant([1, -1, 1, 1])
    scale = graph.op("Reshape", graph.weight(f"{config.prefix(index)}.norm.weight"), column)
    shift = graph.op("Reshape", graph.weight(f"{config.prefix(index)}.norm.bias"), column)
    return graph.op("Add", graph.op("Mul", x, scale), shift)


def nearest(graph: Graph, x: str) -> str:
    """Twice the side; this pair of attributes is the one that onnxruntime has a fast path for."""
    scales = graph.constant([1, 1, 2, 2], np.float32)
    return graph.op(
        "Resize", x, "", scales, mode="nearest", coordinate_transformation_mode="asymmetric", nearest_mode="floor"
    )


def bilinear(graph: Graph, x: str) -> str:
    scales = graph.constant([1, 1, 2, 2], np.float32)
    return graph.op("Resize", x, "", scales, mode="linear", coordinate_transformation_mode="half_pixel")


def bilinear_to(graph: Graph, x: str, side: int) -> str:
    """[batch,c,h,w] at `side` pixels; as it is where it has them already."""
    first = graph.op("Slice", graph.op("Shape", x), graph.constant([0]), graph.constant([2]))
    sizes = graph.op("Concat", first, graph.constant([side, side]), axis=0)
    return graph.op("Resize", x, "", "", sizes, mode="linear", coordinate_transformation_mode="half_pixel")


def all_candidates(graph: Graph, config: ModelConfig, index: int, features: str, predict: str | None) -> str:
    """[batch,K,c,s,s]."""
    stage, channels, count = config.level_stages[index], config.channels, config.candidates
    name = f"{config.prefix(index)}.nodes.weight"
    rows = graph.float32(graph.op("Gather", graph.stored(name), graph.constant(0), axis=1), name)
    rows = graph.op("Reshape", rows, graph.constant([count * channels, stage.width]))
    drawn = apply_rows(graph, stage, [count, channels], rows, features)
    return drawn if predict is None else graph.op("Add", drawn, graph.op("Unsqueeze", predict, graph.constant([1])))


def chosen_leak(graph: Graph, config: ModelConfig, index: int, features: str, choice: str) -> str:
    """[batch,c,s,s] of a level whose features and choice are known."""
    name = f"{config.prefix(index)}.nodes.weight"
    rows = graph.op("Gather", graph.stored(name), choice, axis=0)  # [batch,2,c,C]
    rows = graph.float32(graph.op("Gather", rows, graph.constant(1), axis=1), name)
    return apply_rows(graph, config.level_stages[index], [config.channels], rows, features)


def chosen_node(
    graph: Graph, config: ModelConfig, index: int, features: str, predict: str | None, choice: str
) -> tuple[str, str]:
    """Chosen candidate and leak, both [batch,c,s,s]; `features` may have batch 1."""
    stage, channels, name = config.level_stages[index], config.channels, f"{config.prefix(index)}.nodes.weight"
    rows = graph.float32(graph.op("Gather", graph.stored(name), choice, axis=0), name)
    rows = graph.op("Reshape", rows, graph.constant([0, 2 * channels, stage.width]))
    drawn = apply_rows(graph, stage, [2 * channels], rows, features)
    drawn, leak = graph.ops("Split", 2, drawn, axis=1, num_outputs=2)
    return drawn if predict is None else graph.op("Add", drawn, predict), leak


def apply_rows(graph: Graph, stage: Stage, outputs: list[int], rows: str, features: str) -> str:
    """rows [batch,outputs,C] or [outputs,C] times features [batch,C,s,s] -> [batch,*outputs,s,s]."""
    flat = graph.op("Reshape", features, graph.constant([0, stage.width, -1]))
    drawn = graph.op("MatMul", rows, flat)
    return graph.op("Reshape", drawn, graph.constant([0, *outputs, stage.side, stage.side]))
