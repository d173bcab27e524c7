/** Tools of the conformance checks: fake models and levels, random candidates, literal evaluation of linear forms. */
import type { Candidates, GuideContext, LevelInfo, LinearForm } from '../../src/guide.ts';
import { uniform } from '../../src/kit/mulberry32.ts';

export const FINAL_SIDE = 32;
export const SIDES = [1, 2, 4, 8, 16, FINAL_SIDE];

/** A fake model, gray or in colour. */
export function modelOf(channels: number): GuideContext['model'] {
  return { name: 'check', channels, finalSide: FINAL_SIDE, levels: SIDES.length };
}

/** The level of a side: the fake models have one level per side. */
export function levelAt(side: number): LevelInfo {
  return { index: SIDES.indexOf(side), levels: SIDES.length, side, finalSide: FINAL_SIDE };
}

/** Candidates that differ in colour and texture; some values are slightly outside [−1, 1]. */
export function someCandidates(side: number, batch: number, count: number, channels = 3, seed = 1): Candidates {
  const next = uniform(seed + side);
  const size = side * side;
  const data = new Float32Array(batch * count * channels * size);
  for (let plane = 0; plane < batch * count * channels; plane++) {
    const shade = next() * 1.6 - 0.8;
    for (let p = 0; p < size; p++) data[plane * size + p] = shade + next() * 0.6 - 0.3;
  }
  return { data, batch, count, channels, side };
}

/** The candidates at `places`, in that order, as one descent. */
export function pick({ data, channels, side }: Candidates, places: readonly number[]): Candidates {
  const length = channels * side * side;
  const picked = new Float32Array(places.length * length);
  for (const [index, place] of places.entries())
    picked.set(data.subarray(place * length, (place + 1) * length), index * length);
  return { data: picked, batch: 1, count: places.length, channels, side };
}

/** A quadratic form evaluated literally from its definition: Σ w ((M·(R x Cᵀ)) − y)², times −scale. */
export function evaluateForm(form: LinearForm, x: Float32Array, channels: number, side: number): number {
  const { rows, columns, color, height, width, outChannels } = form;
  let sum = 0;
  for (let out = 0; out < outChannels; out++)
    for (let i = 0; i < height; i++)
      for (let j = 0; j < width; j++) {
        let value = 0;
        for (let c = 0; c < channels; c++) {
          const mix = color ? (color[out * channels + c] as number) : Number(c === out);
          if (mix === 0) continue;
          for (let a = 0; a < side; a++) {
            const row = rows ? (rows[i * side + a] as number) : Number(a === i);
            if (row === 0) continue;
            for (let b = 0; b < side; b++) {
              const column = columns ? (columns[j * side + b] as number) : Number(b === j);
              value += mix * row * column * (x[(c * side + a) * side + b] as number);
            }
          }
        }
        const weight = form.weight ? (form.weight[i * width + j] as number) : 1;
        sum += weight * (value - (form.target[(out * height + i) * width + j] as number)) ** 2;
      }
  return -form.scale * sum;
}
