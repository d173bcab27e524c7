/** Separable resampling of square or rectangular planes: exact area pooling, bilinear, bicubic. */

/** One axis of a resampling: output i = Σ_t weights[i·taps + t] · input[start[i] + t]. */
export interface Axis {
  readonly from: number;
  readonly to: number;
  readonly taps: number;
  readonly start: Int32Array;
  readonly weights: Float64Array;
}

export type Kernel = 'area' | 'bilinear' | 'bicubic';

/** Exact overlap of output cell i with each input cell, as a share of the output cell. */
function areaWeight(i: number, j: number, from: number, to: number): number {
  const low = Math.max((i * from) / to, j);
  const high = Math.min(((i + 1) * from) / to, j + 1);
  return Math.max(0, ((high - low) * to) / from);
}

function bicubicWeight(distance: number): number {
  const a = -0.5; // Catmull-Rom, as Pillow and CLIP's own preprocessing have it
  const x = Math.abs(distance);
  if (x < 1) return (a + 2) * x ** 3 - (a + 3) * x ** 2 + 1;
  return x < 2 ? a * x ** 3 - 5 * a * x ** 2 + 8 * a * x - 4 * a : 0;
}

/** Pillow's convention: centres at half pixels, the kernel widened when shrinking (antialiased), rows sum to 1. */
function kernelWeight(kernel: 'bilinear' | 'bicubic', i: number, j: number, from: number, to: number): number {
  const stretch = Math.max(1, from / to);
  const distance = (j + 0.5 - ((i + 0.5) * from) / to) / stretch;
  return kernel === 'bilinear' ? Math.max(0, 1 - Math.abs(distance)) : bicubicWeight(distance);
}

function denseRow(kernel: Kernel, i: number, from: number, to: number): Float64Array {
  const row = new Float64Array(from);
  let sum = 0;
  for (let j = 0; j < from; j++) {
    const weight = kernel === 'area' ? areaWeight(i, j, from, to) : kernelWeight(kernel, i, j, from, to);
    row[j] = Math.abs(weight) < 1e-12 ? 0 : weight;
    sum += row[j] as number;
  }
  for (let j = 0; j < from; j++) row[j] = (row[j] as number) / sum;
  return row;
}

/** The axis that a dense matrix [to, from] in row order stands for. */
export function axisOf(matrix: Float32Array | Float64Array, to: number, from: number): Axis {
  const start = new Int32Array(to);
  let taps = 1;
  for (let i = 0; i < to; i++) {
    const row = matrix.subarray(i * from, (i + 1) * from);
    const first = Math.max(
      0,
      row.findIndex((weight) => weight !== 0),
    );
    const last = Math.max(
      first,
      row.findLastIndex((weight) => weight !== 0),
    );
    start[i] = first;
    taps = Math.max(taps, last - first + 1);
  }
  const weights = new Float64Array(to * taps);
  for (let i = 0; i < to; i++) {
    start[i] = Math.min(start[i] as number, from - taps);
    for (let t = 0; t < taps; t++) weights[i * taps + t] = matrix[i * from + (start[i] as number) + t] as number;
  }
  return { from, to, taps, start, weights };
}

/** The dense matrix [to, from] of a resampling, in row order. */
export function matrixOf(kernel: Kernel, to: number, from: number): Float32Array {
  const matrix = new Float32Array(to * from);
  for (let i = 0; i < to; i++) matrix.set(denseRow(kernel, i, from, to), i * from);
  return matrix;
}

const axes = new Map<string, Axis>();
const MAX_KEPT = 64;

/** A resampling axis from `from` to `to` pixels. */
export function axis(kernel: Kernel, to: number, from: number): Axis {
  const key = `${kernel} ${to} ${from}`;
  const known = axes.get(key);
  if (known !== undefined) return known;
  const matrix = new Float64Array(to * from);
  for (let i = 0; i < to; i++) matrix.set(denseRow(kernel, i, from, to), i * from);
  const made = axisOf(matrix, to, from);
  if (axes.size >= MAX_KEPT) axes.clear();
  axes.set(key, made);
  return made;
}

/**
 * Resamples one plane: `source` from `offset` on holds [rows.from, columns.from], `target` from `at` on gets
 * [rows.to, columns.to]. `line` is scratch of columns.from numbers.
 */
export function resamplePlane(
  source: Float32Array | Float64Array,
  offset: number,
  rows: Axis,
  columns: Axis,
  target: Float32Array | Float64Array,
  at: number,
  line: Float64Array,
): void {
  const width = columns.from;
  for (let i = 0; i < rows.to; i++) {
    mixRows(source, offset, width, rows, i, line);
    const out = at + i * columns.to;
    for (let j = 0; j < columns.to; j++) {
      const first = columns.start[j] as number;
      const base = j * columns.taps;
      let sum = 0;
      for (let t = 0; t < columns.taps; t++) sum += (columns.weights[base + t] as number) * (line[first + t] as number);
      target[out + j] = sum;
    }
  }
}

/** Row i of (R · source) into `line`. */
export function mixRows(
  source: Float32Array | Float64Array,
  offset: number,
  width: number,
  rows: Axis,
  i: number,
  line: Float64Array,
): void {
  const first = rows.start[i] as number;
  for (let t = 0; t < rows.taps; t++) {
    const weight = rows.weights[i * rows.taps + t] as number;
    const from = offset + (first + t) * width;
    if (t === 0) for (let j = 0; j < width; j++) line[j] = weight * (source[from + j] as number);
    else for (let j = 0; j < width; j++) line[j] = (line[j] as number) + weight * (source[from + j] as number);
  }
}

/** Resamples [planes, height, width] to [planes, toHeight, toWidth]. */
export function resample(
  data: Float32Array,
  shape: { planes: number; height: number; width: number },
  toHeight: number,
  toWidth: number,
  kernel: Kernel = 'area',
): Float32Array {
  const rows = axis(kernel, toHeight, shape.height);
  const columns = axis(kernel, toWidth, shape.width);
  const result = new Float32Array(shape.planes * toHeight * toWidth);
  const line = new Float64Array(shape.width);
  for (let plane = 0; plane < shape.planes; plane++)
    resamplePlane(data, plane * shape.height * shape.width, rows, columns, result, plane * toHeight * toWidth, line);
  return result;
}
