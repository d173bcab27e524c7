/** What a conditional model is given of a picture. The same maths as the trainer's (scripts/presets.py). */
import { KandidError } from '../errors.ts';
import type { Picture } from '../guide.ts';
import type { NetworkInfo } from './network.ts';
import { fitPicture } from './pictures.ts';
import type { PictureInput } from './request.ts';

/** Above this, a Sobel magnitude is an edge, colours being in [−1, 1]. */
const EDGE_THRESHOLD = 0.75;

/**
 * A drawing of lines is nearly all black and white, so near to them and so many of its pixels, and its lines are few. What
 * lies between is where a pen, a scanner or a change of size left its lines soft. No grayed avatar of 1,000 is taken for one.
 */
const NEAR = 0.2;
const MOST = 0.85;
const LINES = 0.25;

export interface ConditionOptions {
  readonly limitPixels?: number | undefined;
  /** Is told what the caller should know of the picture. */
  note?(message: string): void;
}

/**
 * What a model with a condition is given of a picture, [1, S, S]: its luma, or its edges as −1 and 1. Null for a model
 * without. Edges are found in a picture; a drawing in black and white is taken as the edges themselves.
 *
 * @throws {KandidError} condition_missing, condition_unexpected, and what fitPicture throws
 */
export async function conditionOf(
  given: PictureInput | undefined,
  { name: model, condition, levels }: NetworkInfo,
  { limitPixels, note = () => {} }: ConditionOptions = {},
): Promise<Float32Array | null> {
  if (!condition) {
    if (given === undefined) return null;
    throw new KandidError('condition_unexpected', { model });
  }
  if (given === undefined) throw new KandidError('condition_missing', { model, kind: condition.kind });
  const side = levels.at(-1)?.side ?? 0;
  const fitted = await fitPicture(given, { side, channels: 3, name: 'The condition', limitPixels });
  noteSize(given, fitted, note);
  const drawing = linesOf(fitted);
  if (condition.kind === 'grayscale') {
    if (drawing) note('condition: black and white, as a drawing of edges is; this model wants shades of gray');
    return lumaOf(fitted);
  }
  if (drawing) note('condition: a drawing in black and white; the rarer of the two is taken as the edges');
  return drawing ?? edgesOf(fitted, condition.kind);
}

function noteSize(given: PictureInput, fitted: Picture, note: (message: string) => void): void {
  const { width, height } = fitted.original ?? (given as Picture);
  const { width: side } = fitted;
  if (width === side && height === side) return;
  const cut = width === height ? '' : 'cut to the middle square and ';
  note(`condition: its ${width}×${height} pixels were ${cut}resized to ${side}×${side}`);
}

/** The lines of a drawing in black and white as 1, the rest as −1; null for any other picture. */
function linesOf(picture: Picture): Float32Array | null {
  const gray = meanOfChannels(picture);
  const near = gray.filter((value) => Math.abs(Math.abs(value) - 1) < NEAR).length;
  if (near < MOST * gray.length) return null;
  const white = gray.filter((value) => value > 0).length / gray.length;
  if (Math.min(white, 1 - white) > LINES) return null;
  const sign = white < 0.5 ? 1 : -1;
  return gray.map((value) => (value * sign > 0 ? 1 : -1));
}

const LUMA = [0.299, 0.587, 0.114] as const;

function lumaOf({ data, width, height }: Picture): Float32Array {
  const plane = width * height;
  const luma = new Float32Array(plane);
  for (const [channel, weight] of LUMA.entries())
    for (let i = 0; i < plane; i++) luma[i] = (luma[i] as number) + weight * (data[channel * plane + i] as number);
  return luma;
}

function meanOfChannels({ data, channels }: Picture): Float32Array {
  const plane = data.length / channels;
  const mean = new Float32Array(plane);
  for (let i = 0; i < data.length; i++) mean[i % plane] = (mean[i % plane] as number) + (data[i] as number) / channels;
  return mean;
}

/**
 * Edges of a square picture, [S, S]: 1 where a Sobel magnitude is above the threshold, else −1. `color_edges`: of any of
 * its colours; otherwise of their mean, which has no edge between colours of one brightness.
 */
export function edgesOf(picture: Picture, kind = 'edges'): Float32Array {
  const { width: side } = picture;
  const size = side * side;
  const planes = kind === 'color_edges' ? picture.data : meanOfChannels(picture);
  const edges = new Float32Array(size).fill(-1);
  for (let from = 0; from < planes.length; from += size) markEdges(planes.subarray(from, from + size), side, edges);
  return edges;
}

/** Sets `edges` to 1 where the Sobel magnitude of a plane, [S, S], is above the threshold. */
function markEdges(plane: Float32Array, side: number, edges: Float32Array): void {
  for (let y = 0; y < side; y++) {
    const [above, here, below] = [Math.max(0, y - 1) * side, y * side, Math.min(side - 1, y + 1) * side];
    for (let x = 0; x < side; x++) {
      const [left, right] = [Math.max(0, x - 1), Math.min(side - 1, x + 1)];
      const at = (row: number, column: number) => plane[row + column] as number;
      const across =
        at(above, right) -
        at(above, left) +
        2 * (at(here, right) - at(here, left)) +
        at(below, right) -
        at(below, left);
      const down =
        at(below, left) - at(above, left) + 2 * (at(below, x) - at(above, x)) + at(below, right) - at(above, right);
      if (Math.hypot(across, down) > EDGE_THRESHOLD) edges[here + x] = 1;
    }
  }
}
