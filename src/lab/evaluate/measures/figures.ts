/** Measures of pictures and codes. PSNR and SSIM themselves are in kit/quality.ts. */

import type { Picture } from '../../../guide.ts';
import { clamp, psnrOfError } from '../../../kit/quality.ts';

/** Mean squared error over the pixels where `weight` [height, width] is 1, values clamped to [−1, 1]. */
export function errorWhere(a: Picture, b: Picture, weight: Float32Array): number {
  const size = weight.length;
  let sum = 0;
  let total = 0;
  for (let i = 0; i < a.data.length; i++) {
    const share = weight[i % size] as number;
    if (share === 0) continue;
    const difference = clamp(a.data[i] as number) - clamp(b.data[i] as number);
    sum += share * difference * difference;
    total += share;
  }
  return sum / total;
}

/** PSNR in dB over the pixels where `weight` is 1. */
export function psnrWhere(a: Picture, b: Picture, weight: Float32Array): number {
  return psnrOfError(errorWhere(a, b, weight));
}

/** Root mean squared difference on the scale where black is 0 and white 1. */
export function rmse(a: Picture, b: Picture): number {
  let sum = 0;
  for (let i = 0; i < a.data.length; i++) sum += (clamp(a.data[i] as number) - clamp(b.data[i] as number)) ** 2;
  return Math.sqrt(sum / a.data.length) / 2;
}

/** Mean of `rmse` over all pairs. */
export function meanPairwise(pictures: readonly Picture[]): number {
  let sum = 0;
  let pairs = 0;
  for (const [i, one] of pictures.entries())
    for (const other of pictures.slice(i + 1)) {
      sum += rmse(one, other);
      pairs += 1;
    }
  return sum / pairs;
}

/** How often each candidate of each level was chosen: [levels][K]. */
export class Usage {
  readonly #counts: readonly Float64Array[];
  #codes = 0;

  constructor(candidates: readonly number[]) {
    this.#counts = candidates.map((count) => new Float64Array(count));
  }

  add(code: readonly number[]): void {
    this.#codes += 1;
    for (const [level, choice] of code.entries()) {
      const counts = this.#counts[level] as Float64Array;
      counts[choice] = (counts[choice] as number) + 1;
    }
  }

  get codes(): number {
    return this.#codes;
  }

  /** Candidates never chosen, over all levels. */
  get unused(): number {
    return this.#counts.reduce((sum, counts) => sum + counts.filter((count) => count === 0).length, 0);
  }

  /** Per level, the entropy of its choices / log₂ K. Few codes bias it downwards, never upwards. */
  get entropyRatios(): number[] {
    return this.#counts.map((counts) => {
      let bits = 0;
      for (const count of counts) if (count > 0) bits -= (count / this.#codes) * Math.log2(count / this.#codes);
      return bits / Math.log2(counts.length);
    });
  }
}

export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** Rounded for display and model.json; non-finite values (a PSNR of equal pictures) become null. */
export function rounded(value: number, digits = 2): number | null {
  return Number.isFinite(value) ? Number(value.toFixed(digits)) : null;
}

/** The picture clamped to [−1, 1]. */
export function clamped(picture: Picture): Picture {
  return { ...picture, data: picture.data.map(clamp) };
}
