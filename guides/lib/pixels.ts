/** Prepares candidates for a network: resized, clamped, normalised, three channels. */
import type { Candidates } from '../../src/guide.ts';
import { type Axis, axis, type Kernel, resamplePlane } from '../../src/kit/resample.ts';

/** Input format of a network: pictures in [0, 1], minus `mean`, divided by `deviation`, per channel. */
export interface PixelFormat {
  readonly side: number;
  readonly kernel: Kernel;
  readonly mean: readonly number[];
  readonly deviation: readonly number[];
}

/** The normalisation of networks trained on ImageNet. */
export const IMAGENET = { mean: [0.485, 0.456, 0.406], deviation: [0.229, 0.224, 0.225] };

/** Candidates first … first + number − 1 as [number, channels of `format`, side, side]; gray ones are repeated. */
export function toPixels(candidates: Candidates, first: number, number: number, format: PixelFormat): Float32Array {
  const { channels, side, data } = candidates;
  const wanted = format.mean.length;
  const size = format.side * format.side;
  const one = axis(format.kernel, format.side, side);
  const line = new Float64Array(side);
  const result = new Float32Array(number * wanted * size);
  for (let n = 0; n < number; n++)
    for (let channel = 0; channel < wanted; channel++) {
      const from = ((first + n) * channels + Math.min(channel, channels - 1)) * side * side;
      const at = (n * wanted + channel) * size;
      copyPlane(data, from, one, result, at, line);
      normalise(result, at, size, format.mean[channel] as number, format.deviation[channel] as number);
    }
  return result;
}

function copyPlane(
  data: Float32Array,
  from: number,
  one: Axis,
  result: Float32Array,
  at: number,
  line: Float64Array,
): void {
  if (one.from === one.to) result.set(data.subarray(from, from + one.from * one.from), at);
  else resamplePlane(data, from, one, one, result, at, line);
}

function normalise(result: Float32Array, at: number, size: number, mean: number, deviation: number): void {
  const scale = 0.5 / deviation;
  const shift = (0.5 - mean) / deviation;
  for (let p = at; p < at + size; p++) result[p] = Math.min(1, Math.max(-1, result[p] as number)) * scale + shift;
}
