/** Crops photographs to square pictures: several random ones for training, the middle one for evaluation. */
import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { resample } from '../../kit/resample.ts';
import { seededRandom } from '../../kit/text-seeded-random.ts';
import { decodePicture, type Picture } from '../../pictures/codec.ts';
import { pictureToPixels } from '../../pictures/pixels.ts';
import { cropped, type Window } from '../../pictures/windows.ts';

/** Smallest side of a square, as a share of the photograph's shorter side. */
const MIN_SHARE = 0.7;

export interface CropFormat {
  /** Side that the squares are resized to, in pixels. */
  readonly side: number;
  /** Number of random squares; 0: only the middle square, as large as possible. */
  readonly crops: number;
}

/**
 * Pixels [side, side, 3] of each square of the photograph at `path`. The same `seed` gives the same squares.
 *
 * @throws {KandidError} picture_unreadable, picture_too_large, picture_damaged
 */
export async function photographCrops(path: string, seed: string, { side, crops }: CropFormat): Promise<Uint8Array[]> {
  const photograph = await decodePicture(await readFile(path), { name: basename(path) });
  return cropWindows(photograph, seed, crops).map((window) => {
    const square = cropped(photograph, window, 3);
    const data = resample(square.data, square, { width: side, height: side });
    return new Uint8Array(pictureToPixels({ data, channels: 3, width: side, height: side }).buffer);
  });
}

/** The squares to crop from a photograph of this size. */
export function cropWindows(
  { width, height }: Pick<Picture, 'width' | 'height'>,
  seed: string,
  crops: number,
): Window[] {
  const shorter = Math.min(width, height);
  if (crops === 0)
    return [{ left: Math.floor((width - shorter) / 2), top: Math.floor((height - shorter) / 2), side: shorter }];
  const random = seededRandom(seed);
  const upTo = (most: number) => Math.floor(random.next() * (most + 1));
  return Array.from({ length: crops }, () => {
    const side = Math.round(shorter * (MIN_SHARE + (1 - MIN_SHARE) * random.next()));
    return { left: upTo(width - side), top: upTo(height - side), side };
  });
}
