/**
 * The squares of a picture that a model processes: their positions, and how the results are combined. Pure functions.
 *
 * Positions are in pixels from the top left; a region is a plane of bytes, 0 (outside) … 255.
 */
import type { Picture } from '../guide.ts';
import { type PlaneSize, resample } from '../kit/resample.ts';

export interface Window {
  readonly left: number;
  readonly top: number;
  readonly side: number;
}

export interface Region extends PlaneSize {
  /** [height, width]. */
  readonly data: Uint8Array;
}

/** Share of a square that overlaps with the next. */
const OVERLAP = 1 / 4;
/** Share of a square that is kept free around its content, so that known pixels surround it. */
const MARGIN = 1 / 8;
const FULL = 255;

export function marginOf(side: number): number {
  return Math.floor(side * MARGIN);
}

/**
 * Squares that cover a picture, overlapping by a quarter or more, in reading order. @param side at most the picture's
 * shorter side
 */
export function tilesOf({ width, height }: PlaneSize, side: number): Window[] {
  const columns = startsOf(width, side);
  return startsOf(height, side).flatMap((top) => columns.map((left) => ({ left, top, side })));
}

function startCount(length: number, side: number): number {
  return 1 + Math.ceil((length - side) / Math.max(1, side * (1 - OVERLAP)));
}

function startsOf(length: number, side: number): number[] {
  const count = startCount(length, side);
  return Array.from({ length: count }, (_, i) => (count === 1 ? 0 : Math.round((i * (length - side)) / (count - 1))));
}

/** Number of squares of `tilesOf`. */
export function tilesAtMost({ width, height }: PlaneSize, side: number): number {
  return startCount(width, side) * startCount(height, side);
}

/** Largest number of squares for a region of a picture. */
export function windowsAtMost(size: PlaneSize, side: number): number {
  const tiles = tilesAtMost(size, side);
  return tiles === 1 ? 1 : 2 * tiles;
}

/**
 * Squares that cover all of a region, each centred on its part: a single one if it can contain the region; otherwise
 * each with a margin, except at the edges of the picture. Null if `windowsAtMost` do not suffice.
 *
 * @param side at most the picture's shorter side
 */
export function windowsAround(region: Region, side: number): Window[] | null {
  const all = boxOf(region.data, region, { left: 0, right: region.width, top: 0, bottom: region.height });
  if (all.left >= all.right) return [];
  if (all.right - all.left <= side && all.bottom - all.top <= side) return [windowAround(all, region, side)];
  const open = region.data.slice();
  const most = windowsAtMost(region, side);
  const windows: Window[] = [];
  for (let first = 0; first < open.length; ) {
    if (open[first] === 0) {
      first += 1;
      continue;
    }
    if (windows.length === most) return null;
    const window = nextWindow(open, region, side, Math.floor(first / region.width));
    windows.push(window);
    clear(open, region, coreOf(window, region));
  }
  return windows;
}

