/** Decodes and encodes picture files with sharp; headers are checked before anything is decoded. */
import type { Metadata, Sharp } from 'sharp';
import { KandidError, reasonOf } from '../errors.ts';
import type { Picture } from '../guide.ts';
import { type PlaneSize, resample } from '../kit/resample.ts';
import { gifWithXmp } from './gif-xmp.ts';
import { pictureToPixels, pixelsToPicture } from './pixels.ts';
import { loadSharp, type SharpFactory } from './sharp.ts';

export type { Picture } from '../guide.ts';

/** Default limit on the pixels of a picture: 50 million, a 50-megapixel photo. */
export const DEFAULT_LIMIT_PIXELS = 50_000_000;

/** gif: a single frame here; `animation.ts` writes several. */
export type PictureFormat = 'png' | 'webp' | 'jpeg' | 'avif' | 'gif';

/** Runs work on this many pixels when its turn comes, if many requests share the machine. */
export type InTurn = <T>(pixels: number, work: () => Promise<T>) => Promise<T>;

export interface DecodeOptions {
  /**
   * 1: luma (.299 R + .587 G + .114 B); 3: sRGB; 4: sRGB and alpha. 1 and 3 composite the picture on white. @default 3
   */
  readonly channels?: 1 | 3 | 4;
  /** Largest number of pixels (width × height of the first frame) to decode. @default DEFAULT_LIMIT_PIXELS */
  readonly limitPixels?: number;
  /** Crops to the central square and resizes to side × side. */
  readonly side?: number;
  /** Shrinks, keeping the aspect ratio, to fit into maxSide × maxSide. */
  readonly maxSide?: number;
  /** Name of the picture in errors. @default 'The picture' */
  readonly name?: string;
  /** @default runs at once */
  readonly inTurn?: InTurn;
}

const AT_ONCE: InTurn = (_, work) => work();

/**
 * Decodes the first frame of a PNG, JPEG, WebP, AVIF, TIFF or GIF file, rotated by its EXIF orientation and converted
 * to sRGB.
 *
 * @throws {KandidError} picture_unreadable, picture_too_large, picture_damaged
 */
export async function decodePicture(bytes: Uint8Array, options: DecodeOptions = {}): Promise<Picture> {
  const { channels = 3, limitPixels = DEFAULT_LIMIT_PIXELS, name = 'The picture', inTurn = AT_ONCE } = options;
  const sharp = await loadSharp();
  const original = await checkedSize(sharp, bytes, name, limitPixels);
  const plan = planResize(original, options);
  let pipeline = sharp(bytes, { failOn: 'error', limitInputPixels: limitPixels }).autoOrient();
  // At 16 bits per channel, an ICC profile would be applied to numbers of another scale.
  pipeline = pipeline.pipelineColourspace('srgb');
  if (channels !== 4) pipeline = pipeline.flatten({ background: '#ffffff' });
  if (plan) pipeline = presize(pipeline, plan);
  const upright = pipeline.toColourspace('srgb');
  const picture = await inTurn(original.width * original.height, () => rawPicture(upright, channels, name));
  const size = { height: picture.height, width: picture.width };
  const to = plan?.to ?? size;
  if (size.height === to.height && size.width === to.width) return { ...picture, original };
  return { ...picture, data: resample(picture.data, size, to), ...to, original };
}

/** Encodes a picture of 1 (gray), 3 (sRGB) or 4 (with alpha) channels; values are clamped and rounded to 8 bits. */
export async function encodePicture(
  picture: Picture,
  format: PictureFormat = 'png',
  options: {
    /** 1 … 100, for all formats except PNG and GIF. */
    readonly quality?: number;
    /** Longer side in pixels, resampled (Lanczos); the aspect ratio is kept. @default the picture's own */
    readonly size?: number;
    /** XMP packet to embed in the file; omitted if it does not fit into a JPEG (64 kB). */
    readonly xmp?: string;
  } = {},
): Promise<Uint8Array> {
  const { width, height, channels } = picture;
  const raw = { width, height, channels: channels as 1 | 3 | 4 };
  const { quality, size, xmp } = options;
  const sharp = await loadSharp();
  let image = sharp(pictureToPixels(picture), { raw }).toColourspace(channels === 1 ? 'b-w' : 'srgb');
  if (size !== undefined) image = image.resize({ ...fittedSize(picture, size), fit: 'fill', kernel: 'lanczos3' });
  if (xmp !== undefined) image = image.withXmp(xmp);
  const hasQuality = format !== 'png' && format !== 'gif' && quality !== undefined;
  const file = await image.toFormat(format, hasQuality ? { quality } : {}).toBuffer();
  return format === 'gif' && xmp !== undefined ? gifWithXmp(file, xmp) : file;
}

/** Size of a picture with this longer side, in pixels. @param longer @default its own */
export function fittedSize({ width, height }: PlaneSize, longer = Math.max(width, height)): PlaneSize {
  const most = Math.max(width, height);
  const scaled = (length: number) => (most === 0 ? longer : Math.max(1, Math.round((length * longer) / most)));
  return { width: scaled(width), height: scaled(height) };
}

/**
 * Size of a picture file in pixels after rotation, read from its header only. @throws {KandidError} picture_unreadable,
 * picture_too_large
 */
