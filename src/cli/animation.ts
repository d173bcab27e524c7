/** Animates a descent: every level's choice, from a few pixels to the whole picture. */
import { extname } from 'node:path';
import { type AnimationFormat, framePixels, joinFrames, packedFrame } from '../pictures/animation.ts';
import type { Picture } from '../pictures/codec.ts';
import { enlarged } from '../pictures/mosaic.ts';
import { gridOf } from './destination.ts';
import { wrongValue } from './values.ts';

const FRAME_MS = 80;
const LAST_FRAME_MS = 1600;
/** Small pictures are enlarged, so that the first levels are visible. */
const SHOWN_SIDE = 256;

/** @throws {KandidError} option_invalid */
export function animationFormat(file: string): AnimationFormat {
  const extension = extname(file).toLowerCase();
  if (extension === '.webp' || extension === '.gif') return extension === '.webp' ? 'webp' : 'gif';
  throw wrongValue('--animate', file, 'a file that ends in .webp or .gif');
}

/**
 * Encodes frames, each with the previews of all results at one level. @param finalSide side of the model's finished
 * pictures, in pixels
 */
export async function encodeAnimation(
  frames: readonly (readonly Picture[])[],
  finalSide: number,
  format: AnimationFormat,
): Promise<Uint8Array> {
  const side = finalSide * Math.max(1, Math.round(SHOWN_SIDE / finalSide));
  const shown = frames.map((previews) => gridOf(previews.map((preview) => fitted(preview, side))));
  const packed = await Promise.all(shown.map((frame) => packedFrame(framePixels(frame))));
  const delays = shown.map((_, i) => (i === shown.length - 1 ? LAST_FRAME_MS : FRAME_MS));
  return await joinFrames(packed, format, { delays });
}

/**
 * Enlarges to `side` with square pixels; the sides of levels need not divide it. Whole pictures are left as they are.
 */
function fitted(picture: Picture, side: number): Picture {
  const { data, channels, width, height } = picture;
  if (width !== height) return picture;
  if (side % width === 0) return enlarged(picture, side / width);
  const out = new Float32Array(channels * side * side);
  for (let i = 0; i < out.length; i++) {
    const y = Math.floor((Math.floor((i % (side * side)) / side) * height) / side);
    const x = Math.floor(((i % side) * width) / side);
    out[i] = data[(Math.floor(i / (side * side)) * height + y) * width + x] as number;
  }
  return { data: out, channels, width: side, height: side };
}
