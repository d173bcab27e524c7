/** The graph of several levels decided by quadratic forms: each draws only the chosen candidate. */
import { assembled } from '../onnx/assemble.ts';
import { GraphBuilder } from '../onnx/graph-builder.ts';
import type { GraphParts } from '../onnx/graph-parts.ts';
import type { ChoicePoint } from './choice-points.ts';
import { type FormInputs, type FormShape, formInput, formInputs, squaredErrors } from './form-nodes.ts';
import {
  ADDED,
  BATCH,
  blended,
  CONDITION,
  everyRow,
  type Source,
  type SourceLevel,
  takeState,
  valuesOf,
} from './level-graph.ts';

/** What decides at levels of one side. */
export interface SpanShape {
  /** Index of the first level. */
  readonly first: number;
  /** For each level, the guides that are active there, by index. */
  readonly levels: readonly (readonly { readonly guide: number; readonly shape: FormShape }[])[];
  /** Number of all guides. */
  readonly guides: number;
  /** Whether choices are random: noise is added to the scores. */
  readonly isNoisy: boolean;
}

/**
 * Inputs: those of the first level's graph and the form of each guide; `weights` [guides] if there are several guides
 * or choices are random, and in the latter case `noise` [batch, levels, K]. Outputs: `codes` [batch, levels], the
 * chosen candidates as `pictures` [batch, levels · channels, side, side], `next_features` of the last level, and for each guide, over the levels at which it
 * is active, `shifts_N` [batch, levels · K] and `rests_N` [batch, levels, 1].
 */
export function spanGraph(source: Source, shape: SpanShape): GraphParts {
  const graph = new GraphBuilder(`${ADDED}span`, new Map(), ADDED);
  const { first } = shape;
  const batch = first === 0 ? graph.input(BATCH, [1], 'int64') : null;
  if (first > 0) takeState(graph, source, first - 1);
  const points = source.points.slice(first, first + shape.levels.length);
  const errors = levelsOf(graph, source, shape, points);
  const last = source.levels[first + points.length - 1] as SourceLevel;
  const features = (points.at(-1) as ChoicePoint).features;
  graph.output('next_features', batch === null ? features : everyRow(graph, features, batch), [
    BATCH,
    last.features,
    last.side,
    last.side,
  ]);
  const columns = points.map(({ choice }) => graph.op('Unsqueeze', [choice, graph.integers([1])]));
  graph.output('codes', graph.op('Concat', columns, { axis: 1 }), [BATCH, points.length], 'int64');
  const pictures = points.map(({ chosen }) => chosen);
  graph.output('pictures', graph.op('Concat', pictures, { axis: 1 }), [
    BATCH,
    points.length * last.channels,
    last.side,
    last.side,
  ]);
  for (const [guide, { shifts, rests }] of errors) {
    graph.output(`shifts_${guide}`, graph.op('Concat', shifts, { axis: 1 }), [BATCH, 'shifts']);
    graph.output(`rests_${guide}`, graph.op('Concat', rests, { axis: 1 }), [BATCH, rests.length, 1]);
  }
  return assembled(source.graph, graph.parts(), [CONDITION]);
}

type ErrorOutputs = Map<number, { readonly shifts: string[]; readonly rests: string[] }>;

function levelsOf(graph: GraphBuilder, source: Source, shape: SpanShape, points: readonly ChoicePoint[]): ErrorOutputs {
  const inputs = new Map<number, FormInputs>();
  const outputs: ErrorOutputs = new Map();
  const decide = decider(graph, shape, source.levels[shape.first] as SourceLevel);
  for (const [place, point] of points.entries()) {
    const size = source.levels[shape.first + place] as SourceLevel;
    const level = valuesOf(graph, point, size);
    const errors = (shape.levels[place] as SpanShape['levels'][number]).map(({ guide, shape: form }) => {
      const known = inputs.get(guide) ?? formInputs(graph, form, size, (part) => formInput(part, guide));
      inputs.set(guide, known);
      const { shift, rest } = squaredErrors(graph, form, known, level);
      const own = outputs.get(guide) ?? { shifts: [], rests: [] };
      outputs.set(guide, own);
      own.shifts.push(shift);
      own.rests.push(rest);
      return { guide, shift };
    });
    graph.alias(point.choice, decide(place, errors));
  }
  return outputs;
}

type Decide = (place: number, errors: readonly { readonly guide: number; readonly shift: string }[]) => string;

/** Makes the choices that the graph otherwise takes as input. */
function decider(graph: GraphBuilder, { guides, isNoisy, levels }: SpanShape, { count }: SourceLevel): Decide {
  const isPlain = guides === 1 && !isNoisy;
  const weights = isPlain ? '' : graph.input('weights', [guides]);
  const noise = isNoisy ? graph.input('noise', [BATCH, levels.length, count]) : null;
  return (place, errors) => {
    const shifts = errors.map(({ shift }) => shift);
    if (isPlain) return graph.op('ArgMin', shifts, { axis: 1, keepdims: 0 });
    const own = graph.op('Gather', [weights, graph.integers(errors.map(({ guide }) => guide))], { axis: 0 });
    const logits = blended(graph, shifts, own, count);
    const drawn = noise && graph.op('Add', [logits, graph.op('Gather', [noise, graph.integers(place)], { axis: 1 })]);
    return graph.op('ArgMax', [drawn ?? logits], { axis: 1, keepdims: 0 });
  };
}
