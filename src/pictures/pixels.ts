/** Converts between pictures and 8-bit pixels, [height, width, channels]. */
import type { Picture } from '../guide.ts';
import { LUMA } from '../kit/luma.ts';

export interface PixelLayout {
  readonly width: number;
  readonly height: number;
  readonly channels: number;
}

/** Maps 0 … 255 to −1 … 1. */
const UNIT = Float32Array.from({ length: 256 }, (_, value) => value / 127.5 - 1);

/**
 * Converts pixels of 1 … 4 channels to float32 planes, −1 … 1. Gray is converted to RGB, or RGB to gray, if `channels`
 * requires it.
 */
export function pixelsToPicture(pixels: Uint8Array, from: PixelLayout, channels: 1 | 3 | 4): Picture {
  const { width, height } = from;
  const plane = width * height;
  const data = new Float32Array(channels * plane);
  const isGray = from.channels < 3;
  const alphaAt = from.channels - 1;
  if (channels === 1 && !isGray) fillPixelLuma(data, pixels, from.channels);
  else
    for (let c = 0; c < Math.min(3, channels); c++)
      fillPlane(data.subarray(c * plane, (c + 1) * plane), pixels, from.channels, isGray ? 0 : c);
  if (channels === 4 && from.channels % 2 === 0) fillPlane(data.subarray(3 * plane), pixels, from.channels, alphaAt);
  else if (channels === 4) data.fill(1, 3 * plane);
  return { data, channels, width, height };
}

function fillPlane(plane: Float32Array, pixels: Uint8Array, step: number, offset: number): void {
  for (let i = 0, at = offset; i < plane.length; i++, at += step) plane[i] = UNIT[pixels[at] as number] as number;
}

function fillPixelLuma(plane: Float32Array, pixels: Uint8Array, step: number): void {
  for (let i = 0, at = 0; i < plane.length; i++, at += step) {
    const [r, g, b] = [pixels[at] as number, pixels[at + 1] as number, pixels[at + 2] as number];
    plane[i] = (LUMA[0] * r + LUMA[1] * g + LUMA[2] * b) / 127.5 - 1;
  }
}

/** 8-bit pixels of a picture, rounded and clamped. */
export function pictureToPixels({ data, channels, width, height }: Picture): Uint8ClampedArray<ArrayBuffer> {
  const plane = width * height;
  const pixels = new Uint8ClampedArray(channels * plane);
  for (let c = 0; c < channels; c++) {
    for (let i = 0; i < plane; i++)
      pixels[i * channels + c] = Math.round(((data[c * plane + i] as number) + 1) * 127.5);
  }
  return pixels;
}
