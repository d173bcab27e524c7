/** Encodes pictures as files. */

import type { Picture } from '../guide.ts';
import { encodePicture, fittedSize, type PictureFormat } from '../pictures/codec.ts';
import type { EncodedPicture, Output } from './messages.ts';

/** @param xmp metadata packet to embed in the file */
export async function encoded(
  picture: Picture,
  { format, quality, size }: Output,
  xmp?: string,
): Promise<EncodedPicture> {
  const options = {
    ...(quality === undefined ? {} : { quality }),
    ...(size === undefined ? {} : { size }),
    ...(xmp === undefined ? {} : { xmp }),
  };
  const bytes = await encodePicture(picture, format, options);
  const { width, height } = fittedSize(picture, size);
  return { bytes, mime: mimeOf(format), width, height };
}

export function mimeOf(format: PictureFormat): string {
  return `image/${format}`;
}
