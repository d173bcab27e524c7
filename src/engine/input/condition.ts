/**
 * Computes the condition input of a conditional model from a picture, exactly as the trainer does
 * (scripts/ddn/conditions.py).
 */

import type { PictureInput } from '../../contract/requests.ts';
import { KandidError } from '../../errors.ts';
import type { Picture } from '../../guide.ts';
import { lumaOf } from '../../kit/luma.ts';
import type { InTurn } from '../../pictures/codec.ts';
import type { NetworkInfo } from '../network/graph.ts';
import { edgesOf, meanOfChannels } from './edges.ts';
import { fitPicture } from './pictures.ts';
import { smoothed } from './smooth.ts';

/**
 * A picture counts as a line drawing if at least `MIN_SHARE` of its pixels are within `NEAR` of black or white, and its
 * lines cover at most `MAX_LINES`. The other pixels are soft edges of lines, from a pen, a scanner or resizing. None of
 * 1,000 grayscale avatars is classified as a drawing.
 */
const NEAR = 0.2;
const MIN_SHARE = 0.85;
const MAX_LINES = 0.25;

/**
 * Small pictures are smoothed when enlarged, by this many of their own pixels: otherwise their lines follow the pixel
 * steps. Smoothing softens thin lines: values closer than this to the line colour (1) belong to a line. Tuned by eye,
 * at 4 times.
 */
const SMOOTHING = 0.6;
const SOFT_LINE = -0.1;

export interface ConditionOptions {
  readonly limitPixels?: number | undefined;
  readonly inTurn?: InTurn | undefined;
  /** Receives notes on the picture for the caller. */
  note?(message: string): void;
}

/**
 * The condition input for a picture, [1, S, S]: its luma, the mean of its channels, or its edges as −1 and 1. Null for
 * a model without a condition. Edges are detected in a picture; a drawing in black and white is used as the edges
 * directly.
 *
 * @throws {KandidError} condition_missing, condition_unexpected, and the errors of fitPicture
 */
export async function conditionOf(
  given: PictureInput | undefined,
  { name: model, condition, levels }: NetworkInfo,
  { limitPixels, inTurn, note = () => {} }: ConditionOptions = {},
): Promise<Float32Array | null> {
  if (!condition) {
    if (given === undefined) return null;
    throw new KandidError('condition_unexpected', { model });
  }
  if (given === undefined) throw new KandidError('condition_missing', { model, kind: condition.kind });
  const side = levels.at(-1)?.side ?? 0;
  const fitted = await fitPicture(given, { side, channels: 3, name: 'The condition', limitPixels, inTurn });
  noteSize(given, fitted, note);
  const { width, height } = originalOf(given, fitted);
  const enlargement = Math.max(1, side / Math.min(width, height));
  const smooth = enlargement > 1 ? smoothed(fitted, SMOOTHING * enlargement) : fitted;
  const drawing = linesOf(fitted, smooth);
  if (condition.kind === 'grayscale' || condition.kind === 'mean') {
    if (drawing) note('condition: black and white, as a drawing of edges is; this model wants shades of gray');
    return condition.kind === 'mean' ? meanOfChannels(fitted) : lumaOf(fitted.data, fitted.channels);
  }
  if (drawing) note('condition: a drawing in black and white; the rarer of the two is taken as the edges');
  return drawing ?? edgesOf(smooth, condition.kind, enlargement);
}

function originalOf(given: PictureInput, fitted: Picture): { width: number; height: number } {
  return fitted.original ?? (given as Picture);
}

function noteSize(given: PictureInput, fitted: Picture, note: (message: string) => void): void {
  const { width, height } = originalOf(given, fitted);
  const { width: side } = fitted;
  if (width === side && height === side) return;
  const cut = width === height ? '' : 'cut to the middle square and ';
  note(`condition: its ${width}×${height} pixels were ${cut}resized to ${side}×${side}`);
}

/**
 * The lines of a drawing in black and white as 1, the rest as −1; null for other pictures. @param smooth the same
 * picture, smoothed
 */
function linesOf(picture: Picture, smooth: Picture): Float32Array | null {
  const gray = meanOfChannels(picture);
  const near = gray.filter((value) => Math.abs(Math.abs(value) - 1) < NEAR).length;
  if (near < MIN_SHARE * gray.length) return null;
  const white = gray.filter((value) => value > 0).length / gray.length;
  if (Math.min(white, 1 - white) > MAX_LINES) return null;
  const sign = white < 0.5 ? 1 : -1;
  const least = smooth === picture ? 0 : SOFT_LINE;
  return meanOfChannels(smooth).map((value) => (value * sign > least ? 1 : -1));
}
