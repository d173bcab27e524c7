/** The graph of whole descents that quadratic forms decide at every level. */
import { assembled } from '../onnx/assemble.ts';
import { GraphBuilder } from '../onnx/graph-builder.ts';
import type { GraphParts } from '../onnx/messages.ts';
import type { ChoicePoint } from './choice-points.ts';
import { type FormInputs, type FormShape, formInput, formInputs, squaredErrors } from './form-nodes.ts';
import { ADDED, blended, type Source, type SourceLevel, valuesOf } from './level-graph.ts';

/** What decides at the levels. */
export interface WholeShape {
  /** Of each level, of each guide that has a say there, by its number. */
  readonly levels: readonly (readonly { readonly guide: number; readonly shape: FormShape }[])[];
  /** Of all guides. */
  readonly guides: number;
  /** Whether chance has, or choices are given: noise is added to the scores. */
  readonly isNoisy: boolean;
}

const BATCH = 'batch';

/** Output that holds the chosen candidate of a level. */
export function pictureOutput(level: number): string {
  return `picture_${String(level).padStart(2, '0')}`;
}

/**
 * Takes the forms of each guide at each side, `weights` [guides] where there are several or chance has a say, and then `noise`
 * [batch, L, K]. It gives `codes` [batch, L], the chosen candidate of every level, and of each guide, over the levels that it
 * has a say at, `shifts_N` [batch, levels · K] and `rests_N` [batch, levels, 1].
 */
export function wholeGraph(source: Source, shape: WholeShape): GraphParts {
  const graph = new GraphBuilder(`${ADDED}whole`, new Map(), ADDED);
  const inputs = new Map<string, FormInputs>();
  const told = Array.from({ length: shape.guides }, () => ({ shifts: [] as string[], rests: [] as string[] }));
  const deciding = decider(graph, shape, source);
  for (const [index, point] of source.points.entries()) {
    const size = source.levels[index] as SourceLevel;
    const forms = shape.levels[index] as WholeShape['levels'][number];
    const level = forms.length > 0 ? valuesOf(graph, point, size) : null;
    const shifts = forms.map(({ guide, shape: form }) => {
      const name = (part: string) => formInput(part, guide, size.side);
      const known = inputs.get(name('')) ?? formInputs(graph, form, size, name);
      inputs.set(name(''), known);
      const { shift, rest } = squaredErrors(graph, form, known, level as ReturnType<typeof valuesOf>);
      told[guide]?.shifts.push(shift);
      told[guide]?.rests.push(rest);
      return { guide, shift };
    });
    deciding(index, point, shifts);
  }
  output(graph, source);
  for (const [guide, { shifts, rests }] of told.entries()) {
    if (shifts.length === 0) continue;
    graph.output(`shifts_${guide}`, graph.op('Concat', shifts, { axis: 1 }), [BATCH, 'shifts']);
    graph.output(`rests_${guide}`, graph.op('Concat', rests, { axis: 1 }), [BATCH, rests.length, 1]);
  }
  return assembled(source.graph, graph.parts());
}

function output(graph: GraphBuilder, { points, levels }: Source): void {
  const columns = points.map(({ choice }) => graph.op('Unsqueeze', [choice, graph.integers([1])]));
  graph.output('codes', graph.op('Concat', columns, { axis: 1 }), [BATCH, points.length], 'int64');
  for (const [index, { chosen }] of points.entries()) {
    const { side, channels } = levels[index] as SourceLevel;
    graph.output(pictureOutput(index), chosen, [BATCH, channels, side, side]);
  }
}

type Decide = (
  level: number,
  point: ChoicePoint,
  shifts: readonly { readonly guide: number; readonly shift: string }[],
) => void;

/** Makes the choice of a level, in place of the one that was given. */
function decider(graph: GraphBuilder, { guides, isNoisy }: WholeShape, { points, levels }: Source): Decide {
  const [{ count }] = levels as [SourceLevel];
  const isPlain = guides === 1 && !isNoisy;
  const weights = isPlain ? '' : graph.input('weights', [guides]);
  const noise = isNoisy ? graph.input('noise', [BATCH, points.length, count]) : null;
  return (level, point, shifts) => {
    const errors = shifts.map(({ shift }) => shift);
    if (isPlain) {
      graph.alias(point.choice, graph.op('ArgMin', errors, { axis: 1, keepdims: 0 }));
      return;
    }
    const own = graph.op('Gather', [weights, graph.integers(shifts.map(({ guide }) => guide))], { axis: 0 });
    const logits = blended(graph, errors, own, (levels[level] as SourceLevel).count);
    const drawn = noise && graph.op('Add', [logits, graph.op('Gather', [noise, graph.integers(level)], { axis: 1 })]);
    graph.alias(point.choice, graph.op('ArgMax', [drawn ?? logits], { axis: 1, keepdims: 0 }));
  };
}
