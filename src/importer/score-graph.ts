/**
 * The graph of a level that scores all candidates by a quadratic form without drawing them (METHOD.md §3.4, as
 * `linear-forms.ts` does it in plain numbers): a candidate is x_k = W_k F + p, so its score follows from Gram matrices of F.
 */
import { BATCH, everyRow, firstHalf, levelFeatures, type Weights } from './graphs.ts';
import { CHANNELS, type SlotsLevel, type SlotsNetwork, tensorName } from './layout.ts';
import { GraphBuilder } from './onnx/graph-builder.ts';
import type { GraphParts } from './onnx/messages.ts';

/** `score-NN.onnx`: the inputs of level-NN.onnx and a quadratic form → next_features, base and scores. */
export function scoreGraph(network: SlotsNetwork, index: number, weights: Weights): GraphParts {
  const graph = new GraphBuilder(`score-${index}`, weights);
  const level = network.levels[index] as SlotsLevel;
  const { side, width, candidates: count } = level;
  const form = formInputs(graph, side);
  const { features, predict, batch } = levelFeatures(graph, network, index);
  const base = predict ?? graph.op('Mul', [sliceOfChannels(graph, features), graph.floats('nothing', [0], [1])]);
  const pooled = resampled(graph, form, firstHalf(graph, features, level));
  const shown = graph.op('MatMul', [form.color, resampled(graph, form, base)]);
  const error = graph.op('Sub', [form.target, shown]);
  const scores = scored(graph, index, level, { form, pooled, error });
  graph.output('next_features', everyRow(graph, features, batch, 3), [BATCH, width, side, side]);
  graph.output('base', everyRow(graph, base, batch, 3), [BATCH, CHANNELS, side, side]);
  graph.output('scores', everyRow(graph, scores, batch, 1), [BATCH, count]);
  return graph.parts();
}

interface Form {
  readonly rows: string;
  readonly columns: string;
  readonly color: string;
  readonly weight: string;
  readonly target: string;
  readonly scale: string;
}

function formInputs(graph: GraphBuilder, side: number): Form {
  return {
    rows: graph.input('form_rows', ['height', side]),
    columns: graph.input('form_columns', [side, 'width']),
    color: graph.input('form_color', ['out', CHANNELS]),
    weight: graph.input('form_weight', ['pixels']),
    target: graph.input('form_target', ['out', 'pixels']),
    scale: graph.input('form_scale', [1]),
  };
}

function sliceOfChannels(graph: GraphBuilder, features: string): string {
  return graph.op('Slice', [features, graph.integers([0]), graph.integers([CHANNELS]), graph.integers([1])]);
}

/** R · plane · Cᵀ of each plane, [batch, planes, pixels]. */
function resampled(graph: GraphBuilder, { rows, columns }: Form, planes: string): string {
  const narrow = graph.op('MatMul', [graph.op('MatMul', [rows, planes]), columns]);
  return graph.op('Reshape', [narrow, graph.integers([0, 0, -1])]);
}

interface Moments {
  readonly form: Form;
  /** F̃, [batch, width / 2, pixels]. */
  readonly pooled: string;
  /** [batch, out, pixels] */
  readonly error: string;
}

/** −scale · (Σ V ⊙ (V G − 2 m) + Σ w e²), [batch, K], where V = M W, G = F̃ diag(w) F̃ᵀ and m = e diag(w) F̃ᵀ. */
function scored(graph: GraphBuilder, index: number, level: SlotsLevel, { form, pooled, error }: Moments): string {
  const transposed = graph.op('Transpose', [graph.op('Mul', [pooled, form.weight])], { perm: [0, 2, 1] });
  const gram = graph.op('MatMul', [pooled, transposed]);
  const cross = graph.op('MatMul', [error, transposed]);
  const rest = graph.op(
    'ReduceSum',
    [graph.op('Mul', [graph.op('Mul', [error, error]), form.weight]), graph.integers([1, 2])],
    { keepdims: 0 },
  );
  const mixed = graph.op('MatMul', [form.color, graph.weight(tensorName(index, 'nodes.weight'))]);
  const flat = graph.op('Reshape', [mixed, graph.integers([-1, level.width / 2])]);
  const turned = graph.op('MatMul', [flat, gram]);
  const byNode = graph.op('Reshape', [turned, graph.integers([0, level.candidates, -1, level.width / 2])]);
  const twice = graph.op('Mul', [graph.op('Unsqueeze', [cross, graph.integers([1])]), graph.floats('two', [2], [])]);
  const parts = graph.op('Mul', [graph.op('Sub', [byNode, twice]), mixed]);
  const sums = graph.op('ReduceSum', [parts, graph.integers([2, 3])], { keepdims: 0 });
  const errors = graph.op('Add', [sums, graph.op('Unsqueeze', [rest, graph.integers([1])])]);
  return graph.op('Neg', [graph.op('Mul', [errors, form.scale])]);
}
