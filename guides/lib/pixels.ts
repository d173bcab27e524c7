/** Prepares candidates for a network: resized, clamped, normalised, three channels. */
import type { Candidates } from '../../src/guide.ts';
import { type Axis, axis, type Kernel, mixRows, partOfAxis, resamplePlane } from '../../src/kit/resample.ts';

/** Input format of a network: pictures in [0, 1], minus `mean`, divided by `deviation`, per channel. */
export interface PixelFormat {
  readonly side: number;
  /** Pictures are resized to this side, then their middle is cut out. @default side */
  readonly resizedSide?: number;
  readonly kernel: Kernel;
  readonly mean: readonly number[];
  readonly deviation: readonly number[];
}

/** The normalisation of networks trained on ImageNet. */
export const IMAGENET = { mean: [0.485, 0.456, 0.406], deviation: [0.229, 0.224, 0.225] };

/** A square part of a picture, in shares of its side: 1 at (0, 0) is all of it. */
export interface View {
  readonly share: number;
  readonly left: number;
  readonly top: number;
}

export const WHOLE: View = { share: 1, left: 0, top: 0 };

/** Candidates first … first + number − 1 as [number, channels of `format`, side, side]; gray ones are repeated. */
export function toPixels(
  candidates: Candidates,
  first: number,
  number: number,
  format: PixelFormat,
  view: View = WHOLE,
): Float32Array {
  const { channels, side, data } = candidates;
  const wanted = format.mean.length;
  const size = format.side * format.side;
  const rows = axisOf(format, side, view.share, view.top);
  const columns = axisOf(format, side, view.share, view.left);
  const line = new Float64Array(side);
  const result = new Float32Array(number * wanted * size);
  for (let n = 0; n < number; n++)
    for (let channel = 0; channel < wanted; channel++) {
      const from = ((first + n) * channels + Math.min(channel, channels - 1)) * side * side;
      const at = (n * wanted + channel) * size;
      if (OVERSHOOTING.has(format.kernel)) resampleClamped(data, from, rows, columns, result, at);
      else copyPlane(data, from, rows, columns, result, at, line);
      normalise(result, at, size, format.mean[channel] as number, format.deviation[channel] as number);
    }
  return result;
}

/** Resizes, then takes `side` pixels of a view of the middle. */
function axisOf({ side, resizedSide = side, kernel }: PixelFormat, from: number, share: number, at: number): Axis {
  const enlarged = Math.round(resizedSide / share);
  const whole = axis(kernel, enlarged, from);
  if (enlarged === side) return whole;
  const first = Math.floor((resizedSide - side) / 2) + Math.round(at * enlarged);
  return partOfAxis(whole, Math.min(first, enlarged - side), side);
}

/** Kernels with negative weights. */
const OVERSHOOTING: ReadonlySet<Kernel> = new Set(['bicubic', 'lanczos']);

/** As Pillow does it: columns first, rounded to the 256 values of a byte, so that what overshoots is cut off before the rows. */
function resampleClamped(
  data: Float32Array,
  from: number,
  rows: Axis,
  columns: Axis,
  result: Float32Array,
  at: number,
): void {
  const narrow = new Float64Array(rows.from * columns.to);
  for (let y = 0; y < rows.from; y++)
    for (let x = 0; x < columns.to; x++) {
      const first = from + y * columns.from + (columns.start[x] as number);
      let sum = 0;
      for (let t = 0; t < columns.taps; t++)
        sum += (columns.weights[x * columns.taps + t] as number) * clamped(data[first + t] as number);
      narrow[y * columns.to + x] = Math.round(127.5 * clamped(sum) + 127.5) / 127.5 - 1;
    }
  const line = new Float64Array(columns.to);
  for (let y = 0; y < rows.to; y++) {
    mixRows(narrow, 0, columns.to, rows, y, line);
    result.set(line, at + y * columns.to);
  }
}

function clamped(value: number): number {
  return Math.min(1, Math.max(-1, value));
}

function copyPlane(
  data: Float32Array,
  from: number,
  rows: Axis,
  columns: Axis,
  result: Float32Array,
  at: number,
  line: Float64Array,
): void {
  const isWhole = rows.from === rows.to && rows.taps === 1 && columns.from === columns.to && columns.taps === 1;
  if (isWhole) result.set(data.subarray(from, from + rows.from * columns.from), at);
  else resamplePlane(data, from, rows, columns, result, at, line);
}

function normalise(result: Float32Array, at: number, size: number, mean: number, deviation: number): void {
  const scale = 0.5 / deviation;
  const shift = (0.5 - mean) / deviation;
  for (let p = at; p < at + size; p++) result[p] = clamped(result[p] as number) * scale + shift;
}
