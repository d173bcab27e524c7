/**
 * The graphs of an imported network: one per level, and `decode` for complete codes. Inputs and outputs are those of
 * all bundles (`src/runtime/graphs.ts`).
 */

import { GraphBuilder, type WeightPlace } from '../runtime/onnx/graph-builder.ts';
import type { GraphParts } from '../runtime/onnx/graph-parts.ts';
import { CHANNELS, type SlotsLevel, type SlotsNetwork, tensorName } from './layout.ts';

export type Weights = ReadonlyMap<string, WeightPlace>;

export const BATCH = 'batch';
const TO_END = 2 ** 31 - 1;

/** `level-NN.onnx`: features, predict and choice of the previous level → next_features and candidates. */
export function levelGraph(network: SlotsNetwork, index: number, weights: Weights): GraphParts {
  const graph = new GraphBuilder(`level-${index}`, weights);
  const level = network.levels[index] as SlotsLevel;
  const { side, width, candidates: count } = level;
  const { features, predict, batch } = levelFeatures(graph, network, index);
  const candidates = allCandidates(graph, level, index, features, predict);
  graph.output('next_features', everyRow(graph, features, batch, 3), [BATCH, width, side, side]);
  graph.output('candidates', everyRow(graph, candidates, batch, 4), [BATCH, count, CHANNELS, side, side]);
  return graph.parts();
}

export interface LevelFeatures {
  readonly features: string;
  /** The value that candidates are added to, at the level's side; null at level 0. */
  readonly predict: string | null;
  /** Number of rows, if features are the same for all of them; otherwise null. */
  readonly batch: string | null;
}

/** Features of a level from the inputs that all its graphs have. */
export function levelFeatures(graph: GraphBuilder, network: SlotsNetwork, index: number): LevelFeatures {
  const level = network.levels[index] as SlotsLevel;
  if (index === 0) {
    const batch = graph.input('batch', [1], 'int64');
    const condition = conditionInput(graph, network);
    const features = firstFeatures(graph, network, condition);
    return { features, predict: null, batch: condition === null ? batch : null };
  }
  const before = network.levels[index - 1] as SlotsLevel;
  const from = graph.input('features', [BATCH, before.width, before.side, before.side]);
  const predict = graph.input('predict', [BATCH, CHANNELS, before.side, before.side]);
  const choice = graph.input('choice', [BATCH], 'int64');
  const condition = conditionInput(graph, network);
  const leak = applied(graph, chosenRows(graph, index - 1, choice), lastHalf(graph, from, before), before);
  const features = nextFeatures(graph, network, index, { features: from, predict, leak, condition });
  return { features, predict: atSide(graph, level, predict), batch: null };
}

/** Expands a value with one row to every row. */
export function everyRow(graph: GraphBuilder, value: string, batch: string | null, more: number): string {
  return batch === null ? value : repeated(graph, value, batch, more);
}

/** `decode.onnx`: codes → the picture, and a preview of each smaller side. Only the chosen candidates are drawn. */
export function decodeGraph(network: SlotsNetwork, weights: Weights): GraphParts {
  const { levels } = network;
  const graph = new GraphBuilder('decode', weights);
  const codes = graph.input('codes', [BATCH, levels.length], 'int64');
  const condition = conditionInput(graph, network);
  const previews = new Map<number, string>();
  let state = { features: '', predict: '', leak: '' };
  for (const [index, level] of levels.entries()) {
    const choice = graph.op('Gather', [codes, graph.integers(index)], { axis: 1 });
    let features: string;
    if (index === 0) {
      features = firstFeatures(graph, network, condition);
      if (condition === null) features = repeated(graph, features, graph.op('Shape', [choice]), 3);
    } else features = nextFeatures(graph, network, index, { ...state, condition });
    const rows = chosenRows(graph, index, choice);
    const drawn = applied(graph, rows, firstHalf(graph, features, level), level);
    const predict = index === 0 ? drawn : graph.op('Add', [drawn, atSide(graph, level, state.predict)]);
    state = { features, predict, leak: applied(graph, rows, lastHalf(graph, features, level), level) };
    previews.set(level.side, predict);
  }
  const last = (levels.at(-1) as SlotsLevel).side;
  for (const [side, predict] of previews)
    graph.output(side === last ? 'image' : `preview_${side}`, predict, [BATCH, CHANNELS, side, side]);
  return graph.parts();
}

function conditionInput(graph: GraphBuilder, { levels, conditionChannels }: SlotsNetwork): string | null {
  if (conditionChannels === 0) return null;
  const { side } = levels.at(-1) as SlotsLevel;
  return graph.input('condition', [BATCH, conditionChannels, side, side]);
}

