/** Masks for inpainting: which pixels of a picture are known. */

import type { Picture } from '../../../guide.ts';
import { Random } from '../../../kit/random.ts';

export const MASKS = ['half', 'center', 'random70', 'stripe', 'upper'] as const;

/**
 * The unknown pixels. half: the right half. center: a square of half the side. random70: a random 70 %, by seed. stripe:
 * all except a vertical stripe in the middle of an eighth of the width. upper: the upper half.
 */
export type MaskKind = (typeof MASKS)[number];

const UNKNOWN_AT_RANDOM = 0.7;

/** 1 where a pixel is known, 0 where it is not: [side, side]. */
export function knownPixels(kind: MaskKind, side: number, seed: number): Float32Array {
  const random = Random.of(seed);
  const isKnown = KNOWN[kind];
  return Float32Array.from({ length: side * side }, (_, p) =>
    isKnown(p % side, Math.floor(p / side), side, random) ? 1 : 0,
  );
}

const KNOWN: Readonly<Record<MaskKind, (x: number, y: number, side: number, random: Random) => boolean>> = {
  half: (x, _, side) => x < side / 2,
  upper: (_, y, side) => y >= side / 2,
  center: (x, y, side) => Math.max(Math.abs(x + 0.5 - side / 2), Math.abs(y + 0.5 - side / 2)) > side / 4,
  stripe: (x, _, side) => Math.abs(x + 0.5 - side / 2) < Math.max(1, side / 16),
  random70: (_x, _y, _side, random) => random.uniform() >= UNKNOWN_AT_RANDOM,
};

/** The mask for the `inpaint` guide: white where the picture is repainted. */
export function maskPicture(known: Float32Array, side: number): Picture {
  return { data: known.map((share) => 1 - 2 * share), channels: 1, width: side, height: side };
}

/** Fills unknown pixels with the mean colour of the known ones: the baseline of inpainting. */
export function filledWithMean(picture: Picture, known: Float32Array): Picture {
  const size = known.length;
  const data = picture.data.slice();
  const total = known.reduce((sum, share) => sum + share, 0);
  for (let channel = 0; channel < picture.channels; channel++) {
    const plane = data.subarray(channel * size, (channel + 1) * size);
    const mean = plane.reduce((sum, value, p) => sum + value * (known[p] as number), 0) / Math.max(total, 1);
    for (let p = 0; p < size; p++) if (known[p] === 0) plane[p] = mean;
  }
  return { ...picture, data };
}
