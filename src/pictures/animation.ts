/** Animated WebP and GIF files. */
import type { PlaneSize } from '../kit/resample.ts';
import type { Picture } from './codec.ts';
import { gifWithXmp } from './gif-xmp.ts';
import { pictureToPixels } from './pixels.ts';
import { loadSharp } from './sharp.ts';

export type AnimationFormat = 'webp' | 'gif';

/** 8-bit pixels, [height, width, channels]. */
export interface FramePixels {
  readonly pixels: Uint8Array | Uint8ClampedArray;
  readonly width: number;
  readonly height: number;
  readonly channels: 1 | 3 | 4;
}

export interface AnimationOptions {
  /** Duration of each frame in milliseconds; GIF rounds to 10. */
  readonly delays: readonly number[];
  /** 1 … 100, for WebP. */
  readonly quality?: number | undefined;
  /** XMP packet to embed in the file. */
  readonly xmp?: string | undefined;
}

/** A quarter of the time of the default (7), for files a fifth larger. */
const GIF_EFFORT = 3;

export function framePixels(picture: Picture): FramePixels {
  const { width, height, channels } = picture;
  return { pixels: pictureToPixels(picture), width, height, channels: channels as 1 | 3 };
}

/**
 * Compresses a frame until its animation is written: hundreds of them as pixels would fill the memory. @param to
 * resizes to this size (Lanczos)
 */
export async function packedFrame({ pixels, ...raw }: FramePixels, to: PlaneSize = raw): Promise<Buffer> {
  const sharp = await loadSharp();
  let frame = sharp(pixels, { raw }).toColourspace('srgb');
  const { width, height } = to;
  if (raw.width !== width || raw.height !== height)
    frame = frame.resize(width, height, { fit: 'fill', kernel: 'lanczos3' });
  return await frame.png({ compressionLevel: 1 }).toBuffer();
}

/** Writes packed frames of one size, at least two, into one file that loops. */
export async function joinFrames(
  packed: readonly Buffer[],
  format: AnimationFormat,
  { delays, quality = 85, xmp }: AnimationOptions,
): Promise<Uint8Array> {
  const sharp = await loadSharp();
  const delay = [...delays];
  const joined = sharp([...packed], { join: { animated: true }, limitInputPixels: false });
  if (format === 'gif') {
    const file = await joined.gif({ delay, loop: 0, effort: GIF_EFFORT }).toBuffer();
    return xmp === undefined ? file : gifWithXmp(file, xmp);
  }
  const described = xmp === undefined ? joined : joined.withXmp(xmp);
  return await described.webp({ delay, loop: 0, quality }).toBuffer();
}
