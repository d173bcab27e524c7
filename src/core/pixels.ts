/** Pictures as 8-bit pixels, [height, width, channels], and back. */
import type { Picture } from '../guide.ts';

export interface PixelLayout {
  readonly width: number;
  readonly height: number;
  readonly channels: number;
}

/** Rec. 601 luma of R, G and B, on sRGB values as they are. */
const LUMA = [0.299, 0.587, 0.114] as const;

/** Float32 [−1, 1], planes, from pixels of 1 … 4 channels. Gray becomes RGB and RGB gray where that is wanted. */
export function pixelsToPicture(pixels: Uint8Array, from: PixelLayout, channels: 1 | 3 | 4): Picture {
  const { width, height } = from;
  const plane = width * height;
  const colors = from.channels >= 3 ? 3 : 1;
  const hasAlpha = from.channels === 2 || from.channels === 4;
  const data = new Float32Array(channels * plane);
  for (let i = 0; i < plane; i++) {
    const at = i * from.channels;
    const value = (c: number) => pixels[at + (colors === 1 ? 0 : c)] as number;
    if (channels === 1) data[i] = unit(colors === 1 ? value(0) : luma(value(0), value(1), value(2)));
    else for (let c = 0; c < 3; c++) data[c * plane + i] = unit(value(c));
    if (channels === 4) data[3 * plane + i] = hasAlpha ? unit(pixels[at + from.channels - 1] as number) : 1;
  }
  return { data, channels, width, height };
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

function unit(value: number): number {
  return value / 127.5 - 1;
}

function luma(r: number, g: number, b: number): number {
  return LUMA[0] * r + LUMA[1] * g + LUMA[2] * b;
}
