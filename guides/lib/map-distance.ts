/**
 * Distance of pictures by feature maps, as learned perceptual metrics have it (Zhang et al. 2018, "The Unreasonable
 * Effectiveness of Deep Features as a Perceptual Metric", without its learned weights): of each position the difference
 * of feature vectors of unit length.
 */
import type { NumericTensor } from '../../src/guide.ts';

/** Too little to be a feature. */
const FLOOR = 1e-10;

/** One picture's maps, each [positions, C], every row of unit length. */
export type UnitMaps = readonly { readonly size: number; readonly rows: Float32Array }[];

/** Of picture `n` among maps [number, C, h, w]. */
export function unitMaps(maps: readonly NumericTensor[], n: number): UnitMaps {
  return maps.map(({ dims, data }) => {
    const size = dims[1] as number;
    const positions = (dims[2] as number) * (dims[3] as number);
    const rows = new Float32Array(size * positions);
    for (let p = 0; p < positions; p++) {
      let square = 0;
      for (let c = 0; c < size; c++) square += Number(data[(n * size + c) * positions + p]) ** 2;
      const scale = 1 / (Math.sqrt(square) + FLOOR);
      for (let c = 0; c < size; c++) rows[p * size + c] = Number(data[(n * size + c) * positions + p]) * scale;
    }
    return { size, rows };
  });
}

/** Mean over maps of the mean squared distance of their rows: 0 for equal maps, 4 at most. */
export function mapDistance(one: UnitMaps, other: UnitMaps): number {
  let total = 0;
  for (const [index, { size, rows }] of one.entries()) {
    const against = (other[index] as UnitMaps[number]).rows;
    let sum = 0;
    for (let i = 0; i < rows.length; i++) sum += ((rows[i] as number) - (against[i] as number)) ** 2;
    total += (sum * size) / rows.length;
  }
  return total / one.length;
}
