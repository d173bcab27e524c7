/** A density in the unit square, flat within each of its bins, and samples of it. */
import type { Random } from '../../kit/random.ts';

export interface Density {
  /** Bins per axis. */
  readonly bins: number;
  /** Shares of the bins, rows from the top; they add to 1. */
  readonly shares: Float64Array;
  /** Sums of the shares up to and with each bin. */
  readonly sums: Float64Array;
}

/**
 * The density proportional to `light` [bins × bins], rows from the top: a drawing, or a picture's brightness.
 *
 * @throws {RangeError} if all values are zero, or one is not a finite number of at least 0
 */
export function densityOf(light: ArrayLike<number>, bins: number): Density {
  if (light.length !== bins * bins) throw new RangeError(`${light.length} values for ${bins} × ${bins} bins`);
  let total = 0;
  for (let i = 0; i < light.length; i++) {
    const value = light[i] as number;
    if (!(value >= 0 && value < Number.POSITIVE_INFINITY)) throw new RangeError(`a density of ${value}`);
    total += value;
  }
  if (total === 0) throw new RangeError('the density is blank: draw where points should be');
  const shares = Float64Array.from(light, (value) => value / total);
  let sum = 0;
  const sums = shares.map((share) => {
    sum += share;
    return sum;
  });
  return { bins, shares, sums };
}

/** `count` points, x and y alternating, in the unit square; into `out` if given. */
export function sample(
  { bins, sums }: Density,
  count: number,
  random: Random,
  out = new Float64Array(2 * count),
): Float64Array {
  const total = sums.at(-1) as number;
  for (let i = 0; i < count; i++) {
    const bin = firstAbove(sums, random.uniform() * total);
    out[2 * i] = ((bin % bins) + random.uniform()) / bins;
    out[2 * i + 1] = (Math.floor(bin / bins) + random.uniform()) / bins;
  }
  return out;
}

/** The first index whose sum is above `value`: never an empty bin. */
function firstAbove(sums: Float64Array, value: number): number {
  let [low, high] = [0, sums.length - 1];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((sums[middle] as number) > value) high = middle;
    else low = middle + 1;
  }
  return low;
}
