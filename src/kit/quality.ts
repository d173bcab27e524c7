/** Similarity of two pictures: PSNR and SSIM, both after clamping to [−1, 1]. */
import type { Picture } from '../guide.ts';

/**
 * Peak signal-to-noise ratio in dB: 10·log₁₀(1 / MSE) with values scaled to [0, 1], the mean over all pixels and
 * channels. Infinity for equal pictures.
 *
 * @param weights of the pixels in the mean, [height, width], ≥ 0, not all 0. @default all alike
 */
export function psnr(a: Picture, b: Picture, weights?: Float32Array): number {
  checkAlike(a, b);
  if (!weights) return psnrOfError(squaredError(a.data, b.data) / a.data.length);
  const total = weights.reduce((sum, weight) => sum + weight, 0) * a.channels;
  return psnrOfError(weightedError(a.data, b.data, weights) / total);
}

/** PSNR in dB from a mean squared error of values in [−1, 1]. */
export function psnrOfError(meanSquaredError: number): number {
  return 10 * Math.log10(4 / meanSquaredError);
}

/** Summed squared difference, clamped to [−1, 1] first. */
function squaredError(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) {
    const difference = clamp(a[i] as number) - clamp(b[i] as number);
    sum += difference * difference;
  }
  return sum;
}

function weightedError(a: Float32Array, b: Float32Array, weights: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++)
    sum += (weights[i % weights.length] as number) * (clamp(a[i] as number) - clamp(b[i] as number)) ** 2;
  return sum;
}

const WINDOW = 11;
const SIGMA = 1.5;
const C1 = 0.01 ** 2;
const C2 = 0.03 ** 2;

/**
 * Structural similarity of Wang, Bovik, Sheikh and Simoncelli (2004), −1 … 1, 1 for equal pictures: values scaled to
 * [0, 1], 11×11 Gaussian window of σ 1.5 at the positions where it fits, K₁ .01, K₂ .03; the mean over positions and
 * channels. If a picture is smaller than the window, the window shrinks to the largest odd side that fits.
 */
export function ssim(a: Picture, b: Picture): number {
  checkAlike(a, b);
  const { width, height, channels } = a;
  const fits = Math.min(WINDOW, width, height);
  const kernel = gaussian(fits - 1 + (fits % 2));
  const plane = width * height;
  let sum = 0;
  for (let channel = 0; channel < channels; channel++) {
    const x = unitPlane(a.data, channel * plane, plane);
    const y = unitPlane(b.data, channel * plane, plane);
    sum += meanSimilarity(x, y, width, kernel);
  }
  return sum / channels;
}

function meanSimilarity(x: Float64Array, y: Float64Array, width: number, kernel: Float64Array): number {
  const blur = (of: (i: number) => number) =>
    blurValid(
      Float64Array.from(x, (_, i) => of(i)),
      width,
      kernel,
    );
  const at = (plane: Float64Array, i: number) => plane[i] as number;
  const meanX = blur((i) => at(x, i));
  const meanY = blur((i) => at(y, i));
  const meanXX = blur((i) => at(x, i) ** 2);
  const meanYY = blur((i) => at(y, i) ** 2);
  const meanXY = blur((i) => at(x, i) * at(y, i));
  let sum = 0;
  for (let i = 0; i < meanX.length; i++) {
    const [mx, my] = [at(meanX, i), at(meanY, i)];
    const varianceX = at(meanXX, i) - mx * mx;
    const varianceY = at(meanYY, i) - my * my;
    const covariance = at(meanXY, i) - mx * my;
    const similarity = (2 * mx * my + C1) * (2 * covariance + C2);
    sum += similarity / ((mx * mx + my * my + C1) * (varianceX + varianceY + C2));
  }
  return sum / meanX.length;
}

/** Separable blur at the positions where the whole kernel fits. */
function blurValid(plane: Float64Array, width: number, kernel: Float64Array): Float64Array {
  const height = plane.length / width;
  const across = width - kernel.length + 1;
  const down = height - kernel.length + 1;
  const rows = new Float64Array(height * across);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < across; x++) rows[y * across + x] = weighted(plane, y * width + x, 1, kernel);
  }
  const out = new Float64Array(down * across);
  for (let y = 0; y < down; y++) {
    for (let x = 0; x < across; x++) out[y * across + x] = weighted(rows, y * across + x, across, kernel);
  }
  return out;
}

function weighted(values: Float64Array, from: number, step: number, kernel: Float64Array): number {
  let sum = 0;
  for (let t = 0; t < kernel.length; t++) sum += (kernel[t] as number) * (values[from + t * step] as number);
  return sum;
}

function gaussian(length: number): Float64Array {
  const centre = (length - 1) / 2;
  const kernel = Float64Array.from({ length }, (_, i) => Math.exp(-((i - centre) ** 2) / (2 * SIGMA ** 2)));
  const sum = kernel.reduce((total, value) => total + value, 0);
  return kernel.map((value) => value / sum);
}

function unitPlane(data: Float32Array, from: number, length: number): Float64Array {
  return Float64Array.from(data.subarray(from, from + length), (value) => (clamp(value) + 1) / 2);
}

/** Clamps to the range of pictures, [−1, 1]. */
export function clamp(value: number): number {
  return Math.max(-1, Math.min(1, value));
}

function checkAlike(a: Picture, b: Picture): void {
  if (a.channels === b.channels && a.width === b.width && a.height === b.height) return;
  const size = ({ channels, width, height }: Picture) => `${channels}×${height}×${width}`;
  throw new RangeError(`pictures of different size: ${size(a)} and ${size(b)}`);
}
