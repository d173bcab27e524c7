/**
 * Separable resampling of planes: exact area, bilinear and bicubic, with and without antialiasing. Weights are in
 * double precision.
 */

export interface PlaneSize {
  readonly height: number;
  readonly width: number;
}

/**
 * `area`: each output pixel is the mean of the rectangle that it covers, with fractions of pixels weighted by area;
 * when enlarging, pixels are repeated and blended where an output pixel straddles two.
 * `bilinear`, `bicubic`, `lanczos`: pixel centres at halves, the kernel widened when shrinking (antialiased), as in
 * Pillow.
 * `bilinear-plain`, `bicubic-plain`: the same but never widened, edges repeated (PyTorch's `align_corners=False`).
 */
export type Kernel = 'area' | 'bilinear' | 'bicubic' | 'lanczos' | 'bilinear-plain' | 'bicubic-plain';

/** One axis of a resampling: output i = Σ_t weights[i·taps + t] · input[start[i] + t]. */
export interface Axis {
  readonly from: number;
  readonly to: number;
  readonly taps: number;
  readonly start: Int32Array;
  readonly weights: Float64Array;
}

/** Weights of the inputs from `start` on; they sum to 1. */
interface Row {
  readonly start: number;
  readonly weights: readonly number[];
}

const axes = new Map<string, Axis>();
const MAX_CACHED = 64;

/**
 * Resamples planes [planes, from.height, from.width] to [planes, to.height, to.width]; a copy if the size is the same.
 */
export function resample(
  data: Float32Array,
  from: PlaneSize,
  to: PlaneSize,
  kernel: Kernel = 'area',
): Float32Array<ArrayBuffer> {
  const size = from.height * from.width;
  const planes = data.length / size;
  if (!Number.isInteger(planes))
    throw new RangeError(`${data.length} values in planes of ${from.height}×${from.width}`);
  if (from.height === to.height && from.width === to.width) return data.slice();
  const rows = axis(kernel, to.height, from.height);
  const columns = axis(kernel, to.width, from.width);
  const result = new Float32Array(planes * to.height * to.width);
  const line = new Float64Array(from.width);
  for (let plane = 0; plane < planes; plane++)
    resamplePlane(data, plane * size, rows, columns, result, plane * to.height * to.width, line);
  return result;
}

/** A resampling axis from `from` to `to` pixels. */
export function axis(kernel: Kernel, to: number, from: number): Axis {
  const key = `${kernel} ${to} ${from}`;
  const known = axes.get(key);
  if (known !== undefined) return known;
  const built = packed(
    Array.from({ length: to }, (_, i) => rowOf(kernel, i, from, to)),
    from,
  );
  if (axes.size >= MAX_CACHED) axes.clear();
  axes.set(key, built);
  return built;
}

/** The part of a resampling that produces `count` outputs starting at `first`. */
export function partOfAxis({ from, taps, start, weights }: Axis, first: number, count: number): Axis {
  return {
    from,
    to: count,
    taps,
    start: start.subarray(first, first + count),
    weights: weights.subarray(first * taps, (first + count) * taps),
  };
}

/** The axis equivalent to a dense matrix [to, from] in row-major order. */
export function axisOf(matrix: Float32Array | Float64Array, to: number, from: number): Axis {
  const rows = Array.from({ length: to }, (_, i): Row => {
    const row = matrix.subarray(i * from, (i + 1) * from);
    const start = row.findIndex((weight) => weight !== 0);
    if (start < 0) return { start: 0, weights: [0] };
    return { start, weights: [...row.subarray(start, row.findLastIndex((weight) => weight !== 0) + 1)] };
  });
  return packed(rows, from);
}

/** The dense matrix [to, from] of a resampling, in row-major order. */
export function matrixOf(kernel: Kernel, to: number, from: number): Float32Array {
  const matrix = new Float32Array(to * from);
  for (let i = 0; i < to; i++) {
    const { start, weights } = rowOf(kernel, i, from, to);
    matrix.set(weights, i * from + start);
  }
  return matrix;
}

