/**
 * Statistics of random filter responses, which describe a texture independent of layout (Ustyuzhaninov et al. 2017,
 * "What does it take to generate natural textures?": shallow random filters at several scales do nearly what a trained
 * network does). Here: 3×3 filters on a pyramid of halved pictures, rectified, with the colours themselves beside them.
 */
import { normal } from '../../src/kit/mulberry32.ts';

/** Fixed, so that a style always gives the same statistics. */
const SEED = 20170427;
const FILTERS = 12;
const TAPS = 9;
/** Largest number of positions per row: enough for the statistics, and it bounds the time of fine levels. */
const MAX_POSITIONS = 16;
const MIN_SIDE = 4;
const MAX_SCALES = 4;

/** Random filters for pictures of some channels: [filters, channels · 9], each of mean 0 over its taps per channel. */
export interface FilterBank {
  readonly channels: number;
  readonly weights: Float64Array;
  /** Features per position: a constant, the channels, the rectified filters. */
  readonly features: number;
}

/** Makes the bank for gray or colour pictures. */
export function filterBank(channels: number): FilterBank {
  const next = normal(SEED);
  const weights = new Float64Array(FILTERS * channels * TAPS);
  for (let first = 0; first < weights.length; first += TAPS) {
    const taps = Array.from({ length: TAPS }, next);
    const mean = taps.reduce((sum, tap) => sum + tap, 0) / TAPS;
    for (let t = 0; t < TAPS; t++) weights[first + t] = ((taps[t] as number) - mean) / Math.sqrt(channels * TAPS);
  }
  return { channels, weights, features: 1 + channels + FILTERS };
}

/** Sides of the pyramid whose statistics describe a picture of `side` pixels. */
export function scalesOf(side: number): number[] {
  const scales = [side];
  for (let half = side / 2; scales.length < MAX_SCALES && Number.isInteger(half) && half >= MIN_SIDE; half /= 2)
    scales.push(half);
  return scales;
}

/** Mean of each 2×2 block: [channels, side, side] to [channels, side/2, side/2]. */
function halve(source: Float32Array, offset: number, channels: number, side: number, target: Float32Array): void {
  const half = side / 2;
  for (let row = 0; row < channels * half; row++) {
    const above = offset + 2 * row * side;
    const below = above + side;
    for (let j = 0; j < half; j++)
      target[row * half + j] =
        ((source[above + 2 * j] as number) +
          (source[above + 2 * j + 1] as number) +
          (source[below + 2 * j] as number) +
          (source[below + 2 * j + 1] as number)) /
        4;
  }
}

/** The 3×3 patch of every channel around (row, column); borders are replicated. */
function readPatch(
  data: Float32Array,
  offset: number,
  side: number,
  channels: number,
  row: number,
  column: number,
  patch: Float64Array,
): void {
  const above = Math.max(0, row - 1) * side;
  const here = row * side;
  const below = Math.min(side - 1, row + 1) * side;
  const left = Math.max(0, column - 1);
  const right = Math.min(side - 1, column + 1);
  for (let channel = 0, t = 0; channel < channels; channel++, t += TAPS) {
    const from = offset + channel * side * side;
    patch[t] = data[from + above + left] as number;
    patch[t + 1] = data[from + above + column] as number;
    patch[t + 2] = data[from + above + right] as number;
    patch[t + 3] = data[from + here + left] as number;
    patch[t + 4] = data[from + here + column] as number;
    patch[t + 5] = data[from + here + right] as number;
    patch[t + 6] = data[from + below + left] as number;
    patch[t + 7] = data[from + below + column] as number;
    patch[t + 8] = data[from + below + right] as number;
  }
}

/** The features at a position from its patch. */
function respond(patch: Float64Array, bank: FilterBank, features: Float64Array): void {
  const { channels, weights } = bank;
  const taps = channels * TAPS;
  features[0] = 1;
  for (let channel = 0; channel < channels; channel++) features[1 + channel] = patch[channel * TAPS + 4] as number;
  for (let filter = 0; filter < FILTERS; filter++) {
    const first = filter * taps;
    let sum = 0; // three sums, so that additions need not wait for each other
    let second = 0;
    let third = 0;
    for (let t = 0; t < taps; t += 3) {
      sum += (weights[first + t] as number) * (patch[t] as number);
      second += (weights[first + t + 1] as number) * (patch[t + 1] as number);
      third += (weights[first + t + 2] as number) * (patch[t + 2] as number);
    }
    sum += second + third;
    features[1 + channels + filter] = Math.max(sum, 0);
  }
}

/** Adds the upper triangle of f fᵀ to `gram` from `at` on. */
export function addOuter(features: Float64Array, gram: Float64Array, at: number): void {
  const size = features.length;
  let from = at;
  for (let i = 0; i < size; i++) {
    const value = features[i] as number;
    if (value !== 0)
      for (let j = i; j < size; j++)
        gram[from + j - i] = (gram[from + j - i] as number) + value * (features[j] as number);
    from += size - i;
  }
}

/** Numbers in the upper triangle of a Gram matrix of `size` features. */
export function triangle(size: number): number {
  return (size * (size + 1)) / 2;
}

/** Gram matrix of the features of one picture at one scale, mean over positions, upper triangle, into `gram` from `at` on. */
function scaleStatistics(
  data: Float32Array,
  offset: number,
  side: number,
  bank: FilterBank,
  gram: Float64Array,
  at: number,
): void {
  const step = Math.max(1, Math.floor(side / MAX_POSITIONS));
  const patch = new Float64Array(bank.channels * TAPS);
  const features = new Float64Array(bank.features);
  let positions = 0;
  for (let row = step >> 1; row < side; row += step)
    for (let column = step >> 1; column < side; column += step, positions++) {
      readPatch(data, offset, side, bank.channels, row, column, patch);
      respond(patch, bank, features);
      addOuter(features, gram, at);
    }
  const size = triangle(bank.features);
  for (let p = at; p < at + size; p++) gram[p] = (gram[p] as number) / positions;
}

/** Statistics of the picture [channels, side, side] found in `data` from `offset` on: one Gram triangle per scale. */
export function statistics(data: Float32Array, offset: number, side: number, bank: FilterBank): Float64Array {
  const scales = scalesOf(side);
  const size = triangle(bank.features);
  const result = new Float64Array(scales.length * size);
  let current = data;
  let at = offset;
  for (const [index, scale] of scales.entries()) {
    if (index > 0) {
      const next = new Float32Array(bank.channels * scale * scale);
      halve(current, at, bank.channels, scale * 2, next);
      current = next;
      at = 0;
    }
    scaleStatistics(current, at, scale, bank, result, index * size);
  }
  return result;
}
