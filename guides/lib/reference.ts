/** Reference pictures that candidates are compared with, and the comparison as a LinearForm. */
import type { GuideContext, LinearForm, Picture } from '../../src/guide.ts';
import { lumaOf } from '../../src/kit/luma.ts';
import { axis, matrixOf, resample, resamplePlane } from '../../src/kit/resample.ts';

/** A square picture with a weight per pixel (equal if `weight` is absent). */
export interface Reference {
  /** [channels, side, side] in [−1, 1]. */
  readonly data: Float32Array;
  readonly channels: number;
  readonly side: number;
  /** [side, side], 0 … 1. */
  readonly weight?: Float32Array;
}

/** Decodes a picture at the model's own side, in the model's channels. */
export async function finalReference(bytes: Uint8Array, context: GuideContext): Promise<Reference> {
  const { channels, finalSide } = context.model;
  const picture = await context.picture(bytes, { channels: channels === 1 ? 1 : 3, side: finalSide });
  noteCut(picture, context);
  return { data: picture.data, channels: picture.channels, side: finalSide };
}

/** Larger pictures are decoded at up to this many times the model's side, then shrunk with their alpha as weight. */
const FINE = 8;

/**
 * Decodes a picture with transparency at the model's own side, in the model's channels: each pixel's colour is the mean of
 * what is visible of it, its weight the share that is visible.
 */
export async function visibleReference(
  bytes: Uint8Array,
  context: GuideContext,
): Promise<{ reference: Required<Reference>; original: { width: number; height: number } }> {
  const { channels, finalSide } = context.model;
  let picture = await context.picture(bytes, { channels: 4, maxSide: FINE * finalSide });
  if (Math.min(picture.width, picture.height) < finalSide)
    picture = await context.picture(bytes, { channels: 4, side: finalSide });
  noteCut(picture, context);
  const { data, side } = middleSquare(picture);
  const size = side * side;
  const colors = data.subarray(0, 3 * size);
  const weight = data.slice(3 * size).map((alpha) => (alpha + 1) / 2);
  const square = { data: channels === 1 ? lumaOf(colors, 3) : colors, channels: channels === 1 ? 1 : 3, side, weight };
  const small = shrinkReference(square, finalSide) as Required<Reference>;
  return { reference: small, original: picture.original ?? picture };
}

/** Tells of a picture that is not square. */
export function noteCut({ original }: Pick<Picture, 'original'>, { note }: Pick<GuideContext, 'note'>): void {
  if (original && original.width !== original.height)
    note(`the picture is ${original.width}×${original.height}: only its middle square is used`);
}

/** The middle square of a picture. */
export function middleSquare(picture: Picture): Reference {
  const { channels, width, height, data } = picture;
  const side = Math.min(width, height);
  const left = (width - side) >> 1;
  const top = (height - side) >> 1;
  const square = new Float32Array(channels * side * side);
  for (let channel = 0; channel < channels; channel++)
    for (let row = 0; row < side; row++) {
      const from = (channel * height + top + row) * width + left;
      square.set(data.subarray(from, from + side), (channel * side + row) * side);
    }
  return { data: square, channels, side };
}

/** A reference area-shrunk to `side`: each pixel is the weighted mean of the pixels it covers, its weight their mean weight. */
export function shrinkReference(reference: Reference, side: number): Reference {
  if (side === reference.side) return reference;
  const { channels, data, weight } = reference;
  const from = { height: reference.side, width: reference.side };
  const to = { height: side, width: side };
  if (!weight) return { data: resample(data, from, to), channels, side };
  const size = weight.length;
  const weighted = new Float64Array(data.length);
  for (let p = 0; p < data.length; p++) weighted[p] = (data[p] as number) * (weight[p % size] as number);
  const small = resample(weight, from, to);
  const result = new Float32Array(channels * side * side);
  const line = new Float64Array(reference.side);
  const one = axis('area', side, reference.side);
  for (let channel = 0; channel < channels; channel++)
    resamplePlane(weighted, channel * size, one, one, result, channel * side * side, line);
  for (let p = 0; p < result.length; p++) {
    const share = small[p % small.length] as number;
    result[p] = share > 1e-6 ? (result[p] as number) / share : 0;
  }
  return { data: result, channels, side, weight: small };
}

/**
 * The negative weighted mean squared difference between a candidate of `side` pixels, area-shrunk to `at` pixels and its
 * colours mixed by `color` [reference.channels, channels], and the reference shrunk to `at` pixels.
 */
export function compareAt(reference: Reference, side: number, at: number, color?: Float32Array): LinearForm {
  const small = shrinkReference(reference, at);
  const total = small.weight ? small.weight.reduce((sum, weight) => sum + weight, 0) : at * at;
  const pool = at === side ? null : matrixOf('area', at, side);
  return {
    ...(pool ? { rows: pool, columns: pool } : {}),
    ...(color ? { color } : {}),
    ...(small.weight ? { weight: small.weight } : {}),
    outChannels: small.channels,
    height: at,
    width: at,
    target: small.data,
    scale: 1 / (small.channels * Math.max(total, 1e-6)),
  };
}
