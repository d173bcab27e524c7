/** Pictures in and out of the page: files, codes, canvases. */
import type { PictureAnswer } from '../../../client/client.ts';
import { pictureUrl } from '../../parts/picture.tsx';
import type { SavedPicture } from '../../state/history.ts';
import { client, key } from '../../state/server.ts';
import { BARE, type Layer } from './layer.ts';
import type { Pixels } from './pixels.ts';

export interface Source {
  /** For showing. */
  readonly url: string;
  /** Its middle square, at its own size up to LARGEST. */
  readonly square: Pixels;
  readonly name: string;
  readonly width: number;
  readonly height: number;
  /** Made by a model: without noise. */
  readonly isMade: boolean;
}

/** More is never looked at. */
const LARGEST = 512;

/** @throws {Error} in words, where the browser can't read it */
export async function openPicture(blob: Blob, name: string, isMade = false): Promise<Source> {
  const image = await imageOf(blob, name);
  const { naturalWidth: width, naturalHeight: height } = image;
  const shorter = Math.min(width, height);
  const side = Math.min(shorter, LARGEST);
  const canvas = canvasOf(side);
  const brush = canvas.brush;
  // What is transparent is seen on white, as it mostly is on pages.
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
    throw new Error(`${name} can't be read as a picture. Take a PNG, JPEG, WebP, AVIF or GIF file.`);
  } finally {
    URL.revokeObjectURL(url);
  }
}

/** The file behind a picture that was made. @param size of its sides; left out: the model's own */
export async function fileOf(saved: Pick<SavedPicture, 'model' | 'hash' | 'codeString'>, size?: number): Promise<Blob> {
  const url = pictureUrl({ ...saved, code: saved.codeString, size }, 'png');
  const answer = await fetch(url, key.value ? { headers: { authorization: `Bearer ${key.value}` } } : {});
  if (!answer.ok) throw new Error("This picture can't be drawn any more: its model has changed.");
  return await answer.blob();
}

/** A picture of a model that starts from one, which no address can carry: drawn by code and condition. */
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

/** At another size, as browsers enlarge: for pictures that are smaller than the model's. */
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

/** A layer's colours on nothing. */
export function pixelsOf({ side, dots }: Layer): Pixels {
  const data = new Uint8ClampedArray(4 * side * side);
  for (const [p, dot] of dots.entries()) data.set([(dot >> 16) & 255, (dot >> 8) & 255, dot & 255, dot >>> 24], 4 * p);
  return { side, data };
}

/** A layer's colours on paper. */
export function onWhite(layer: Layer): Pixels {
  const { side, data } = pixelsOf(layer);
  for (let p = 0; p < data.length; p += 4) if (data[p + 3] === 0) data.fill(255, p, p + 4);
  return { side, data };
}

/** As the guide `inpaint` reads it: white is painted anew, black is kept. */
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