interface Box {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

/** The square around the first uncovered pixel of a row, and its neighbourhood. */
function nextWindow(open: Uint8Array, size: PlaneSize, side: number, row: number): Window {
  const margin = marginOf(side);
  const whole = { left: 0, right: size.width, top: 0, bottom: size.height };
  const top = between(row - margin, 0, size.height - side);
  const band = boxOf(open, size, { ...whole, ...rowsOf(coreOf({ left: 0, top, side }, size)) });
  const left = between(band.left - margin, 0, size.width - side);
  return windowAround(boxOf(open, size, coreOf({ left, top, side }, size)), size, side);
}

/** Centred on the box, as far as the picture allows. */
function windowAround({ left, right, top, bottom }: Box, { width, height }: PlaneSize, side: number): Window {
  return {
    left: between(Math.round((left + right - side) / 2), 0, width - side),
    top: between(Math.round((top + bottom - side) / 2), 0, height - side),
    side,
  };
}

function rowsOf({ top, bottom }: Box): Pick<Box, 'top' | 'bottom'> {
  return { top, bottom };
}

function between(value: number, least: number, most: number): number {
  return Math.max(least, Math.min(most, value));
}

/** A square without its margins; there is no margin at the edges of the picture. */
function coreOf({ left, top, side }: Window, { width, height }: PlaneSize): Box {
  const margin = marginOf(side);
  return {
    left: left === 0 ? 0 : left + margin,
    right: left + side === width ? width : left + side - margin,
    top: top === 0 ? 0 : top + margin,
    bottom: top + side === height ? height : top + side - margin,
  };
}

/** Bounding box of the uncovered pixels within another box. */
function boxOf(open: Uint8Array, { width }: PlaneSize, within: Box): Box {
  let [left, right, top, bottom] = [within.right, within.left, within.bottom, within.top];
  for (let y = within.top; y < within.bottom; y++)
    for (let x = within.left; x < within.right; x++) {
      if (open[y * width + x] === 0) continue;
      if (x < left) left = x;
      if (x >= right) right = x + 1;
      if (y < top) top = y;
      bottom = y + 1;
    }
  return { left, right, top, bottom };
}

function clear(open: Uint8Array, { width }: PlaneSize, { left, right, top, bottom }: Box): void {
  for (let y = top; y < bottom; y++) open.fill(0, y * width + left, y * width + right);
}

/**
 * A region that fades out over `feather` pixels around it; its own values are never reduced. @param feather 0:
 * unchanged
 */
export function feathered({ data, width, height }: Region, feather: number): Region {
  const faded = data.slice();
  const step = FULL / (feather + 1);
  const line = (from: number, stride: number, length: number) => {
    fade(faded, from, stride, length, step);
    fade(faded, from + (length - 1) * stride, -stride, length, step);
  };
  if (feather > 0) {
    for (let y = 0; y < height; y++) line(y * width, 1, width);
    for (let x = 0; x < width; x++) line(x, width, height);
  }
  return { data: faded, width, height };
}

/** Each value along a line is at least its predecessor minus a step. */
function fade(data: Uint8Array, from: number, stride: number, length: number, step: number): void {
  let before = 0;
  for (let i = 0, at = from; i < length; i++, at += stride) {
    before = Math.max(data[at] as number, before - step);
    data[at] = before;
  }
}

/** The same position in a picture of another size. */
export function scaled({ left, top, side }: Window, factor: number): Window {
  const scale = (value: number) => Math.round(value * factor);
  return { left: scale(left), top: scale(top), side: Math.max(1, scale(left + side) - scale(left)) };
}

/** A square of a picture, with its first `channels` channels. */
export function cropped({ data, width, height }: Picture, { left, top, side }: Window, channels: number): Picture {
  const square = new Float32Array(channels * side * side);
  for (let c = 0; c < channels; c++)
    for (let y = 0; y < side; y++) {
      const from = (c * height + top + y) * width + left;
      square.set(data.subarray(from, from + side), (c * side + y) * side);
    }
  return { data: square, channels, width: side, height: side };
}

export interface Layout extends PlaneSize {
  readonly windows: readonly Window[];
}

/** Places pictures of any size in their squares, blended where these overlap; 0 where there is none. */
export function blended({ windows, width, height }: Layout, pictures: readonly Picture[]): Picture {
  const channels = Math.max(...pictures.map((one) => one.channels));
  const data = new Float32Array(channels * width * height);
  const weights = new Float32Array(width * height);
  for (const [i, window] of windows.entries()) {
    const { side } = window;
    const picture = pictures[i] as Picture;
    const to = { height: side, width: side };
    const fitted = resample(picture.data, picture, to, 'bicubic');
    lay({ data: fitted, channels: picture.channels, ...to }, window, { data, channels, width, height }, weights);
  }
  return { data, channels, width, height };
}

/** Each pixel becomes the weighted mean of all pictures placed on it. */
function lay(picture: Picture, { left, top, side }: Window, onto: Picture, weights: Float32Array): void {
  const { width, height, channels } = onto;
  const columns = weightsOf(left, side, width);
  const rows = weightsOf(top, side, height);
  for (let y = 0; y < side && top + y < height; y++)
    for (let x = 0; x < side && left + x < width; x++) {
      const at = (top + y) * width + left + x;
      const weight = (rows[y] as number) * (columns[x] as number);
      const sum = (weights[at] as number) + weight;
      weights[at] = sum;
      for (let c = 0; c < channels; c++) {
        const place = c * width * height + at;
        const own = picture.data[(Math.min(c, picture.channels - 1) * side + y) * side + x] as number;
        const before = onto.data[place] as number;
        onto.data[place] = before + ((own - before) * weight) / sum;
      }
    }
}

/**
 * Weights of a square's pixels along an axis: they fade towards neighbouring squares, but not at the edges of the
 * picture.
 */
function weightsOf(start: number, side: number, length: number): Float32Array {
  const ramp = Math.max(1, Math.floor(side * OVERLAP));
  const rise = (distance: number, isEnd: boolean) => (isEnd ? 1 : Math.min(1, (distance + 0.5) / ramp));
  return Float32Array.from(
    { length: side },
    (_, i) => rise(i, start === 0) * rise(side - 1 - i, start + side >= length),
  );
}

/**
 * Composites one picture over another of the same size, with the shares of a region. Gray becomes RGB if the other has
 * colours.
 */
export function over(below: Picture, above: Picture, { data: shares }: Region): Picture {
  const channels = Math.max(below.channels, above.channels);
  const plane = below.width * below.height;
  const data = new Float32Array(channels * plane);
  for (let c = 0; c < channels; c++) {
    const under = Math.min(c, below.channels - 1) * plane;
    const upper = Math.min(c, above.channels - 1) * plane;
    for (let p = 0; p < plane; p++) {
      const kept = below.data[under + p] as number;
      const share = (shares[p] as number) / FULL;
      // Unchanged pixels stay bit-identical.
      data[c * plane + p] = share === 0 ? kept : kept + ((above.data[upper + p] as number) - kept) * share;
    }
  }
  return { data, channels, width: below.width, height: below.height };
}
