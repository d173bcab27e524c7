/** Pixel arithmetic of the Edit view: shrinking, graying, noise, PSNR. */
import { LUMA } from '../../../kit/luma.ts';

/** RGBA, 0 … 255, rows from the top. */
export interface Pixels {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8ClampedArray<ArrayBuffer>;
}

const WHITE = 255;

/** Area-averaged to a smaller size, as on the server; keeps the aspect ratio. @param to width, at most the current one */
export function shrunk({ width, height, data }: Pixels, to: number): Pixels {
  if (to === width) return { width, height, data };
  const tall = Math.max(1, Math.round((height * to) / width));
  const across = Array.from({ length: to }, (_, n) => covered(n, width / to));
  const down = Array.from({ length: tall }, (_, n) => covered(n, height / tall));
  const result = new Uint8ClampedArray(4 * to * tall);
  for (const [row, rows] of down.entries())
    for (const [column, columns] of across.entries()) {
      const sums = [0, 0, 0, 0];
      let area = 0;
      for (const [y, high] of rows)
        for (const [x, wide] of columns) {
          area += high * wide;
          for (let c = 0; c < 4; c++) sums[c] = (sums[c] ?? 0) + high * wide * (data[4 * (y * width + x) + c] ?? 0);
        }
      result.set(
        sums.map((sum) => sum / area),
        4 * (row * to + column),
      );
    }
  return { width: to, height: tall, data: result };
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
export function gray({ data, ...size }: Pixels): Pixels {
  const result = data.slice();
  for (let i = 0; i < result.length; i += 4) {
    const luma = LUMA[0] * (data[i] ?? 0) + LUMA[1] * (data[i + 1] ?? 0) + LUMA[2] * (data[i + 2] ?? 0);
    result.fill(luma, i, i + 3);
  }
  return { ...size, data: result };
}

/** Adds normal noise. @param sigma standard deviation; black is −1, white 1 */
export function noisy({ data, ...size }: Pixels, sigma: number, random: () => number = Math.random): Pixels {
  const normal = () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  const result = data.map((value, i) => (i % 4 === 3 ? value : value + (WHITE / 2) * sigma * normal()));
  return { ...size, data: result };
}

export interface PsnrOptions {
  /** Compares the means of this many cells per side. @default pixels */
  readonly detail?: number;
  /** Weight of each pixel. @default equal */
  readonly weights?: ArrayLike<number>;
}

/** Peak signal-to-noise ratio in decibels; Infinity for equal pictures, NaN if all weights are 0. */
export function psnr(a: Pixels, b: Pixels, { detail, weights }: PsnrOptions = {}): number {
  const { width, height } = a;
  const [columns, rows] = [detail ?? width, detail ?? height];
  const cells = new Float64Array(5 * columns * rows);
  for (let p = 0; p < width * height; p++) {
    const weight = weights?.[p] ?? 1;
    const row = Math.floor((Math.floor(p / width) * rows) / height);
    const cell = 5 * (row * columns + Math.floor(((p % width) * columns) / width));
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
