"""The ONNX graphs of a prior, written by hand from prior/model.py: one per side, and `descend` for whole pictures.

`prior-SIDE.onnx` takes a level's `features` [batch,C,s,s] (what its own graph gives as next_features), the candidate
chosen before it as `predict` [batch,c,h,w], h being s, or s/2 at the first level of a side, and its `place` [1] among
the levels of that side; it gives `log_prior` [batch,K] and `estimate` [batch,c,s,s]. One graph serves all levels of a
side, so that its kernels are in memory once. It is separate from the level graphs: requests without a prior do not
compute it, and the hash of a bundle, which is part of permalinks, does not change.

`descend-SIDE.onnx` makes the choices of all levels of a side itself: it takes `noise` [batch,n,K] of its n levels, and
every level chooses the candidate with the largest log_prior + noise. Zeros give the likeliest choice, Gumbel noise
times a temperature a sample at that temperature, and a large number forces a candidate. But for the first side it also
takes what a level's graph takes: `features`, `predict` and `choice` of the level before. It gives `codes` [batch,n],
`log_prior` [batch,n] of the choices, the chosen candidate of every level, `level_NN`, and `next_features` of its last
level. One graph for all sides was tried: onnxruntime plans memory in a time
quadratic in the nodes and took 8.5 s of a core to open 57 levels; by sides they take 2.0 s.
"""

from __future__ import annotations

import numpy as np
import onnx
from onnx import TensorProto

from ddn.model import ModelConfig
from export.graphs import (
    BATCH,
    area,
    batch_of,
    bilinear_to,
    chosen_leak,
    chosen_node,
    condition_input,
    first_features,
    first_predict,
    nearest,
    next_features,
    silu,
    with_gray,
)
from export.onnx_graph import Graph, TensorLocation
from prior.model import Prior, SidePrior

Place = str | int  # a level's place among those of its side: the name of an input, or known when the graph is written


def side_graph(prior: Prior, side: str, weights: dict[str, TensorLocation]) -> onnx.ModelProto:
    """`prior-SIDE.onnx`."""
    config, part = prior.model, prior.sides[side]
    graph = Graph(f"prior-{side}", weights)
    features = graph.input("features", [BATCH, width_of(config, part), part.side, part.side])
    predict = graph.input("predict", [BATCH, config.channels, "height", "width"])
    place = graph.input("place", [1], TensorProto.INT64)
    condition = condition_input(graph, config)
    predict = bilinear_to(graph, predict, part.side)
    small = None if condition is None else area(graph, config, condition, part.side)
    if config.keeps_gray:
        predict = with_gray(graph, predict, small)
    nodes = graph.op("Gather", stacked_nodes(graph, prior, side), place, axis=0)
    log_prior, missing = log_prior_of(graph, prior, side, place, nodes, features, predict, small)
    graph.output("log_prior", log_prior, [BATCH, config.candidates])
    estimate = graph.op("Add", predict, missing)
    graph.output("estimate", estimate, [BATCH, config.channels, part.side, part.side])
    return graph.model()


def levels_of(config: ModelConfig, side: str) -> list[int]:
    """Indices of the levels of a side in pixels."""
    return [index for index, stage in enumerate(config.level_stages) if str(stage.side) == side]


def descend_graph(prior: Prior, side: str, weights: dict[str, TensorLocation]) -> onnx.ModelProto:
    """`descend-SIDE.onnx`."""
    config, indices = prior.model, levels_of(prior.model, side)
    graph = Graph(f"descend-{side}", weights)
    channels, count, stage = config.channels, config.candidates, config.level_stages[indices[0]]
    noise = graph.input("noise", [BATCH, len(indices), count])
    first = indices[0] == 0
    before = None if first else config.level_stages[indices[0] - 1]
    features = None if first else graph.input("features", [BATCH, before.width, before.side, before.side])
    predict = None if first else graph.input("predict", [BATCH, channels, before.side, before.side])
    choice = None if first else graph.input("choice", [BATCH], TensorProto.INT64)
    condition = condition_input(graph, config)
    leak = None if first else chosen_leak(graph, config, indices[0] - 1, features, choice)
    small = None if condition is None else area(graph, config, condition, stage.side)
    codes, logs, images = [], [], []
    for index in indices:
        if index:
            features, predict = next_features(graph, config, index, features, predict, leak, condition)
        else:
            features, predict = first_features(graph, config, condition), first_predict(graph, config, condition)
        nodes = one_levels_nodes(graph, config, index)
        log_prior, _ = log_prior_of(graph, prior, side, prior.where[index][1], nodes, features, predict, small)
        own_noise = graph.op("Gather", noise, graph.constant(index - indices[0]), axis=1)
        choice = graph.op("ArgMax", graph.op("Add", log_prior, own_noise), axis=1, keepdims=0)
        if index == 0 and condition is None:  # one for all: repeated only now
            batch = graph.op("Shape", choice)
            log_prior = graph.op("Expand", log_prior, batch_of(graph, batch, (1,)))
        column = graph.op("Unsqueeze", choice, graph.constant([1]))
        codes.append(column)
        logs.append(graph.op("GatherElements", log_prior, column, axis=1))
        predict, leak = chosen_node(graph, config, index, features, predict, choice)
        if index == 0 and condition is None:
            features = graph.op("Expand", features, batch_of(graph, batch, (1, 1, 1)))
        images.append(predict)
    graph.output("codes", graph.op("Concat", *codes, axis=1), [BATCH, len(indices)], TensorProto.INT64)
    graph.output("log_prior", graph.op("Concat", *logs, axis=1), [BATCH, len(indices)])
    graph.output("next_features", features, [BATCH, stage.width, stage.side, stage.side])
    for index, image in zip(indices, images):
        graph.output(f"level_{index:02d}", image, [BATCH, channels, stage.side, stage.side])
    return graph.model()


