/** Pixel arithmetic of the Edit view: shrinking, graying, noise, PSNR. */
import { LUMA } from '../../../kit/luma.ts';

/** A square; RGBA, 0 … 255, rows from the top. */
export interface Pixels {
  readonly side: number;
  readonly data: Uint8ClampedArray<ArrayBuffer>;
}

const WHITE = 255;

/** Area-averaged to a smaller side, like the server does. @param to at most its side */
export function shrunk({ side, data }: Pixels, to: number): Pixels {
  if (to === side) return { side, data };
  const spans = Array.from({ length: to }, (_, n) => covered(n, side / to));
  const result = new Uint8ClampedArray(4 * to * to);
  for (const [row, rows] of spans.entries())
    for (const [column, columns] of spans.entries()) {
      const sums = [0, 0, 0, 0];
      let area = 0;
      for (const [y, tall] of rows)
        for (const [x, wide] of columns) {
          area += tall * wide;
          for (let c = 0; c < 4; c++) sums[c] = (sums[c] ?? 0) + tall * wide * (data[4 * (y * side + x) + c] ?? 0);
        }
      result.set(
        sums.map((sum) => sum / area),
        4 * (row * to + column),
      );
    }
  return { side: to, data: result };
}

/** The pixels covered by pixel `n` of the smaller picture, and their shares. */
function covered(n: number, step: number): (readonly [number, number])[] {
  const [from, to] = [n * step, (n + 1) * step];
  const first = Math.floor(from);
  return Array.from({ length: Math.ceil(to - 1e-9) - first }, (_, i) => {
    const at = first + i;
    return [at, Math.min(to, at + 1) - Math.max(from, at)] as const;
  });
}

/** Luma (Rec. 601), like the guide `colorize` computes it. */
export function gray({ side, data }: Pixels): Pixels {
  const result = data.slice();
  for (let i = 0; i < result.length; i += 4) {
    const luma = LUMA[0] * (data[i] ?? 0) + LUMA[1] * (data[i + 1] ?? 0) + LUMA[2] * (data[i + 2] ?? 0);
    result.fill(luma, i, i + 3);
  }
  return { side, data: result };
}

/** Adds normal noise. @param sigma standard deviation; black is −1, white 1 */
export function noisy({ side, data }: Pixels, sigma: number, random: () => number = Math.random): Pixels {
  const normal = () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  const result = data.map((value, i) => (i % 4 === 3 ? value : value + (WHITE / 2) * sigma * normal()));
  return { side, data: result };
}

export interface Look {
  /** Side at which they are compared, after area averaging. @default the picture's own */
  readonly detail?: number;
  /** Weight of each pixel. @default equal */
  readonly weights?: ArrayLike<number>;
}

/** Peak signal-to-noise ratio in decibels; Infinity for equal pictures, NaN if all weights are 0. */
export function psnr(a: Pixels, b: Pixels, { detail = a.side, weights }: Look = {}): number {
  const { side } = a;
  const cells = new Float64Array(5 * detail * detail);
  for (let p = 0; p < side * side; p++) {
    const weight = weights?.[p] ?? 1;
    const row = Math.floor((Math.floor(p / side) * detail) / side);
    const cell = 5 * (row * detail + Math.floor(((p % side) * detail) / side));
    for (let c = 0; c < 3; c++)
      cells[cell + c] = (cells[cell + c] ?? 0) + weight * ((a.data[4 * p + c] ?? 0) - (b.data[4 * p + c] ?? 0));
    cells[cell + 4] = (cells[cell + 4] ?? 0) + weight;
  }
  let [squares, total] = [0, 0];
  for (let cell = 0; cell < cells.length; cell += 5) {
    const weight = cells[cell + 4] ?? 0;
    if (weight === 0) continue;
    for (let c = 0; c < 3; c++) squares += (cells[cell + c] ?? 0) ** 2 / weight;
    total += 3 * weight;
  }
  return 10 * Math.log10(WHITE ** 2 / (squares / total));
}
