/** Bicubic enlarging: what super-resolution is measured against. */

import type { Picture } from '../../../guide.ts';
import { clamp } from '../../../kit/quality.ts';

/** Keys' cubic convolution with a = −½ (Catmull-Rom), as most picture libraries have it. */
const A = -0.5;

/** Enlarges a picture to side × side, pixel centres at halves, edges repeated; values are clamped to [−1, 1]. */
export function bicubic(picture: Picture, side: number): Picture {
  const { data, channels, width, height } = picture;
  const columns = taps(width, side);
  const rows = taps(height, side);
  const wide = new Float32Array(channels * height * side);
  for (let line = 0; line < channels * height; line++)
    for (let x = 0; x < side; x++) wide[line * side + x] = mix(data, line * width, 1, columns, x);
  const out = new Float32Array(channels * side * side);
  for (let channel = 0; channel < channels; channel++)
    for (let y = 0; y < side; y++)
      for (let x = 0; x < side; x++)
        out[(channel * side + y) * side + x] = clamp(mix(wide, channel * height * side + x, side, rows, y));
  return { data: out, channels, width: side, height: side };
}

interface Taps {
  readonly indices: Int32Array;
  readonly weights: Float64Array;
}

function taps(from: number, to: number): Taps {
  const indices = new Int32Array(4 * to);
  const weights = new Float64Array(4 * to);
  for (let i = 0; i < to; i++) {
    const centre = ((i + 0.5) * from) / to - 0.5;
    const first = Math.floor(centre) - 1;
    for (let t = 0; t < 4; t++) {
      indices[4 * i + t] = Math.min(from - 1, Math.max(0, first + t));
      weights[4 * i + t] = kernel(centre - first - t);
    }
  }
  return { indices, weights };
}

function kernel(distance: number): number {
  const x = Math.abs(distance);
  if (x < 1) return ((A + 2) * x - (A + 3)) * x * x + 1;
  return x < 2 ? ((A * x - 5 * A) * x + 8 * A) * x - 4 * A : 0;
}

function mix(data: Float32Array, offset: number, step: number, { indices, weights }: Taps, i: number): number {
  let sum = 0;
  for (let t = 4 * i; t < 4 * i + 4; t++)
    sum += (weights[t] as number) * (data[offset + step * (indices[t] as number)] as number);
  return sum;
}