/** Features of level 0, [1, width, 1, 1], or [batch, …] with a condition. */
function firstFeatures(graph: GraphBuilder, network: SlotsNetwork, condition: string | null): string {
  const level = network.levels[0] as SlotsLevel;
  const { widthIn: width } = level;
  const values = Array.from({ length: width }, (_, i) => -1 + (2 * i) / (width - 1));
  if (network.start === 'ramp')
    for (const [i, value] of [-1, 0, 1].entries()) {
      values[i] = (values[i] as number) + value;
      values[width - 3 + i] = (values[width - 3 + i] as number) + value;
    }
  let start = graph.floats('start', values, [1, width, 1, 1]);
  if (condition !== null) {
    const batch = graph.op('Slice', [graph.op('Shape', [condition]), graph.integers([0]), graph.integers([1])]);
    start = withSlots(graph, repeated(graph, start, batch, 3), level, {
      middle: atSmaller(graph, network, condition, 1),
    });
  }
  return block(graph, level, 0, start);
}

interface Before {
  readonly features: string;
  readonly predict: string;
  readonly leak: string;
  readonly condition: string | null;
}

/** Features of a level from the results of the previous level. */
function nextFeatures(graph: GraphBuilder, network: SlotsNetwork, index: number, before: Before): string {
  const level = network.levels[index] as SlotsLevel;
  const sideIn = level.isUp ? level.side / 2 : level.side;
  const { condition } = before;
  const middle = condition !== null && level.takesCondition ? atSmaller(graph, network, condition, sideIn) : undefined;
  const taken = withSlots(graph, before.features, level, {
    first: before.predict,
    last: before.leak,
    ...(middle === undefined ? {} : { middle }),
  });
  return block(graph, level, index, taken);
}

interface Slots {
  readonly first?: string;
  readonly middle?: string;
  readonly last?: string;
}

/** Adds pictures to the first, middle and last channels of the features. */
function withSlots(graph: GraphBuilder, features: string, level: SlotsLevel, slots: Slots): string {
  const { widthIn: width } = level;
  const half = width / 2;
  // A condition of one channel starts at half − ⌊1/2⌋ = half.
  const added: [from: number, to: number, slot: string | undefined][] = [
    [0, CHANNELS, slots.first],
    [half, half + 1, slots.middle],
    [width - CHANNELS, width, slots.last],
  ];
  const parts: string[] = [];
  let done = 0;
  for (const [from, to, slot] of added) {
    if (slot === undefined) continue;
    if (done < from) parts.push(channelsOf(graph, features, done, from));
    parts.push(graph.op('Add', [channelsOf(graph, features, from, to), slot]));
    done = to;
  }
  if (done < width) parts.push(channelsOf(graph, features, done, width));
  return graph.op('Concat', parts, { axis: 1 });
}

function channelsOf(graph: GraphBuilder, value: string, from: number, to: number): string {
  return graph.op('Slice', [value, graph.integers([from]), graph.integers([to]), graph.integers([1])]);
}

export function firstHalf(graph: GraphBuilder, features: string, { width }: SlotsLevel): string {
  return channelsOf(graph, features, 0, width / 2);
}

function lastHalf(graph: GraphBuilder, features: string, { width }: SlotsLevel): string {
  return channelsOf(graph, features, width / 2, TO_END);
}

/** √½ · (conv1(silu(norm1(conv0(up(silu(norm0(x))))))) + skip(x)). */
function block(graph: GraphBuilder, level: SlotsLevel, index: number, x: string): string {
  const { isUp, hasSkip } = level;
  const up = (value: string) => (isUp ? enlarged(graph, value) : value);
  let h = up(silu(graph, groupNorm(graph, level, index, 0, x)));
  h = convolved(graph, index, 'conv0', h, 3);
  h = silu(graph, groupNorm(graph, level, index, 1, h));
  h = convolved(graph, index, 'conv1', h, 3);
  // A 1×1 convolution commutes with repeating pixels, and is a quarter of the work before it.
  const skipped = up(hasSkip ? convolved(graph, index, 'skip', x, 1) : x);
  return graph.op('Mul', [graph.op('Add', [h, skipped]), graph.floats('scale', [Math.SQRT1_2], [])]);
}

function convolved(graph: GraphBuilder, index: number, part: string, x: string, size: number): string {
  const inputs = [
    x,
    graph.weight(tensorName(index, `${part}.weight`)),
    graph.weight(tensorName(index, `${part}.bias`)),
  ];
  const padding = (size - 1) / 2;
  return graph.op('Conv', inputs, { kernel_shape: [size, size], pads: [padding, padding, padding, padding] });
}

