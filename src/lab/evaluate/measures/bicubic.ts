/** Bicubic enlarging, the baseline of super-resolution. */
import type { Picture } from '../../../guide.ts';
import { clamp } from '../../../kit/quality.ts';
import { resample } from '../../../kit/resample.ts';

/** Enlarges a picture to side × side, edges repeated; values are clamped to [−1, 1]. */
export function bicubic(picture: Picture, side: number): Picture {
  const data = resample(picture.data, picture, { height: side, width: side }, 'bicubic-plain').map(clamp);
  return { data, channels: picture.channels, width: side, height: side };
}
