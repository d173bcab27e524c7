/** A tree as one picture. */

import type { Network } from '../../engine/network/network.ts';
import type { Picture } from '../../guide.ts';
import { resample } from '../../kit/resample.ts';
import type { Place, TreeLayout } from './layout.ts';
import { type WalkOptions, walkTree } from './walk.ts';

/** RGB, 8 bits, rows from the top. */
export interface Canvas {
  readonly pixels: Uint8Array;
  readonly width: number;
  readonly height: number;
  readonly channels: 3;
}

/** A picture of the tree and its position. */
export interface DrawnNode extends Place {
  readonly code: readonly number[];
}

export interface DrawnTree {
  readonly canvas: Canvas;
  /** The root, then all others, parents before their children. */
  readonly nodes: readonly DrawnNode[];
  /** Pictures that the root is the mean of: all of the last level shown. */
  readonly leaves: number;
}

/** Frame colours of parents by depth: the root's first, then cyclic. */
const FRAMES = [
  [236, 140, 40],
  [52, 104, 214],
  [60, 160, 80],
  [208, 52, 60],
  [140, 80, 180],
] as const;
const PAPER = 255;

/**
 * Draws every picture of the first levels. The root, which no network draws, is the mean of all leaves, summed in double
 * precision: exact, unlike a mean of random samples.
 *
 * @throws {KandidError} cancelled
 */
export async function drawTree(network: Network, layout: TreeLayout, options: WalkOptions = {}): Promise<DrawnTree> {
  const { width, height, depth } = layout;
  const canvas: Canvas = { pixels: new Uint8Array(width * height * 3).fill(PAPER), width, height, channels: 3 };
  const nodes: DrawnNode[] = [];
  const draw = (code: readonly number[], picture: Picture) => {
    const place = drawNode(canvas, layout, code, picture);
    nodes.push({ code, ...place });
  };
  const mean = new Mean();
  for await (const { code, picture } of walkTree(network, depth, options)) {
    if (code.length === depth) mean.add(picture);
    draw(code, picture);
  }
  draw([], mean.picture());
  nodes.unshift(nodes.pop() as DrawnNode);
  return { canvas, nodes, leaves: mean.count };
}

class Mean {
  count = 0;
  #sum = new Float64Array(0);
  #like: Picture | undefined;

  add(picture: Picture): void {
    if (!this.#like) {
      this.#like = picture;
      this.#sum = new Float64Array(picture.data.length);
    }
    const { data } = picture;
    for (let i = 0; i < data.length; i++) this.#sum[i] = (this.#sum[i] as number) + (data[i] as number);
    this.count += 1;
  }

  picture(): Picture {
    if (!this.#like) throw new RangeError('a mean of no pictures');
    return { ...this.#like, data: Float32Array.from(this.#sum, (sum) => sum / this.count) };
  }
}

function drawNode(canvas: Canvas, layout: TreeLayout, code: readonly number[], picture: Picture): Place {
  const room = layout.place(code);
  const shown = fitted(picture, room.side);
  const side = shown.picture.width * shown.factor;
  const inset = Math.floor((room.side - side) / 2);
  const place = { x: room.x + inset, y: room.y + inset, side };
  if (code.length < layout.depth) {
    const colour = FRAMES[code.length % FRAMES.length] as (typeof FRAMES)[number];
    const { frame, ...block } = layout.block(code);
    fill(canvas, { ...block, height: frame }, colour);
    fill(canvas, { ...block, y: block.y + block.height - frame, height: frame }, colour);
    fill(canvas, { ...block, width: frame }, colour);
    fill(canvas, { ...block, x: block.x + block.width - frame, width: frame }, colour);
    const thick = inset <= 2 * frame ? inset + frame : frame;
    const around = side + 2 * thick;
    fill(canvas, { x: place.x - thick, y: place.y - thick, width: around, height: around }, colour);
  }
  paint(canvas, shown.picture, place, shown.factor);
  return place;
}

/** Fraction of its cell that a picture must fill with square pixels; otherwise it is interpolated to fill it. */
const FILLED = 0.9;

/** Square pixels if it is enlarged (and they nearly fill the cell), area averages otherwise. */
function fitted(picture: Picture, side: number): { picture: Picture; factor: number } {
  const factor = Math.floor(side / picture.width);
  if (factor * picture.width >= FILLED * side) return { picture, factor };
  const data = resample(picture.data, picture, { width: side, height: side });
  return { picture: { ...picture, data, width: side, height: side }, factor: 1 };
}

function paint(canvas: Canvas, picture: Picture, { x, y, side }: Place, factor: number): void {
  const { data, channels, width, height } = picture;
  const plane = width * height;
  const bytes = new Uint8ClampedArray(data.length);
  for (let i = 0; i < data.length; i++) bytes[i] = Math.round(((data[i] as number) + 1) * 127.5);
  for (let row = 0; row < side; row++) {
    const from = Math.floor(row / factor) * width;
    let at = ((y + row) * canvas.width + x) * 3;
    for (let column = 0; column < side; column++, at += 3) {
      const pixel = from + Math.floor(column / factor);
      for (let c = 0; c < 3; c++) canvas.pixels[at + c] = bytes[Math.min(c, channels - 1) * plane + pixel] as number;
    }
  }
}

function fill(
  canvas: Canvas,
  { x, y, width, height }: { x: number; y: number; width: number; height: number },
  colour: readonly [number, number, number],
): void {
  for (let row = y; row < y + height; row++)
    for (let at = (row * canvas.width + x) * 3, end = at + width * 3; at < end; at += 3) canvas.pixels.set(colour, at);
}
