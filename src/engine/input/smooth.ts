/** Smooths enlarged pictures, whose pixel steps would otherwise become steps in lines. */
import type { Picture } from '../../guide.ts';

/** Standard deviations beyond which the weights of a Gaussian are cut off. */
const REACH = 3;

/** Blurs with a Gaussian, with edge pixels repeated beyond the borders. @param sigma in pixels; 0: unchanged */
export function smoothed({ data, ...size }: Picture, sigma: number): Picture {
  if (sigma === 0) return { data, ...size };
  const { width, height } = size;
  const weights = gaussian(sigma);
  const once = new Float32Array(data.length);
  const twice = new Float32Array(data.length);
  for (let row = 0; row < data.length / width; row++) blurLine(data, once, row * width, 1, width, weights);
  for (let plane = 0; plane < data.length; plane += width * height)
    for (let x = 0; x < width; x++) blurLine(once, twice, plane + x, width, height, weights);
  return { data: twice, ...size };
}

function gaussian(sigma: number): Float64Array {
  const reach = Math.ceil(REACH * sigma);
  const weights = Float64Array.from({ length: 2 * reach + 1 }, (_, i) =>
    Math.exp(-((i - reach) ** 2) / (2 * sigma ** 2)),
  );
  const sum = weights.reduce((total, weight) => total + weight, 0);
  return weights.map((weight) => weight / sum);
}

function blurLine(
  from: Float32Array,
  to: Float32Array,
  start: number,
  stride: number,
  length: number,
  weights: Float64Array,
): void {
  const reach = (weights.length - 1) / 2;
  for (let i = 0; i < length; i++) {
    let sum = 0;
    for (let t = 0; t < weights.length; t++) {
      const at = Math.min(length - 1, Math.max(0, i + t - reach));
      sum += (weights[t] as number) * (from[start + at * stride] as number);
    }
    to[start + i * stride] = sum;
  }
}
