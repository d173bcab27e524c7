/** How likely each choice is after the one before: statistics of encoded training pictures (scripts/latents.py). */
import type { StoredTensor } from '../../runtime/safetensors.ts';

/** Natural logarithms of the shares of K choices, by the choice before (one row at level 0): [levels][rows][K]. */
export type Prior = readonly (readonly Float64Array[])[];

/**
 * Shares of counts, each row drawn towards the level's own shares as if `smoothing` more pictures had them.
 *
 * @param tables of each level, [rows, K]
 */
export function priorFromCounts(tables: readonly StoredTensor[], smoothing: number): Prior {
  return tables.map(({ data, dims }) => {
    const [rows = 0, count = 0] = dims;
    const own = new Float64Array(count).fill(1);
    for (let i = 0; i < data.length; i++) own[i % count] = (own[i % count] as number) + (data[i] as number);
    const total = own.reduce((sum, value) => sum + value, 0);
    return Array.from({ length: rows }, (_, row) => {
      const counts = data.subarray(row * count, (row + 1) * count);
      const seen = counts.reduce((sum, value) => sum + value, 0);
      return own.map((value, k) =>
        Math.log(((counts[k] as number) + (smoothing * value) / total) / (seen + smoothing)),
      );
    });
  });
}

/** Of one level, after the choice before it. */
export function priorRow(prior: Prior, level: number, before: number | undefined): Float64Array {
  const row = prior[level]?.[level === 0 ? 0 : (before ?? 0)];
  if (!row) throw new RangeError(`level ${level} after choice ${before}`);
  return row;
}