def stacked_nodes(graph: Graph, prior: Prior, side: str) -> str:
    """[levels,K,c,C] of a side, out of the network's own weights."""
    indices = {place: index for index, (at, place) in reversed(list(enumerate(prior.where))) if at == side}
    rows = [one_levels_nodes(graph, prior.model, indices[place]) for place in sorted(indices)]
    return graph.op("Concat", *rows, axis=0)


def one_levels_nodes(graph: Graph, config: ModelConfig, index: int) -> str:
    """[1,K,c,C]: the weights that draw the candidates."""
    name = f"{config.prefix(index)}.nodes.weight"
    rows = graph.float32(graph.op("Gather", graph.stored(name), graph.constant(0), axis=1), name)
    return graph.op("Unsqueeze", rows, graph.constant([0]))


def log_prior_of(
    graph: Graph,
    prior: Prior,
    side: str,
    place: Place,
    nodes: str,
    features: str,
    predict: str | None,
    condition: str | None,
) -> tuple[str, str]:
    """log_prior [batch,K] and missing [batch,c,s,s]; `nodes` [1,K,c,C], `predict` None where it is zero."""
    part, name = prior.sides[side], f"sides.{side}"
    images = [value for value in (predict or zeros_like(graph, prior.model, part), condition) if value is not None]
    scaled = graph.op("Mul", features, scalar(graph, f"{name}.feature_scale", place))
    bias = at(graph, f"{name}.bias", place)
    views = []
    if part.has_context:
        view, seen = u_net(graph, part, name, place, scaled, images)
        views.append(view)
        bias_of = graph.op("Reshape", at(graph, f"{name}.bias_of", place), graph.constant([prior.model.candidates, -1]))
        bias = graph.op("Add", graph.op("Gemm", seen, bias_of, transB=1), bias)
    missing, sure = head(graph, prior, name, place, graph.op("Concat", scaled, *images, *views, axis=1))
    count, channels = prior.model.candidates, prior.model.channels
    width = width_of(prior.model, part)
    nodes = graph.op("Reshape", nodes, graph.constant([count * channels, width]))
    logits = quadratic(graph, (width, part.side**2), nodes, features, missing, sure, count, channels)
    return graph.op("LogSoftmax", graph.op("Add", logits, bias), axis=1), missing


def width_of(config: ModelConfig, part: SidePrior) -> int:
    return next(stage.width for stage in config.stages if stage.side == part.side)


def zeros_like(graph: Graph, config: ModelConfig, part: SidePrior) -> str:
    return graph.op("ConstantOfShape", graph.constant([1, config.channels, part.side, part.side]))


def at(graph: Graph, name: str, place: Place) -> str:
    """Of a parameter [levels,...]: [1,...] where the place is an input [1], [...] where it is known."""
    if isinstance(place, int):
        return graph.weight(name, place)
    return graph.op("Gather", graph.weight(name), place, axis=0)


def scalar(graph: Graph, name: str, place: Place) -> str:
    """[1,1,1,1] of a parameter [levels]."""
    return graph.op("Reshape", at(graph, name, place), graph.constant([1, 1, 1, 1]))


def u_net(graph: Graph, part: SidePrior, name: str, place: Place, features: str, images: list[str]) -> tuple[str, str]:
    """view [batch,view,s,s] and what the dense layer saw [batch,hidden]."""
    _, taken, width = part.features.shape
    flat = graph.op("Reshape", features, graph.constant([0, width, -1]))
    x = graph.op("MatMul", at(graph, f"{name}.features", place), flat)
    x = graph.op("Reshape", x, graph.constant([0, taken, part.side, part.side]))
    x = graph.op("Concat", x, *images, axis=1)
    if part.fold > 1:
        x = graph.op("SpaceToDepth", x, blocksize=part.fold)
    x = graph.op("Add", convolution(graph, f"{name}.enter", x, 3), graph.weight(f"{name}.place"))
    kept = []
    for index in range(len(part.down)):
        kept.append(x)
        x = convolution(graph, f"{name}.down.{index}", x, 2)
        x = block(graph, f"{name}.before.{index}", place, x)
    if not kept:
        x = block(graph, f"{name}.before.0", place, x)
    x, seen = dense(graph, part, name, place, x)
    for index in reversed(range(len(part.up))):
        x = graph.op("Add", kept[index], nearest(graph, convolution(graph, f"{name}.up.{index}", x, 1)))
        if index:
            x = block(graph, f"{name}.after.{index - 1}", place, x)
    view = convolution(graph, f"{name}.leave", silu(graph, x), 3)
    if part.fold > 1:
        view = graph.op("DepthToSpace", view, blocksize=part.fold, mode="CRD")
    return view, seen


