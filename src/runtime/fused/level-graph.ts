/** The graph of one level that scores its candidates by quadratic forms, and draws only the best of them. */
import { assembled } from '../onnx/assemble.ts';
import { GraphBuilder } from '../onnx/graph-builder.ts';
import type { GraphParts, StoredGraph } from '../onnx/graph-parts.ts';
import type { ChoicePoint } from './choice-points.ts';
import {
  type FormShape,
  formInput,
  formInputs,
  type LevelSize,
  type LevelValues,
  squaredErrors,
  standardised,
} from './form-nodes.ts';

/** A decode.onnx, and where it draws chosen candidates. */
export interface Source {
  readonly graph: StoredGraph;
  readonly points: readonly ChoicePoint[];
  readonly levels: readonly SourceLevel[];
}

export interface SourceLevel extends LevelSize {
  /** Number of all its features; candidates may be drawn from a part of them. */
  readonly features: number;
  /** Whether candidates are added to a base; usually not at a first level. */
  readonly hasBase: boolean;
  /** Name of its nodes in the weights file. */
  readonly tensor: string;
}

export const BATCH = 'batch';
/** Input of conditional models, also for levels that do not use it. */
export const CONDITION = 'condition';
/** Prefix of the names of added values, which no stored value has. */
export const ADDED = 'fused_';

/**
 * Inputs: those of a level's graph (level 0: `batch`; later ones: `features`, `predict` and `choice` of the previous
 * level, and the condition), and the forms. Outputs: `next_features` and, if it exists, `base`, the value that
 * candidates are added to; for each form `shift_N` [batch, K] and `rest_N` [batch, 1, 1], whose sum is the squared
 * error. If `isChosen`, also the best candidate by all forms, combined by `weights` [forms] if there are several:
 * `chosen`, and its index as `made` [batch].
 */
export function levelGraph(source: Source, index: number, shapes: readonly FormShape[], isChosen: boolean): GraphParts {
  const graph = new GraphBuilder(`${ADDED}level`, new Map(), ADDED);
  const point = source.points[index] as ChoicePoint;
  const size = source.levels[index] as SourceLevel;
  const { side, channels, count } = size;
  const batch = index === 0 ? graph.input(BATCH, [1], 'int64') : null;
  if (index > 0) takeState(graph, source, index - 1);
  const features = batch === null ? point.features : everyRow(graph, point.features, batch);
  graph.output('next_features', features, [BATCH, size.features, side, side]);
  if (point.predict !== null) graph.output('base', point.predict, [BATCH, channels, side, side]);
  const level = valuesOf(graph, point, size);
  const shifts = shapes.map((shape, guide) => {
    const inputs = formInputs(graph, shape, size, (part) => formInput(part, guide));
    const { shift, rest } = squaredErrors(graph, shape, inputs, level);
    graph.output(`shift_${guide}`, shift, [BATCH, count]);
    graph.output(`rest_${guide}`, rest, [BATCH, 1, 1]);
    return shift;
  });
  if (isChosen && shapes.length > 0) {
    choose(graph, point, count, shifts);
    graph.output('chosen', point.chosen, [BATCH, channels, side, side]);
    graph.output('made', point.choice, [BATCH], 'int64');
  }
  return assembled(source.graph, graph.parts(), [CONDITION]);
}

/** Replaces the nodes of the previous level with inputs for its results. */
export function takeState(graph: GraphBuilder, { points, levels }: Source, index: number): void {
  const point = points[index] as ChoicePoint;
  const { side, channels, features: width } = levels[index] as SourceLevel;
  const features = graph.input('features', [BATCH, width, side, side]);
  for (const name of [point.features, ...point.repeated]) graph.alias(name, features);
  graph.alias(point.chosen, graph.input('predict', [BATCH, channels, side, side]));
  graph.alias(point.choice, graph.input('choice', [BATCH], 'int64'));
}

/** The values that candidates of a level are computed from. */
export function valuesOf(graph: GraphBuilder, point: ChoicePoint, size: SourceLevel): LevelValues {
  const { width, features, channels, count } = size;
  const shown =
    width === features
      ? point.features
      : graph.op('Slice', [point.features, graph.integers([0]), graph.integers([width]), graph.integers([1])]);
  const drawing =
    point.tensor.dims.length === 4 ? graph.op('Gather', [point.nodes, graph.integers(0)], { axis: 1 }) : point.nodes;
  const nodes = graph.op('Cast', [drawing], { to: 1 });
  const values = { size: { ...size, channels, count }, features: shown };
  if (point.predict !== null) return { ...values, predict: point.predict, nodes, isFirst: false };
  return { ...values, ...centred(graph, shown, nodes, size), isFirst: true };
}

/**
 * Candidates without a base are expressed relative to their mean: the common part of their errors is then no larger
 * than elsewhere, and rounding does not affect the differences between candidates.
 */
function centred(graph: GraphBuilder, features: string, nodes: string, { width, channels, side }: SourceLevel) {
  const mean = graph.op('ReduceMean', [nodes, graph.integers([0])]);
  const planes = graph.op('Reshape', [features, graph.integers([0, width, -1])]);
  const predict = graph.op('Reshape', [graph.op('MatMul', [mean, planes]), graph.integers([0, channels, side, side])]);
  return { predict, nodes: graph.op('Sub', [nodes, mean]) };
}

/** Replaces the given choice with the best candidate by all forms. */
function choose(graph: GraphBuilder, point: ChoicePoint, count: number, shifts: readonly string[]): void {
  const [only] = shifts;
  const choice =
    shifts.length === 1
      ? graph.op('ArgMin', [only as string], { axis: 1, keepdims: 0 })
      : graph.op('ArgMax', [blended(graph, shifts, graph.input('weights', [shifts.length]), count)], {
          axis: 1,
          keepdims: 0,
        });
  graph.alias(point.choice, choice);
}

/** The blend `zscore` of the guides, [batch, K], with standard deviation 1. */
export function blended(graph: GraphBuilder, shifts: readonly string[], weights: string, count: number): string {
  const parts = shifts.map((shift, guide) => {
    const weight = graph.op('Gather', [weights, graph.integers([guide])], { axis: 0 });
    return graph.op('Mul', [standardised(graph, shift, count, -1), weight]);
  });
  return standardised(
    graph,
    parts.reduce((sum, one) => graph.op('Add', [sum, one])),
    count,
    1,
  );
}

/** Expands a value of batch 1 to every row, [batch, …] with three more dims. */
export function everyRow(graph: GraphBuilder, value: string, batch: string): string {
  return graph.op('Expand', [value, graph.op('Concat', [batch, graph.integers([1, 1, 1])], { axis: 0 })]);
}
