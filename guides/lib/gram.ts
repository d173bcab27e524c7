/** Distance of Gram matrices, given as upper triangles one after another. */

/** A Gram triangle to compare with, and the weight of each of its numbers. */
export interface GramReference {
  readonly gram: Float64Array;
  readonly weights: Float64Array;
}

/**
 * Weights that make features alike in strength: entry (i, j) counts 1 / (Gᵢᵢ Gⱼⱼ), as if each feature had mean square 1
 * in the reference. `sizes`: features of each triangle in `gram`; every triangle counts the same in all.
 */
export function gramReference(gram: Float64Array, sizes: readonly number[]): GramReference {
  const weights = new Float64Array(gram.length);
  let at = 0;
  for (const size of sizes) {
    const entries = (size * (size + 1)) / 2;
    const strengths = diagonal(gram, at, size);
    const floor = 1e-3 * (strengths.reduce((sum, value) => sum + value, 0) / size) + 1e-9;
    let p = at;
    for (let i = 0; i < size; i++)
      for (let j = i; j < size; j++, p++)
        weights[p] =
          1 / (((strengths[i] as number) + floor) * ((strengths[j] as number) + floor) * entries * sizes.length);
    at += entries;
  }
  return { gram, weights };
}

/**
 * Weights that make triangles alike in strength, and not the features in one: the squared distance of each counts relative to
 * the squared length of the reference. For features of a trained network, of which those that the reference hardly has say little.
 */
export function relativeReference(gram: Float64Array, sizes: readonly number[]): GramReference {
  const weights = new Float64Array(gram.length);
  let at = 0;
  for (const size of sizes) {
    const end = at + (size * (size + 1)) / 2;
    const length = gram.subarray(at, end).reduce((sum, value) => sum + value * value, 0);
    weights.fill(1 / ((length + 1e-12) * sizes.length), at, end);
    at = end;
  }
  return { gram, weights };
}

function diagonal(gram: Float64Array, at: number, size: number): number[] {
  const values: number[] = [];
  for (let i = 0, p = at; i < size; p += size - i, i++) values.push(gram[p] as number);
  return values;
}

/** Weighted squared distance of a Gram triangle to the reference. */
export function gramDistance(gram: Float64Array, reference: GramReference): number {
  let sum = 0;
  for (let p = 0; p < gram.length; p++) {
    const difference = (gram[p] as number) - (reference.gram[p] as number);
    sum += (reference.weights[p] as number) * difference * difference;
  }
  return sum;
}
