/**
 * Nodes that score all candidates of a level by a quadratic form without drawing them. A candidate is
 * x_k = W_k F + p, so that with F̃ = R F Cᵀ, E = target − M (R p Cᵀ) and V_k = M W_k its weighted squared error is
 * Σ w (V_k F̃ − E)² = V_k·(G V_k − 2 m) + Σ w E², where G = F̃ diag(w) F̃ᵀ and m = E diag(w) F̃ᵀ.
 *
 * The last sum is the same for all candidates and much larger than their differences: it is returned separately, so
 * that in float32 the order of the candidates is not lost to its rounding error.
 */
import type { LinearForm } from '../../guide.ts';
import type { GraphBuilder } from '../onnx/graph-builder.ts';

/** The properties of a form that determine which nodes a graph needs; its numbers are inputs. */
export interface FormShape {
  readonly outChannels: number;
  /** Whether rows or columns are mixed. */
  readonly isPooled: boolean;
  readonly isColored: boolean;
  readonly isWeighted: boolean;
  /** Whether there are so few pixels that drawing, at the compared size, is cheaper than Gram matrices. */
  readonly isDrawn: boolean;
}

/** The sizes from which a level's candidates are drawn. */
export interface LevelSize {
  readonly side: number;
  /** K */
  readonly count: number;
  readonly channels: number;
  /** Number of features that candidates are drawn from. */
  readonly width: number;
}

export function formShape(form: LinearForm, { count, width }: LevelSize): FormShape {
  const { outChannels, height, width: columns } = form;
  const outputs = count * outChannels;
  const drawing = height * columns * width * outputs;
  const byGram = (width + outChannels) * width * (height * columns + outputs);
  return {
    outChannels,
    isPooled: form.rows !== undefined || form.columns !== undefined,
    isColored: form.color !== undefined,
    isWeighted: form.weight !== undefined,
    isDrawn: drawing <= byGram,
  };
}

/** The numbers of a form, as inputs of a graph. */
export interface FormInputs {
  /** [batch, outChannels, pixels] */
  readonly target: string;
  /** [batch, 1, pixels]; null if all pixels have equal weight. */
  readonly weight: string | null;
  /** [batch, 1, height, side] and [batch, 1, side, width]; null if pixels are compared directly. */
  readonly pooling: { readonly rows: string; readonly columns: string } | null;
  /** [outChannels, channels]; null if colours are compared directly. */
  readonly color: string | null;
}

const BATCH = 'batch';

/** Name of the input for a part of a guide's form. */
export function formInput(part: string, guide: number): string {
  return `${part}_${guide}`;
}

export function formInputs(
  graph: GraphBuilder,
  shape: FormShape,
  { side, channels }: Pick<LevelSize, 'side' | 'channels'>,
  name: (part: string) => string,
): FormInputs {
  const pixels = `pixels_${name('of')}`;
  return {
    target: graph.input(name('target'), [BATCH, shape.outChannels, pixels]),
    weight: shape.isWeighted ? graph.input(name('weight'), [BATCH, 1, pixels]) : null,
    pooling: shape.isPooled
      ? {
          rows: graph.input(name('rows'), [BATCH, 1, `height_${name('of')}`, side]),
          columns: graph.input(name('columns'), [BATCH, 1, side, `width_${name('of')}`]),
        }
      : null,
    color: shape.isColored ? graph.input(name('color'), [shape.outChannels, channels]) : null,
  };
}

/** The values of a level in a graph. */
export interface LevelValues {
  readonly size: LevelSize;
  /** F, [batch, width, side, side]; batch 1 at a first level without condition. */
  readonly features: string;
  /** p, [batch, channels, side, side]. */
  readonly predict: string;
  /** Whether it is the first level, whose features may be the same for all rows, and given once. */
  readonly isFirst: boolean;
  /** W, [K, channels, width]. */
  readonly nodes: string;
}

export interface SquaredErrors {
  /** Errors of the candidates, minus `rest`: [batch, K]. */
  readonly shift: string;
  /** Σ w E², [batch, 1, 1]. */
  readonly rest: string;
}

export function squaredErrors(
  graph: GraphBuilder,
  shape: FormShape,
  inputs: FormInputs,
  level: LevelValues,
): SquaredErrors {
  const { count, width } = level.size;
  const pooled = planes(graph, level.features, inputs, width);
  const error = errorOf(graph, inputs, level);
  const mixed = inputs.color ? graph.op('MatMul', [inputs.color, level.nodes]) : level.nodes;
  const rows = graph.op('Reshape', [mixed, graph.integers([count * shape.outChannels, width])]);
  const parts = { shape, level, pooled, error, rows, weight: inputs.weight };
  return { shift: shape.isDrawn ? byDrawing(graph, parts) : byGram(graph, parts), rest: restOf(graph, parts) };
}

