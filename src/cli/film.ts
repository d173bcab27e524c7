/** Encodes frames of one size as an animation. */

import type { Canvas } from '../lab/tree/draw.ts';
import { type AnimationFormat, joinFrames, packedFrame } from '../pictures/animation.ts';

const FRAME_MS = 120;
const LAST_FRAME_MS = 2400;
const QUALITY = 70;

/**
 * The last frame is shown longer before the loop. Frames are kept packed, because a hundred of them would fill the
 * memory.
 */
export async function encodeFilm(frames: AsyncIterable<Canvas>, format: AnimationFormat): Promise<Uint8Array> {
  const packed: Buffer[] = [];
  for await (const frame of frames) packed.push(await packedFrame(frame));
  const delays = packed.map((_, i) => (i === packed.length - 1 ? LAST_FRAME_MS : FRAME_MS));
  return await joinFrames(packed, format, { delays, quality: QUALITY });
}
