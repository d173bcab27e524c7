/** Degrades pictures for restoration tasks: shrunk, grayed, noisy, quantised. */

import type { Picture } from '../../../guide.ts';
import { lumaOf } from '../../../kit/luma.ts';
import { clamp } from '../../../kit/quality.ts';
import { Random } from '../../../kit/random.ts';
import { resample } from '../../../kit/resample.ts';

/** Area-shrunk to side × side. */
export function shrunk({ data, channels, width, height }: Picture, side: number): Picture {
  const small = resample(data, { height, width }, { height: side, width: side });
  return { data: small, channels, width: side, height: side };
}

/** Luma, in one channel. */
export function grayed({ data, channels, width, height }: Picture): Picture {
  const luma = lumaOf(data, channels);
  return { data: luma === data ? data.slice() : luma, channels: 1, width, height };
}

/** Repeats a gray picture in every channel; a picture with this number of channels is returned unchanged. */
export function inChannels(picture: Picture, channels: number): Picture {
  if (picture.channels === channels) return picture;
  const size = picture.width * picture.height;
  const data = new Float32Array(channels * size);
  for (let channel = 0; channel < channels; channel++) data.set(picture.data.subarray(0, size), channel * size);
  return { ...picture, data, channels };
}

/** Adds normal noise of standard deviation `sigma` (black is −1, white 1); clamped, as in a picture file. */
export function noisy(picture: Picture, sigma: number, seed: number): Picture {
  const random = Random.of(seed);
  const data = picture.data.map((value) => clamp(value + sigma * random.normal()));
  return { ...picture, data };
}

/** Rounded to the nearest of `shades` values from black to white in each channel. */
export function fewShades(picture: Picture, shades: number): Picture {
  const steps = shades - 1;
  const data = picture.data.map((value) => (Math.round(((value + 1) / 2) * steps) / steps) * 2 - 1);
  return { ...picture, data };
}

/** Blurred by a Gaussian of `sigma` pixels, edges repeated: the baseline of denoising. */
export function blurred(picture: Picture, sigma: number): Picture {
  const { channels, width, height } = picture;
  const reach = Math.ceil(3 * sigma);
  const kernel = Array.from({ length: 2 * reach + 1 }, (_, i) => Math.exp(-((i - reach) ** 2) / (2 * sigma * sigma)));
  const total = kernel.reduce((sum, weight) => sum + weight, 0);
  const pass = (from: Float32Array, length: number, step: number, startOf: (line: number) => number, lines: number) => {
    const to = new Float32Array(from.length);
    for (let line = 0; line < lines; line++)
      for (let i = 0; i < length; i++) {
        let sum = 0;
        for (let t = -reach; t <= reach; t++) {
          const at = Math.min(length - 1, Math.max(0, i + t));
          sum += (kernel[t + reach] as number) * (from[startOf(line) + at * step] as number);
        }
        to[startOf(line) + i * step] = sum / total;
      }
    return to;
  };
  const rows = pass(picture.data, width, 1, (line) => line * width, channels * height);
  const startOf = (line: number) => Math.floor(line / width) * width * height + (line % width);
  return { ...picture, data: pass(rows, height, width, startOf, channels * width) };
}
