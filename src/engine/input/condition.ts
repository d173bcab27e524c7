/** The condition input of a conditional model, from a picture. The same computation as the trainer's (scripts/ddn/conditions.py). */

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
 * A drawing of lines is nearly all black and white, so near to them and so many of its pixels, and its lines are few. What
 * lies between is where a pen, a scanner or a change of size left its lines soft. No grayed avatar of 1,000 is taken for one.
 */
const NEAR = 0.2;
const MAX = 0.85;
const LINES = 0.25;

/**
 * Small pictures are smoothed when they are enlarged, by so many of their own pixels: else their lines go in the steps of
 * these. Thin lines become softer by it: what is nearer than this to the colour of lines (1) is of one. By eye, at 4 times.
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
 * What a model with a condition is given of a picture, [1, S, S]: its luma, the mean of its channels, or its edges as −1
 * and 1. Null for a model without. Edges are found in a picture; a drawing in black and white is taken as the edges themselves.
 *
 * @throws {KandidError} condition_missing, condition_unexpected, and what fitPicture throws
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

/** The lines of a drawing in black and white as 1, the rest as −1; null for any other picture. @param smooth the same, smoothed */
function linesOf(picture: Picture, smooth: Picture): Float32Array | null {
  const gray = meanOfChannels(picture);
  const near = gray.filter((value) => Math.abs(Math.abs(value) - 1) < NEAR).length;
  if (near < MAX * gray.length) return null;
  const white = gray.filter((value) => value > 0).length / gray.length;
  if (Math.min(white, 1 - white) > LINES) return null;
  const sign = white < 0.5 ? 1 : -1;
  const least = smooth === picture ? 0 : SOFT_LINE;
  return meanOfChannels(smooth).map((value) => (value * sign > least ? 1 : -1));
}