/** Pads rows to the same length, so that inner loops need no lookup. */
function packed(rows: readonly Row[], from: number): Axis {
  const to = rows.length;
  const taps = rows.reduce((most, { weights }) => Math.max(most, weights.length), 1);
  const start = new Int32Array(to);
  const weights = new Float64Array(to * taps);
  for (const [i, row] of rows.entries()) {
    start[i] = Math.min(row.start, from - taps);
    weights.set(row.weights, i * taps + row.start - (start[i] as number));
  }
  return { from, to, taps, start, weights };
}

function rowOf(kernel: Kernel, i: number, from: number, to: number): Row {
  if (kernel === 'area') return areaRow(i, from, to);
  const isPlain = kernel === 'bilinear-plain' || kernel === 'bicubic-plain';
  const { weightAt, reach } = KERNELS[kernel];
  const stretch = isPlain ? 1 : Math.max(1, from / to);
  const centre = ((i + 0.5) * from) / to - 0.5;
  const first = Math.ceil(centre - reach * stretch);
  const last = Math.floor(centre + reach * stretch);
  const clampedIndex = (j: number) => Math.min(from - 1, Math.max(0, j));
  const start = clampedIndex(first);
  const weights = new Array<number>(clampedIndex(last) - start + 1).fill(0);
  for (let j = first; j <= last; j++) {
    // Beyond the edge: plain kernels repeat the edge pixel, others ignore the position.
    if (!isPlain && j !== clampedIndex(j)) continue;
    const at = clampedIndex(j) - start;
    weights[at] = (weights[at] as number) + weightAt((j - centre) / stretch);
  }
  return normalised(start, weights);
}

/** Exact overlap of output pixel i with each input pixel. */
function areaRow(i: number, from: number, to: number): Row {
  const low = (i * from) / to;
  const high = Math.min(from, ((i + 1) * from) / to);
  const start = Math.min(from - 1, Math.floor(low));
  const end = Math.max(start + 1, Math.ceil(high - 1e-9));
  const covered = (pixel: number) => Math.min(high, pixel + 1) - Math.max(low, pixel);
  return normalised(
    start,
    Array.from({ length: end - start }, (_, t) => Math.max(0, covered(start + t))),
  );
}

function linearWeight(distance: number): number {
  return Math.max(0, 1 - Math.abs(distance));
}

/** Three lobes, as in Pillow. */
function lanczosWeight(distance: number): number {
  const x = Math.abs(distance);
  return x < 3 ? sinc(x) * sinc(x / 3) : 0;
}

function sinc(x: number): number {
  return x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x);
}

/** Keys' cubic convolution with a = −½ (Catmull-Rom), as in Pillow and CLIP's preprocessing. */
function cubicWeight(distance: number): number {
  const a = -0.5;
  const x = Math.abs(distance);
  if (x < 1) return (a + 2) * x ** 3 - (a + 3) * x ** 2 + 1;
  return x < 2 ? a * x ** 3 - 5 * a * x ** 2 + 8 * a * x - 4 * a : 0;
}

const LINEAR = { weightAt: linearWeight, reach: 1 };
const CUBIC = { weightAt: cubicWeight, reach: 2 };
const KERNELS = {
  bilinear: LINEAR,
  'bilinear-plain': LINEAR,
  bicubic: CUBIC,
  'bicubic-plain': CUBIC,
  lanczos: { weightAt: lanczosWeight, reach: 3 },
} as const;

/** Normalizes weights to sum to 1, and drops those at the ends that are zero up to rounding. */
function normalised(start: number, weights: readonly number[]): Row {
  const sum = weights.reduce((total, weight) => total + weight, 0);
  const matters = (weight: number) => Math.abs(weight) >= 1e-12;
  const first = Math.max(0, weights.findIndex(matters));
  const kept = weights.slice(first, weights.findLastIndex(matters) + 1);
  return { start: start + first, weights: kept.map((weight) => weight / sum) };
}

/**
 * Resamples one plane: `source` from `offset` holds [rows.from, columns.from], `target` from `at` receives [rows.to,
 * columns.to]. `line` is scratch space of columns.from numbers.
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

/** Writes row i of (R · source) into `line`. */
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
