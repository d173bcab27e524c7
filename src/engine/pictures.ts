/** Pictures that come in with a request, brought to what a model takes. */
import { decodePicture } from '../core/image.ts';
import { areaResize } from '../core/resize.ts';
import { KandidError } from '../errors.ts';
import type { Picture } from '../guide.ts';
import type { NetworkInfo } from './network.ts';
import type { PictureInput } from './request.ts';

export interface Wanted {
  readonly channels: 1 | 3;
  /** Width and height in pixels. */
  readonly side: number;
  /** What to call it in an error. */
  readonly name: string;
  readonly limitPixels?: number | undefined;
}

/**
 * A square picture of a size and channels, from the bytes of a file (its middle square) or from a square Picture.
 *
 * @throws {KandidError} picture_unreadable, picture_too_large, picture_damaged, picture_invalid
 */
export async function fitPicture(given: PictureInput, { channels, side, name, limitPixels }: Wanted): Promise<Picture> {
  if (given instanceof Uint8Array)
    return await decodePicture(given, { channels, side, name, ...(limitPixels === undefined ? {} : { limitPixels }) });
  checkPicture(given, name);
  const fitted = toChannels(given, channels);
  const from = { height: given.height, width: given.width };
  const data = areaResize(fitted, from, { height: side, width: side });
  return { data, channels, width: side, height: side };
}

/** Above this, a Sobel magnitude is an edge; what conditional networks are evaluated with (scripts/presets.py). */
const EDGE_THRESHOLD = 0.75;

/**
 * What a model with a condition is given of a picture: its gray values, or its edges as −1 and 1. Null for a model without.
 *
 * @throws {KandidError} condition_missing, condition_unexpected, and what fitPicture throws
 */
export async function conditionOf(
  given: PictureInput | undefined,
  { name: model, condition, levels }: NetworkInfo,
  limitPixels?: number,
): Promise<Float32Array | null> {
  if (!condition) {
    if (given === undefined) return null;
    throw new KandidError('condition_unexpected', { model });
  }
  if (given === undefined) throw new KandidError('condition_missing', { model, kind: condition.kind });
  const side = levels.at(-1)?.side ?? 0;
  const wanted = { side, name: 'The condition', limitPixels };
  if (condition.kind === 'grayscale') return (await fitPicture(given, { ...wanted, channels: 1 })).data;
  return edgesOf(meanOfChannels(await fitPicture(given, { ...wanted, channels: 3 })), side);
}

function checkPicture(picture: Picture, name: string): void {
  const { data, channels, width, height } = picture;
  const got = `${channels}×${height}×${width} with ${data.length} numbers`;
  const isSquare = width === height && width > 0 && (channels === 1 || channels === 3);
  if (!(data instanceof Float32Array) || !isSquare || data.length !== channels * width * height)
    throw new KandidError('picture_invalid', { name, got, expected: 'a square of 1 or 3 channels as float32' });
  if (!data.every(Number.isFinite))
    throw new KandidError('picture_invalid', {
      name,
      got: 'numbers that are not finite',
      expected: 'numbers from −1 to 1',
    });
}

const LUMA = [0.299, 0.587, 0.114] as const;

function toChannels(picture: Picture, channels: 1 | 3): Float32Array {
  const { data } = picture;
  if (picture.channels === channels) return data;
  const plane = data.length / picture.channels;
  if (channels === 3) return Float32Array.from({ length: 3 * plane }, (_, i) => data[i % plane] as number);
  const at = (channel: number, i: number) => data[channel * plane + i] as number;
  return Float32Array.from({ length: plane }, (_, i) =>
    LUMA.reduce((sum, weight, channel) => sum + weight * at(channel, i), 0),
  );
}

function meanOfChannels({ data, channels }: Picture): Float32Array {
  const plane = data.length / channels;
  const mean = new Float32Array(plane);
  for (let i = 0; i < data.length; i++) mean[i % plane] = (mean[i % plane] as number) + (data[i] as number) / channels;
  return mean;
}

/** −1, and 1 where the Sobel magnitude is above the threshold; borders are replicated. */
function edgesOf(plane: Float32Array, side: number): Float32Array {
  const inside = (i: number) => Math.min(side - 1, Math.max(0, i));
  const at = (y: number, x: number) => plane[inside(y) * side + inside(x)] as number;
  return plane.map((_, i) => {
    const y = Math.floor(i / side);
    const x = i % side;
    const across = [-1, 0, 1].reduce((sum, d) => sum + (d === 0 ? 2 : 1) * (at(y + d, x + 1) - at(y + d, x - 1)), 0);
    const down = [-1, 0, 1].reduce((sum, d) => sum + (d === 0 ? 2 : 1) * (at(y + 1, x + d) - at(y - 1, x + d)), 0);
    return Math.hypot(across, down) > EDGE_THRESHOLD ? 1 : -1;
  });
}