/** ONNX Runtime fuses this into one QuickGelu. */
function silu(graph: GraphBuilder, x: string): string {
  return graph.op('Mul', [x, graph.op('Sigmoid', [x])]);
}

function groupNorm(graph: GraphBuilder, level: SlotsLevel, index: number, which: 0 | 1, x: string): string {
  const width = which === 0 ? level.widthIn : level.width;
  const side = which === 0 && level.isUp ? level.side / 2 : level.side;
  const groups = level.groups[which];
  const ones = graph.floats(`ones_${groups}`, new Array<number>(groups).fill(1));
  const zeros = graph.floats(`zeros_${groups}`, new Array<number>(groups).fill(0));
  const rows = graph.op('Reshape', [x, graph.integers([0, groups, -1])]);
  const normed = graph.op('InstanceNormalization', [rows, ones, zeros], { epsilon: { float: level.epsilon[which] } });
  const planes = graph.op('Reshape', [normed, graph.integers([0, width, side, side])]);
  const column = (part: string) =>
    graph.op('Reshape', [graph.weight(tensorName(index, `norm${which}.${part}`)), graph.integers([1, -1, 1, 1])]);
  return graph.op('Add', [graph.op('Mul', [planes, column('weight')]), column('bias')]);
}

/** Repeats every pixel in both directions; ONNX Runtime has a fast path for this pair of attributes. */
function enlarged(graph: GraphBuilder, x: string): string {
  return graph.op('Resize', [x, '', graph.floats('twice', [1, 1, 2, 2])], {
    mode: 'nearest',
    coordinate_transformation_mode: 'asymmetric',
    nearest_mode: 'floor',
  });
}

/** The current picture, resized to the side of a level. */
function atSide(graph: GraphBuilder, { isUp }: SlotsLevel, predict: string): string {
  if (!isUp) return predict;
  return graph.op('Resize', [predict, '', graph.floats('twice', [1, 1, 2, 2])], {
    mode: 'linear',
    coordinate_transformation_mode: 'half_pixel',
  });
}

/** The condition, area-resized. */
function atSmaller(graph: GraphBuilder, { levels }: SlotsNetwork, condition: string, side: number): string {
  const factor = (levels.at(-1) as SlotsLevel).side / side;
  if (factor === 1) return condition;
  return graph.op('AveragePool', [condition], { kernel_shape: [factor, factor], strides: [factor, factor] });
}

/** [batch, K, 3, side, side]: the current picture is added inside the matrix product, as three more columns. */
function allCandidates(
  graph: GraphBuilder,
  level: SlotsLevel,
  index: number,
  features: string,
  predict: string | null,
): string {
  const { candidates: count, side, width } = level;
  let rows = graph.op('Reshape', [graph.weight(tensorName(index, 'nodes.weight')), graph.integers([-1, width / 2])]);
  let drawing = firstHalf(graph, features, level);
  if (predict !== null) {
    const identity = graph.floats('channels', [1, 0, 0, 0, 1, 0, 0, 0, 1], [1, CHANNELS, CHANNELS]);
    const columns = graph.op('Expand', [identity, graph.integers([count, CHANNELS, CHANNELS])]);
    const flat = graph.op('Reshape', [columns, graph.integers([-1, CHANNELS])]);
    rows = graph.op('Concat', [rows, flat], { axis: 1 });
    drawing = graph.op('Concat', [drawing, predict], { axis: 1 });
  }
  const planes = graph.op('Reshape', [drawing, graph.integers([0, 0, -1])]);
  const drawn = graph.op('MatMul', [rows, planes]);
  return graph.op('Reshape', [drawn, graph.integers([0, count, CHANNELS, side, side])]);
}

/** W of the chosen candidates, [batch, 3, width / 2]. */
function chosenRows(graph: GraphBuilder, index: number, choice: string): string {
  const name = tensorName(index, 'nodes.weight');
  return graph.float32(graph.op('Gather', [graph.stored(name), choice], { axis: 0 }), name);
}

/** Rows [batch, 3, width / 2] times half of the features: [batch, 3, side, side]. */
function applied(graph: GraphBuilder, rows: string, half: string, { side }: SlotsLevel): string {
  const planes = graph.op('Reshape', [half, graph.integers([0, 0, -1])]);
  return graph.op('Reshape', [graph.op('MatMul', [rows, planes]), graph.integers([0, CHANNELS, side, side])]);
}

/** Expands a value of batch 1 to every row. */
function repeated(graph: GraphBuilder, value: string, batch: string, more: number): string {
  const rest = graph.integers(new Array<number>(more).fill(1));
  return graph.op('Expand', [value, graph.op('Concat', [batch, rest], { axis: 0 })]);
}