def head(
    graph: Graph,
    prior: Prior,
    name: str,
    place: Place,
    x: str,
) -> tuple[str, str]:
    """missing [batch,c,s,s] and w [batch,1,s,s]: the level's own two convolutions, out of the kernels of all levels."""
    hidden, channels = prior.config.head, prior.model.channels
    h = of_place(graph, f"{name}.heads.first", place, x)
    h, linear = graph.ops("Split", 2, h, graph.constant([hidden, channels + 1]), axis=1)
    out = graph.op("Add", linear, of_place(graph, f"{name}.heads.second", place, silu(graph, h)))
    missing, log_sure = graph.ops("Split", 2, out, graph.constant([channels, 1]), axis=1)
    missing = graph.op("Mul", missing, graph.op("Exp", scalar(graph, f"{name}.missing_scale", place)))
    return missing, graph.op("Exp", graph.op("Add", log_sure, scalar(graph, f"{name}.beta", place)))


def of_place(graph: Graph, name: str, place: Place, x: str) -> str:
    weight, bias = at(graph, f"{name}.weight", place), at(graph, f"{name}.bias", place)
    if not isinstance(place, int):
        weight, bias = (graph.op("Squeeze", value, graph.constant([0])) for value in (weight, bias))
    return graph.op("Conv", x, weight, bias, kernel_shape=[3, 3], pads=[1, 1, 1, 1])


def dense(graph: Graph, part: SidePrior, name: str, place: Place, x: str) -> tuple[str, str]:
    channels = part.before[-1].conv1.weight.shape[0]
    side = part.top >> len(part.down)
    flat = graph.op("Reshape", x, graph.constant([0, channels * side**2]))
    seen = graph.op("Gemm", flat, graph.weight(f"{name}.see.weight"), graph.weight(f"{name}.see.bias"), transB=1)
    seen = silu(graph, graph.op("Add", seen, at(graph, f"{name}.whole", place)))
    told = graph.op("Gemm", seen, graph.weight(f"{name}.tell.weight"), graph.weight(f"{name}.tell.bias"), transB=1)
    return graph.op("Add", x, graph.op("Reshape", told, graph.constant([0, channels, side, side]))), seen


def block(graph: Graph, name: str, place: Place, x: str) -> str:
    told = graph.op("Reshape", at(graph, f"{name}.place", place), graph.constant([1, -1, 1, 1]))
    h = graph.op("Add", convolution(graph, f"{name}.conv0", silu(graph, x), 3), told)
    return graph.op("Add", x, convolution(graph, f"{name}.conv1", silu(graph, h), 3))


def convolution(graph: Graph, name: str, x: str, size: int) -> str:
    weight, bias = graph.weight(f"{name}.weight"), graph.weight(f"{name}.bias")
    if size == 2:
        return graph.op("Conv", x, weight, bias, kernel_shape=[2, 2], strides=[2, 2])
    return graph.op("Conv", x, weight, bias, kernel_shape=[size, size], pads=[size // 2] * 4)


def quadratic(
    graph: Graph,
    size: tuple[int, int],
    nodes: str,
    features: str,
    missing: str,
    sure: str,
    count: int,
    channels: int,
) -> str:
    """Sum over pixels of w (2 t r_k - r_k^2), [batch,K]; `nodes` [K*c,C], `size` C and the pixels. Squares the cheaper
    way, as in model.py."""
    width, pixels = size
    flat = graph.op("Reshape", features, graph.constant([0, width, -1]))
    even = graph.op("Reshape", sure, graph.constant([0, 1, pixels]))
    weighted = graph.op("Transpose", graph.op("Mul", flat, even), perm=[0, 2, 1])
    cross = graph.op("MatMul", graph.op("Reshape", missing, graph.constant([0, channels, -1])), weighted)
    linear = graph.op(
        "Gemm",
        graph.op("Reshape", cross, graph.constant([0, channels * width])),
        graph.op("Reshape", nodes, graph.constant([count, channels * width])),
        transB=1,
    )
    axis, outputs = graph.constant([2]), count * channels
    if pixels * outputs <= width * (pixels + outputs):
        drawn = graph.op("MatMul", nodes, flat)
        drawn = graph.op("Mul", graph.op("Mul", drawn, drawn), even)
        squares = graph.op("ReduceSum", drawn, axis, keepdims=0)
    else:
        moved = graph.op("MatMul", nodes, graph.op("MatMul", flat, weighted))
        squares = graph.op("ReduceSum", graph.op("Mul", moved, nodes), axis, keepdims=0)
    squares = graph.op("Reshape", squares, graph.constant([0, count, channels]))
    squares = graph.op("ReduceSum", squares, axis, keepdims=0)
    return graph.op("Sub", graph.op("Mul", linear, graph.constant(2, np.float32)), squares)
