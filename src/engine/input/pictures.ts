/** Fits the pictures of a request to the size and channels of the model. */

import type { PictureInput } from '../../contract/requests.ts';
import { KandidError } from '../../errors.ts';
import type { Picture } from '../../guide.ts';
import { lumaOf } from '../../kit/luma.ts';
import { resample } from '../../kit/resample.ts';
import { decodePicture, type InTurn } from '../../pictures/codec.ts';

export interface PictureTarget {
  readonly channels: 1 | 3;
  /** Width and height in pixels. */
  readonly side: number;
  /** Name of the picture in errors. */
  readonly name: string;
  readonly limitPixels?: number | undefined;
  readonly inTurn?: InTurn | undefined;
}

/**
 * A square picture of the given size and channels, from the bytes of a file (its central square) or from a square
 * Picture.
 *
 * @throws {KandidError} picture_unreadable, picture_too_large, picture_damaged, picture_invalid
 */
export async function fitPicture(given: PictureInput, target: PictureTarget): Promise<Picture> {
  const { channels, side, name, limitPixels, inTurn } = target;
  if (given instanceof Uint8Array)
    return await decodePicture(given, {
      channels,
      side,
      name,
      ...(limitPixels === undefined ? {} : { limitPixels }),
      ...(inTurn ? { inTurn } : {}),
    });
  checkPicture(given, name);
  const fitted = toChannels(given, channels);
  const from = { height: given.height, width: given.width };
  const data = resample(fitted, from, { height: side, width: side });
  return { data, channels, width: side, height: side };
}

/** Notes on a picture that was cropped to its central square; none for a square picture. */
export function cutNotes(name: string, { original }: Pick<Picture, 'original'>): string[] {
  if (!original || original.width === original.height) return [];
  return [`${name} is ${original.width}×${original.height} pixels: only its middle square is used.`];
}

function checkPicture(picture: Picture, name: string): void {
  const { data, channels, width, height } = picture;
  const got = `${channels}×${height}×${width} with ${data.length} numbers`;
  const isSquare = width === height && width > 0 && (channels === 1 || channels === 3);
  if (!(data instanceof Float32Array) || !isSquare || data.length !== channels * width * height)
    throw new KandidError('picture_invalid', { name, got, expected: 'a square of 1 or 3 channels as float32' });
  if (!data.every(Number.isFinite))
    throw new KandidError('picture_invalid', {
      name,
      got: 'numbers that are not finite',
      expected: 'numbers from −1 to 1',
    });
}

function toChannels({ data, channels: from }: Picture, channels: 1 | 3): Float32Array {
  if (from === channels) return data;
  if (channels === 1) return lumaOf(data, from);
  return Float32Array.from({ length: 3 * data.length }, (_, i) => data[i % data.length] as number);
}
