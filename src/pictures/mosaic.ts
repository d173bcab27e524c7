/** Arranges pictures in a grid. */
import type { Picture } from '../guide.ts';

export interface MosaicOptions {
  /** Pictures per row. @default as square as possible */
  readonly columns?: number;
  /** Pixels between pictures. @default 0 */
  readonly gap?: number;
  /** Value of the area without pictures, −1 … 1. @default 1, white */
  readonly background?: number;
}

/**
 * A grid of pictures of one size, in reading order. Gray pictures become RGB if any has colours.
 *
 * @throws {RangeError} for no pictures, or of different sizes
 */
export function mosaic(pictures: readonly Picture[], options: MosaicOptions = {}): Picture {
  const [first] = pictures;
  if (!first) throw new RangeError('a mosaic of no pictures');
  const { width, height } = first;
  if (pictures.some((one) => one.width !== width || one.height !== height))
    throw new RangeError('a mosaic of pictures of different sizes');
  const { columns = Math.ceil(Math.sqrt(pictures.length)), gap = 0, background = 1 } = options;
  const rows = Math.ceil(pictures.length / columns);
  const channels = Math.max(...pictures.map((one) => one.channels));
  const whole = {
    channels,
    width: columns * (width + gap) - gap,
    height: rows * (height + gap) - gap,
  };
  const data = new Float32Array(channels * whole.width * whole.height).fill(background);
  for (const [i, picture] of pictures.entries()) {
    const left = (i % columns) * (width + gap);
    const top = Math.floor(i / columns) * (height + gap);
    for (let channel = 0; channel < channels; channel++)
      for (let y = 0; y < height; y++) {
        const from = (Math.min(channel, picture.channels - 1) * height + y) * width;
        data.set(picture.data.subarray(from, from + width), (channel * whole.height + top + y) * whole.width + left);
      }
  }
  return { data, ...whole };
}

/** Enlarges every pixel to factor × factor. */
export function enlarged(picture: Picture, factor: number): Picture {
  if (factor === 1) return picture;
  const { channels, width, height } = picture;
  const wide = width * factor;
  const data = new Float32Array(channels * wide * height * factor);
  for (let line = 0; line < channels * height; line++)
    for (let copy = 0; copy < factor; copy++)
      for (let x = 0; x < wide; x++)
        data[(line * factor + copy) * wide + x] = picture.data[line * width + Math.floor(x / factor)] as number;
  return { data, channels, width: wide, height: height * factor };
}
