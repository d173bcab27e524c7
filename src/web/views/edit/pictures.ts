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
  /** Its middle square, with a side of at most MAX_SIDE. */
  readonly square: Pixels;
  /** All of it, with a longer side of at most MAX_SIDE. */
  readonly whole: Pixels;
  /** All of it, at most MAX_PIXELS, on white (the server would repaint transparent parts). */
  file(): Promise<Blob>;
  readonly name: string;
  readonly width: number;
  readonly height: number;
  /** Whether a model generated it, so that it has no noise. */
  readonly isGenerated: boolean;
}

/** Largest side of pictures in the page, in pixels. */
const MAX_SIDE = 512;
/** The server's default limit for whole pictures. */
const MAX_PIXELS = 2 ** 22;

/** @throws {Error} if the browser can't decode it */
export async function openPicture(blob: Blob, name: string, isGenerated = false): Promise<Source> {
  const image = await imageOf(blob, name);
  const { naturalWidth: width, naturalHeight: height } = image;
  const shorter = Math.min(width, height);
  const side = Math.min(shorter, MAX_SIDE);
  const middle = { x: (width - shorter) / 2, y: (height - shorter) / 2, width: shorter, height: shorter };
  const square = drawnOnWhite(image, middle, side / shorter);
  const all = { x: 0, y: 0, width, height };
  const whole = drawnOnWhite(image, all, Math.min(1, MAX_SIDE / Math.max(width, height)));
  const file = async () => {
    const scale = Math.min(1, Math.sqrt(MAX_PIXELS / (width * height)));
    return scale === 1 && blob.type === 'image/jpeg' ? blob : await pngOf(drawnOnWhite(image, all, scale));
  };
  return { url: urlOf(square), square, whole, file, name, width, height, isGenerated };
}

interface Part {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** A part of an image; transparent parts are composed on white. */
function drawnOnWhite(image: HTMLImageElement, part: Part, scale: number): Pixels {
  const scaled = (length: number) => Math.max(1, Math.floor(length * scale + 1e-6));
  const [width, height] = [scaled(part.width), scaled(part.height)];
  const { brush } = canvasOf(width, height);
  brush.fillStyle = '#fff';
  brush.fillRect(0, 0, width, height);
  brush.imageSmoothingQuality = 'high';
  brush.drawImage(image, part.x, part.y, part.width, part.height, 0, 0, width, height);
  return { width, height, data: brush.getImageData(0, 0, width, height).data };
}

function pngOf(pixels: Pixels): Promise<Blob> {
  const { element } = drawn(pixels);
  return new Promise((resolve, reject) => {
    element.toBlob((png) => (png ? resolve(png) : reject(new Error('This browser could not encode the picture.'))));
  });
}

async function imageOf(blob: Blob, name: string): Promise<HTMLImageElement> {
  const url = URL.createObjectURL(blob);
  const image = new Image();
  image.src = url;
  try {
    await image.decode();
    return image;
  } catch {
    throw new Error(`${name} ${await unreadable(blob)}`);
  } finally {
    URL.revokeObjectURL(url);
  }
}

/** Why the browser can't read a file, and what to do. */
async function unreadable(blob: Blob): Promise<string> {
  const start = String.fromCharCode(...new Uint8Array(await blob.slice(0, 4).arrayBuffer()));
  if (/^(II[*+]\0|MM\0[*+])$/.test(start))
    return 'is a TIFF file, which browsers do not show. Save it as PNG or JPEG; the command line and the API accept TIFF.';
  return "can't be read as a picture. Use a PNG, JPEG, WebP, AVIF or GIF file.";
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
  return blobOf(base64, mime);
}

/** The file in a data URL. */
export function blobOfUrl(url: string): Blob {
  const [head = '', base64 = ''] = url.split(',', 2);
  return blobOf(base64, /^data:([^;]+)/.exec(head)?.[1] ?? 'image/png');
}

function blobOf(base64: string, type: string): Blob {
  return new Blob([Uint8Array.from(atob(base64), (char) => char.charCodeAt(0))], { type });
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
  const { brush } = canvasOf(side, side);
  brush.imageSmoothingQuality = 'high';
  brush.drawImage(element, 0, 0, side, side);
  return { width: side, height: side, data: brush.getImageData(0, 0, side, side).data };
}

/** PNG as a data URL. */
export function urlOf(pixels: Pixels): string {
  return drawn(pixels).element.toDataURL('image/png');
}

/** A layer's colours on a transparent background. */
export function pixelsOf({ width, height, dots }: Layer): Pixels {
  const data = new Uint8ClampedArray(4 * width * height);
  // Runs at every brush move: a plain loop takes 4 ms for 512×342 dots, one over entries 47 ms.
  for (let p = 0; p < dots.length; p++) {
    const dot = dots[p] as number;
    if (dot === BARE) continue;
    data[4 * p] = (dot >> 16) & 255;
    data[4 * p + 1] = (dot >> 8) & 255;
    data[4 * p + 2] = dot & 255;
    data[4 * p + 3] = dot >>> 24;
  }
  return { width, height, data };
}

/** A layer's colours on white. */
export function onWhite(layer: Layer): Pixels {
  const { data, ...size } = pixelsOf(layer);
  for (let p = 0; p < data.length; p += 4) if (data[p + 3] === 0) data.fill(255, p, p + 4);
  return { ...size, data };
}

/** Mask for the guide `inpaint`: white is repainted, black is kept. */
export function maskOf({ width, height, dots }: Layer): Pixels {
  const data = new Uint8ClampedArray(4 * width * height).fill(255);
  for (const [p, dot] of dots.entries()) if (dot === BARE) data.fill(0, 4 * p, 4 * p + 3);
  return { width, height, data };
}

function drawn({ width, height, data }: Pixels) {
  const canvas = canvasOf(width, height);
  canvas.brush.putImageData(new ImageData(data, width, height), 0, 0);
  return canvas;
}

function canvasOf(width: number, height: number) {
  const element = document.createElement('canvas');
  [element.width, element.height] = [width, height];
  const brush = element.getContext('2d', { willReadFrequently: true });
  if (!brush) throw new Error('This browser provides no canvas.');
  return { element, brush };
}
