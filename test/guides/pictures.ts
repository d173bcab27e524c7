/** Pictures for guide tests: made from a function of place, as PNG bytes; and candidates from pictures. */

import type { Candidates, Guide, LevelInfo, Picture } from '../../src/guide.ts';
import { encodePicture } from '../../src/pictures/codec.ts';

/** Colour at (x, y), each 0 … 1 over the picture; every channel in [−1, 1]. */
export type Paint = (x: number, y: number) => readonly number[];

export function paint(width: number, height: number, channels: number, colorAt: Paint): Picture {
  const data = new Float32Array(channels * width * height);
  for (let row = 0; row < height; row++)
    for (let column = 0; column < width; column++) {
      const color = colorAt((column + 0.5) / width, (row + 0.5) / height);
      for (let c = 0; c < channels; c++) data[(c * height + row) * width + column] = color[c] ?? 0;
    }
  return { data, channels, width, height };
}

export async function png(width: number, height: number, channels: number, colorAt: Paint): Promise<Uint8Array> {
  return encodePicture(paint(width, height, channels, colorAt), 'png');
}

/** One descent with the given pictures as candidates. */
export function candidatesOf(...pictures: readonly Picture[]): Candidates {
  const [{ channels, width: side }] = pictures as [Picture];
  const length = channels * side * side;
  const data = new Float32Array(pictures.length * length);
  for (const [index, picture] of pictures.entries()) data.set(picture.data, index * length);
  return { data, batch: 1, count: pictures.length, channels, side };
}

export function level(side: number, finalSide = 32): LevelInfo {
  return { index: 0, levels: 6, side, finalSide };
}

/** Scores of pictures, all of one side. */
export async function scoresOf(guide: Guide, ...pictures: readonly Picture[]): Promise<number[]> {
  const candidates = candidatesOf(...pictures);
  return [...(await guide.score(candidates, level(candidates.side), new AbortController().signal))];
}

/** A picture that looks like something: a diagonal shade, a disc, stripes. */
export const scene: Paint = (x, y) => {
  const disc = Math.hypot(x - 0.5, y - 0.4) < 0.25 ? 0.6 : 0;
  const stripe = y > 0.75 && Math.floor(x * 8) % 2 === 0 ? 0.5 : 0;
  return [x * 1.2 - 0.6 + disc, y * 1.2 - 0.6 - disc / 2 + stripe, 0.5 - x - stripe];
};