export async function pictureSize(
  bytes: Uint8Array,
  { limitPixels = DEFAULT_LIMIT_PIXELS, name = 'The picture' }: Pick<DecodeOptions, 'limitPixels' | 'name'> = {},
): Promise<{ width: number; height: number }> {
  return await checkedSize(await loadSharp(), bytes, name, limitPixels);
}

/**
 * Whether any pixel is not fully opaque. @throws {KandidError} picture_unreadable, picture_too_large, picture_damaged
 */
export async function hasTransparency(bytes: Uint8Array, options: DecodeOptions = {}): Promise<boolean> {
  const { data, width, height } = await decodePicture(bytes, { ...options, channels: 4 });
  return data.subarray(3 * width * height).some((alpha) => alpha < 1);
}

interface ResizePlan {
  /** Target size. */
  readonly to: PlaneSize;
  /** Size that sharp produces first, with cropping. */
  readonly first: PlaneSize;
}

/**
 * Above this factor, sharp first shrinks to four times the target size, so that a large photo costs no more than a
 * small one.
 */
const LARGE_FACTOR = 8;
const FACTOR_LEFT = 4;

function planResize(original: PlaneSize, { side, maxSide }: DecodeOptions): ResizePlan | null {
  if (side !== undefined) {
    const square = Math.min(original.width, original.height);
    const to = { height: side, width: side };
    if (square <= side) return { to, first: to };
    const first = square > LARGE_FACTOR * side ? FACTOR_LEFT * side : square;
    return { to, first: { height: first, width: first } };
  }
  const longest = Math.max(original.width, original.height);
  if (maxSide === undefined || longest <= maxSide) return null;
  const scaled = (length: number) => Math.max(1, Math.round((length * maxSide) / longest));
  const to = { height: scaled(original.height), width: scaled(original.width) };
  if (longest <= LARGE_FACTOR * maxSide) return { to, first: original };
  return { to, first: { height: FACTOR_LEFT * to.height, width: FACTOR_LEFT * to.width } };
}

function presize(pipeline: Sharp, { first }: ResizePlan): Sharp {
  return pipeline.resize({ ...first, fit: 'cover', kernel: 'cubic' });
}

/** Size in pixels after rotation, read from the header only. */
async function checkedSize(sharp: SharpFactory, bytes: Uint8Array, name: string, limit: number): Promise<PlaneSize> {
  if (!looksLikePicture(bytes)) {
    const reason = bytes.length === 0 ? 'it is empty' : reasonFor(bytes);
    throw new KandidError('picture_unreadable', { name, reason });
  }
  let header: Metadata;
  try {
    header = await sharp(bytes, { limitInputPixels: false }).metadata();
  } catch (cause) {
    throw new KandidError('picture_unreadable', { name, reason: reasonOf(cause) }, { cause });
  }
  const { width, height } = header.autoOrient;
  if (width * height > limit) throw new KandidError('picture_too_large', { name, width, height, limit });
  return { width, height };
}

async function rawPicture(pipeline: Sharp, channels: 1 | 3 | 4, name: string): Promise<Picture> {
  try {
    const wide = channels === 4 ? pipeline.ensureAlpha() : pipeline;
    const { data, info } = await wide.raw({ depth: 'uchar' }).toBuffer({ resolveWithObject: true });
    return pixelsToPicture(data, { width: info.width, height: info.height, channels: info.channels }, channels);
  } catch (cause) {
    throw new KandidError('picture_damaged', { name, reason: reasonOf(cause) }, { cause });
  }
}

/**
 * Whether the bytes start like one of the accepted formats. Checked before sharp sees them, because sharp would also
 * read SVG, which can refer to other files.
 */
function looksLikePicture(bytes: Uint8Array): boolean {
  const start = startOf(bytes);
  return (
    start.startsWith('\x89PNG\r\n\x1a\n') ||
    start.startsWith('\xff\xd8\xff') ||
    /^GIF8[79]a/.test(start) ||
    /^RIFF.{4}WEBP/s.test(start) ||
    TIFF.some((begin) => start.startsWith(begin)) ||
    (/^.{4}ftyp(avif|avis|mif1|msf1)/s.test(start) && !/hei[cxms]|hev[cxms]/.test(start.slice(12)))
  );
}

const TIFF = ['II*\0', 'MM\0*', 'II+\0', 'MM\0+'];

/** Common formats that are not accepted: how they start, what they are, and what to do. */
const OTHERS: readonly (readonly [begins: RegExp, what: string])[] = [
  [/^BM/, 'it is a BMP file: save it as PNG in a picture editor'],
  [/^.{4}ftyp.*(?:hei[cxms]|hev[cxms])/s, 'it is a HEIC file, as phones write: export or share it as JPEG'],
  [/^\s*(?:<\?xml|<svg|<!DOCTYPE svg)/i, 'it is an SVG drawing: export it as PNG'],
  [/^8BPS/, 'it is a Photoshop file: export it as PNG'],
  [/^%PDF/, 'it is a PDF: export the page as PNG'],
  [/^.{4}JXL /s, 'it is a JPEG XL file: convert it to PNG'],
  [/^.{4}jP {2}/s, 'it is a JPEG 2000 file: convert it to PNG'],
];

function reasonFor(bytes: Uint8Array): string {
  const start = startOf(bytes);
  return OTHERS.find(([begins]) => begins.test(start))?.[1] ?? 'it does not begin like one';
}

function startOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, 32)).toString('latin1');
}
