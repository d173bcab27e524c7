/**
 * Scores all candidates of a level by a quadratic form, from Gram matrices.
 *
 * A candidate is x_k = W_k F + p. With F̃ = R F Cᵀ per feature, e = target − M (R p Cᵀ) and V_k = M W_k, its score is
 * −scale · Σ_o (v_o G v_oᵀ − 2 v_o m_oᵀ + Σ w e_o²), where G = F̃ diag(w) F̃ᵀ and m_o = e_o diag(w) F̃ᵀ: no candidate needs
 * to be drawn.
 */
import type { LinearForm } from '../../guide.ts';

/** The inputs of one state at a level. */
export interface LevelState {
  /** F, [width, side, side]. */
  readonly features: Float32Array;
  /** p, the previous picture at this side, [channels, side, side]. */
  readonly predict: Float32Array;
  readonly channels: number;
  readonly side: number;
}

/**
 * Scores of all K candidates: up to rounding, those of the drawn candidates.
 *
 * @param nodes the bundle's `levels.N.nodes.weight`, [K, 2, channels, width]; only [:, 0] draws
 */
export function gramScores(form: LinearForm, state: LevelState, nodes: Float32Array): Float64Array {
  const { channels, side } = state;
  const width = state.features.length / (side * side);
  const count = nodes.length / (2 * channels * width);
  const pooled = resampled(state.features, width, side, form);
  const error = errorOf(form, state);
  const { gram, cross, rest } = moments(pooled, error, form, width);
  const scores = new Float64Array(count);
  const row = new Float64Array(width);
  for (let k = 0; k < count; k++) {
    let sum = rest;
    for (let o = 0; o < form.outChannels; o++) {
      mixNode(nodes, k, o, channels, width, form, row);
      sum += quadratic(row, gram) - 2 * dot(row, cross, o * width);
    }
    scores[k] = -form.scale * sum;
  }
  return scores;
}

/** R · plane · Cᵀ of each plane: [planes, height, width] in double precision. */
function resampled(data: Float32Array, planes: number, side: number, form: LinearForm): Float64Array {
  const { height, width, rows, columns } = form;
  const half = new Float64Array(planes * height * side);
  for (let plane = 0; plane < planes; plane++) {
    for (let i = 0; i < height; i++) {
      for (let y = 0; y < side; y++) {
        const weight = rows ? (rows[i * side + y] as number) : i === y ? 1 : 0;
        if (weight === 0) continue;
        const from = (plane * side + y) * side;
        const to = (plane * height + i) * side;
        for (let x = 0; x < side; x++) half[to + x] = (half[to + x] as number) + weight * (data[from + x] as number);
      }
    }
  }
  if (!columns) return half;
  const full = new Float64Array(planes * height * width);
  for (let line = 0; line < planes * height; line++) {
    for (let j = 0; j < width; j++) full[line * width + j] = dotFrom(columns, j * side, half, line * side, side);
  }
  return full;
}

/** e = target − M (R p Cᵀ), [outChannels, height · width]. */
function errorOf(form: LinearForm, { predict, channels, side }: LevelState): Float64Array {
  const size = form.height * form.width;
  const picture = resampled(predict, channels, side, form);
  const error = Float64Array.from(form.target);
  for (let o = 0; o < form.outChannels; o++) {
    for (let c = 0; c < channels; c++) {
      const weight = colorWeight(form, o, c, channels);
      if (weight === 0) continue;
      for (let p = 0; p < size; p++)
        error[o * size + p] = (error[o * size + p] as number) - weight * (picture[c * size + p] as number);
    }
  }
  return error;
}

/** G, the cross terms m_o, and the part that does not depend on the candidate. */
function moments(pooled: Float64Array, error: Float64Array, form: LinearForm, width: number) {
  const size = form.height * form.width;
  const weighted = (values: Float64Array) =>
    form.weight ? values.map((value, i) => value * ((form.weight as Float32Array)[i % size] as number)) : values;
  const weightedPooled = weighted(pooled);
  const gram = new Float64Array(width * width);
  for (let a = 0; a < width; a++) {
    for (let b = a; b < width; b++) {
      const value = dotFrom(weightedPooled, a * size, pooled, b * size, size);
      gram[a * width + b] = value;
      gram[b * width + a] = value;
    }
  }
  const cross = new Float64Array(form.outChannels * width);
  for (let o = 0; o < form.outChannels; o++)
    for (let a = 0; a < width; a++) cross[o * width + a] = dotFrom(error, o * size, weightedPooled, a * size, size);
  return { gram, cross, rest: dotFrom(weighted(error), 0, error, 0, error.length) };
}

/** Row o of M W_k. */
function mixNode(
  nodes: Float32Array,
  k: number,
  o: number,
  channels: number,
  width: number,
  form: LinearForm,
  row: Float64Array,
): void {
  row.fill(0);
  for (let c = 0; c < channels; c++) {
    const weight = colorWeight(form, o, c, channels);
    if (weight === 0) continue;
    const from = (k * 2 * channels + c) * width;
    for (let a = 0; a < width; a++) row[a] = (row[a] as number) + weight * (nodes[from + a] as number);
  }
}

function colorWeight(form: LinearForm, out: number, channel: number, channels: number): number {
  if (form.color) return form.color[out * channels + channel] as number;
  return out === channel ? 1 : 0;
}

function quadratic(row: Float64Array, gram: Float64Array): number {
  let sum = 0;
  for (let a = 0; a < row.length; a++) sum += (row[a] as number) * dot(row, gram, a * row.length);
  return sum;
}

function dot(row: Float64Array, values: Float64Array, from: number): number {
  return dotFrom(row, 0, values, from, row.length);
}

function dotFrom(a: ArrayLike<number>, from: number, b: ArrayLike<number>, at: number, length: number): number {
  let sum = 0;
  for (let i = 0; i < length; i++) sum += (a[from + i] as number) * (b[at + i] as number);
  return sum;
}
