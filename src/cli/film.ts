/** Frames of one size as an animated picture. */

import type { Canvas } from '../lab/tree/draw.ts';
import { loadSharp } from '../pictures/sharp.ts';
import type { AnimationFormat } from './animation.ts';

const FRAME_MS = 120;
const LAST_FRAME_MS = 2400;

/** The last frame stays longer; then it begins again. Frames are kept packed, as a hundred of them would fill the memory. */
export async function encodeFilm(frames: AsyncIterable<Canvas>, format: AnimationFormat): Promise<Uint8Array> {
  const sharp = await loadSharp();
  const packed: Buffer[] = [];
  for await (const { pixels, ...raw } of frames)
    packed.push(await sharp(pixels, { raw }).png({ compressionLevel: 1 }).toBuffer());
  const delay = packed.map((_, i) => (i === packed.length - 1 ? LAST_FRAME_MS : FRAME_MS));
  const joined = sharp(packed, { join: { animated: true }, limitInputPixels: false });
  return await (format === 'webp'
    ? joined.webp({ delay, loop: 0, quality: 70 })
    : joined.gif({ delay, loop: 0 })
  ).toBuffer();
}