/** R · plane · Cᵀ of each plane, [batch, count, pixels]. */
function planes(graph: GraphBuilder, value: string, { pooling }: FormInputs, count: number): string {
  const small = pooling ? graph.op('MatMul', [graph.op('MatMul', [pooling.rows, value]), pooling.columns]) : value;
  return graph.op('Reshape', [small, graph.integers([0, count, -1])]);
}

/** E, [batch, outChannels, pixels]. */
function errorOf(graph: GraphBuilder, inputs: FormInputs, { predict, size }: LevelValues): string {
  const shown = planes(graph, predict, inputs, size.channels);
  return graph.op('Sub', [inputs.target, inputs.color ? graph.op('MatMul', [inputs.color, shown]) : shown]);
}

interface Parts {
  readonly shape: FormShape;
  readonly level: LevelValues;
  /** F̃, [batch, width, pixels] */
  readonly pooled: string;
  /** [batch, outChannels, pixels] */
  readonly error: string;
  /** V, [K · outChannels, width] */
  readonly rows: string;
  readonly weight: string | null;
}

/** Σ w · V_k F̃ · (V_k F̃ − 2 E) */
function byDrawing(graph: GraphBuilder, { shape, level, pooled, error, rows, weight }: Parts): string {
  const drawn = graph.op('MatMul', [rows, pooled]);
  const candidates = graph.op('Reshape', [drawn, graph.integers([0, level.size.count, shape.outChannels, -1])]);
  const twice = graph.op('Mul', [error, graph.floats('two', [2], [])]);
  const missing = graph.op('Sub', [candidates, graph.op('Unsqueeze', [twice, graph.integers([1])])]);
  const product = graph.op('Mul', [missing, candidates]);
  const weighed = weight ? graph.op('Mul', [product, graph.op('Unsqueeze', [weight, graph.integers([1])])]) : product;
  return graph.op('ReduceSum', [weighed, graph.integers([2, 3])], { keepdims: 0 });
}

/** V_k · (G V_k − 2 m): G and m in one product, and G V_k − 2 m in the next. */
function byGram(graph: GraphBuilder, { shape, level, pooled, error, rows, weight }: Parts): string {
  const { count, width } = level.size;
  const { outChannels: out } = shape;
  const shared = level.isFirst ? perRow(graph, pooled, error) : pooled;
  const weighed = weight ? graph.op('Mul', [shared, weight]) : shared;
  const both = graph.op('Concat', [shared, error], { axis: 1 });
  const moments = graph.op('MatMul', [both, graph.op('Transpose', [weighed], { perm: [0, 2, 1] })]);
  const minusTwo = graph.floats(
    `minus_two_${count}_${out}`,
    Array.from({ length: count * out * out }, (_, i) => (Math.floor(i / out) % out === i % out ? -2 : 0)),
    [count * out, out],
  );
  const turned = graph.op('MatMul', [graph.op('Concat', [rows, minusTwo], { axis: 1 }), moments]);
  const products = graph.op('Mul', [turned, rows]);
  const byNode = graph.op('Reshape', [products, graph.integers([0, count, out * width])]);
  return graph.op('ReduceSum', [byNode, graph.integers([2])], { keepdims: 0 });
}

/** Expands a value of batch 1 to the batch of another one. */
function perRow(graph: GraphBuilder, value: string, like: string): string {
  const batch = graph.op('Slice', [graph.op('Shape', [like]), graph.integers([0]), graph.integers([1])]);
  return graph.op('Expand', [value, graph.op('Concat', [batch, graph.integers([1, 1])], { axis: 0 })]);
}

function restOf(graph: GraphBuilder, { error, weight }: Parts): string {
  const axes = graph.integers([1, 2]);
  if (!weight) return graph.op('ReduceSumSquare', [error, axes]);
  return graph.op('ReduceSum', [graph.op('Mul', [graph.op('Mul', [error, error]), weight]), axes]);
}

/**
 * Standardizes over the candidates to mean 0 and standard deviation 1, [batch, K]. @param sign −1: higher values for
 * smaller errors
 */
export function standardised(graph: GraphBuilder, values: string, count: number, sign: 1 | -1): string {
  const centred = graph.op('Sub', [values, graph.op('ReduceMean', [values, graph.integers([1])])]);
  const scale = graph.floats(`sign_${sign}_${count}`, new Array<number>(count).fill(sign));
  // Equal values stay 0: a guide without preference has no influence.
  return graph.op('LayerNormalization', [centred, scale], { axis: -1, epsilon: { float: 1e-30 } });
}
