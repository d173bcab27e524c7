/** Pictures in and out of the page: files, codes, canvases. */
import type { PictureAnswer } from '../../../client/client.ts';
import { pictureUrl } from '../../parts/picture.tsx';
import type { SavedPicture } from '../../state/history.ts';
import { client, key } from '../../state/server.ts';
import { BARE, type Layer } from './layer.ts';
import type { Pixels } from './pixels.ts';

export interface Source {
  /** Object or data URL, for display. */
  readonly url: string;
  /** Its middle square, at its own size up to LARGEST. */
  readonly square: Pixels;
  readonly name: string;
  readonly width: number;
  readonly height: number;
  /** Whether a model generated it, so that it has no noise. */
  readonly isMade: boolean;
}

/** Largest side kept, in pixels. */
const LARGEST = 512;

/** @throws {Error} if the browser can't decode it */
export async function openPicture(blob: Blob, name: string, isMade = false): Promise<Source> {
  const image = await imageOf(blob, name);
  const { naturalWidth: width, naturalHeight: height } = image;
  const shorter = Math.min(width, height);
  const side = Math.min(shorter, LARGEST);
  const canvas = canvasOf(side);
  const brush = canvas.brush;
  // Transparent parts are composed on white.
  brush.fillStyle = '#fff';
  brush.fillRect(0, 0, side, side);
  brush.imageSmoothingQuality = 'high';
  brush.drawImage(image, (width - shorter) / 2, (height - shorter) / 2, shorter, shorter, 0, 0, side, side);
  const square = { side, data: brush.getImageData(0, 0, side, side).data };
  return { url: canvas.element.toDataURL('image/png'), square, name, width, height, isMade };
}

async function imageOf(blob: Blob, name: string): Promise<HTMLImageElement> {
  const url = URL.createObjectURL(blob);
  const image = new Image();
  image.src = url;
  try {
    await image.decode();
    return image;
  } catch {
    throw new Error(`${name} can't be read as a picture. Use a PNG, JPEG, WebP, AVIF or GIF file.`);
  } finally {
    URL.revokeObjectURL(url);
  }
}

/** The file of a generated picture. @param size side in pixels. @default the model's own */
export async function fileOf(saved: Pick<SavedPicture, 'model' | 'hash' | 'codeString'>, size?: number): Promise<Blob> {
  const url = pictureUrl({ ...saved, code: saved.codeString, size }, 'png');
  const answer = await fetch(url, key.value ? { headers: { authorization: `Bearer ${key.value}` } } : {});
  if (!answer.ok) throw new Error("This picture can't be decoded any more: its model has changed.");
  return await answer.blob();
}

/** A picture of a conditional model, which has no permalink: decoded from code and condition. */
export async function fileFromCondition({ model, codeString, condition }: Conditional, size?: number): Promise<Blob> {
  const options = { model, condition, ...(size === undefined ? {} : { size }) };
  const { images } = await client.value.decode([codeString], options);
  const { base64 = '', mime } = images[0] as PictureAnswer;
  return new Blob([Uint8Array.from(atob(base64), (sign) => sign.charCodeAt(0))], { type: mime });
}

export interface Conditional {
  readonly model: string;
  readonly codeString: string;
  /** A data URL. */
  readonly condition: string;
}

/** Resized by the browser: for pictures smaller than the model's. */
export function enlarged(pixels: Pixels, side: number): Pixels {
  const { element } = drawn(pixels);
  const { brush } = canvasOf(side);
  brush.imageSmoothingQuality = 'high';
  brush.drawImage(element, 0, 0, side, side);
  return { side, data: brush.getImageData(0, 0, side, side).data };
}

/** PNG as a data URL. */
export function urlOf(pixels: Pixels): string {
  return drawn(pixels).element.toDataURL('image/png');
}

/** A layer's colours on a transparent background. */
export function pixelsOf({ side, dots }: Layer): Pixels {
  const data = new Uint8ClampedArray(4 * side * side);
  for (const [p, dot] of dots.entries()) data.set([(dot >> 16) & 255, (dot >> 8) & 255, dot & 255, dot >>> 24], 4 * p);
  return { side, data };
}

/** A layer's colours on white. */
export function onWhite(layer: Layer): Pixels {
  const { side, data } = pixelsOf(layer);
  for (let p = 0; p < data.length; p += 4) if (data[p + 3] === 0) data.fill(255, p, p + 4);
  return { side, data };
}

/** Mask for the guide `inpaint`: white is repainted, black is kept. */
export function maskOf({ side, dots }: Layer): Pixels {
  const data = new Uint8ClampedArray(4 * side * side).fill(255);
  for (const [p, dot] of dots.entries()) if (dot === BARE) data.fill(0, 4 * p, 4 * p + 3);
  return { side, data };
}

function drawn({ side, data }: Pixels) {
  const canvas = canvasOf(side);
  canvas.brush.putImageData(new ImageData(data, side, side), 0, 0);
  return canvas;
}

function canvasOf(side: number) {
  const element = document.createElement('canvas');
  [element.width, element.height] = [side, side];
  const brush = element.getContext('2d', { willReadFrequently: true });
  if (!brush) throw new Error('This browser has no canvas to work on.');
  return { element, brush };
}
