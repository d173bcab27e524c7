/**
 * Layout of the pictures of a tree: a parent in the middle, its children around it in reading order, each with its own
 * children around it, and so on.
 */
import { KandidError } from '../../errors.ts';

export interface TreeShape {
  readonly model: string;
  /** K of every level of the model. */
  readonly counts: readonly number[];
  /** Levels shown: leaves are the counts of level depth − 1. */
  readonly depth: number;
  /** Width and height of a leaf, in pixels. */
  readonly leaf: number;
}

/** A picture's square, its frame outside. */
export interface Place {
  readonly x: number;
  readonly y: number;
  readonly side: number;
}

export interface Rectangle {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** A parent with its subtree. */
interface Block {
  readonly width: number;
  readonly height: number;
  /** Thickness of its frame, of the parent's frame, and of the gap between cells, which holds a parent's frame. */
  readonly frame: number;
  readonly grid: Grid;
}

interface Grid {
  readonly columns: number;
  readonly rows: number;
  /** Cells of the children; the parent's is the middle one. */
  readonly cells: readonly (readonly [column: number, row: number])[];
}

/** Limits of Kandid's own decoder and of WebP. */
export const MAX_PIXELS = 50_000_000;
export const MAX_SIDE = 16_383;
const MAX_PICTURES = 1_000_000;
/** Smaller leaves are indistinguishable. */
const SMALLEST_LEAF = 4;
/** Fraction of a block's cell that its frame takes, as a divisor. */
const FRAME = 32;

export class TreeLayout {
  readonly width: number;
  readonly height: number;
  readonly depth: number;
  readonly leaf: number;
  readonly #blocks: readonly Block[];

  /** @throws {KandidError} tree_too_deep, tree_too_large */
  constructor(shape: TreeShape) {
    checkShape(shape);
    this.depth = shape.depth;
    this.leaf = shape.leaf;
    this.#blocks = blocksOf(shape);
    ({ width: this.width, height: this.height } = this.#blocks[0] as Block);
  }

  /** The frame around a parent and all below it, as thick as that around the parent itself. */
  block(code: readonly number[]): Rectangle & { readonly frame: number } {
    let [x, y] = [0, 0];
    for (const [depth, choice] of code.entries()) {
      const { frame, grid } = this.#blocks[depth] as Block;
      const child = this.#sizeAt(depth + 1);
      const [column, row] = grid.cells[choice] as readonly [number, number];
      x += frame + column * (child.width + frame);
      y += frame + row * (child.height + frame);
    }
    const frame = this.#blocks[code.length]?.frame ?? 0;
    return { x, y, ...this.#sizeAt(code.length), frame };
  }

  /** The square of the picture of a code (of at most `depth` choices). */
  place(code: readonly number[]): Place {
    const { x, y, frame } = this.block(code);
    const own = this.#blocks[code.length];
    if (!own) return { x, y, side: this.leaf };
    const cell = this.#sizeAt(code.length + 1);
    const side = Math.min(cell.width, cell.height);
    const left = frame + Math.floor(own.grid.columns / 2) * (cell.width + frame);
    const top = frame + Math.floor(own.grid.rows / 2) * (cell.height + frame);
    return {
      x: x + left + Math.floor((cell.width - side) / 2),
      y: y + top + Math.floor((cell.height - side) / 2),
      side,
    };
  }

  #sizeAt(depth: number): { width: number; height: number } {
    const { width, height } = this.#blocks[depth] ?? { width: this.leaf, height: this.leaf };
    return { width, height };
  }
}

/** Pictures of a tree, its root among them. */
export function picturesOf({ counts, depth }: Pick<TreeShape, 'counts' | 'depth'>): number {
  let row = 1;
  return counts.slice(0, depth).reduce((sum, count) => {
    row *= count;
    return sum + row;
  }, 1);
}

/** The greatest depth, at least 1, whose picture has at most this many pixels. */
export function depthWithin(shape: Omit<TreeShape, 'depth'>, pixels: number): number {
  for (let depth = shape.counts.length; depth > 1; depth--)
    if (fits({ ...shape, depth }, Math.min(pixels, MAX_PIXELS))) return depth;
  return 1;
}

function checkShape(shape: TreeShape): void {
  const { model, counts, depth, leaf } = shape;
  const levels = counts.length;
  if (depth > levels) throw new KandidError('tree_too_deep', { model, depth, levels });
  if (fits(shape)) return;
  const { width, height } = blocksOf(shape)[0] as Block;
  const room = { width: amount(width), height: amount(height), pictures: amount(picturesOf(shape)) };
  const limit = `${MAX_PICTURES} pictures or ${MAX_PIXELS} pixels, ${MAX_SIDE} a side`;
  throw new KandidError('tree_too_large', { model, depth, leaf, ...room, limit, hint: hintFor(shape) });
}

function fits(shape: TreeShape, pixels = MAX_PIXELS): boolean {
  const { width, height } = blocksOf(shape)[0] as Block;
  return width * height <= pixels && Math.max(width, height) <= MAX_SIDE && picturesOf(shape) <= MAX_PICTURES;
}

function hintFor(shape: TreeShape): string {
  const depth = depthWithin(shape, MAX_PIXELS);
  let leaf = shape.leaf - 1;
  while (leaf >= SMALLEST_LEAF && !fits({ ...shape, leaf })) leaf -= 1;
  const shallower = fits({ ...shape, depth }) ? `--depth ${depth}` : '';
  const smaller = leaf >= SMALLEST_LEAF ? `--leaf ${leaf}` : '';
  return `What fits: ${[shallower, smaller].filter(Boolean).join(', or ') || `--depth 1 --leaf ${SMALLEST_LEAF}`}.`;
}

/** A number that may have seventy digits. */
function amount(count: number): string {
  return count < 1e12 ? String(count) : `10^${Math.round(Math.log10(count))}`;
}

/** Blocks by depth, the root's first. */
function blocksOf({ counts, depth, leaf }: TreeShape): Block[] {
  const blocks: Block[] = [];
  let [width, height] = [leaf, leaf];
  for (let at = depth - 1; at >= 0; at--) {
    // Levels are combined in pairs, halves side by side and quarters below: the picture stays square.
    const halvings = counts.slice(0, at).filter((count) => count === 2).length;
    const grid = gridOf(counts[at] as number, halvings % 2 === 1);
    const frame = Math.max(1, Math.round(Math.min(width, height) / FRAME));
    width = grid.columns * (width + frame) + frame;
    height = grid.rows * (height + frame) + frame;
    blocks.unshift({ width, height, frame, grid });
  }
  return blocks;
}

/** The cells nearest to the middle, in reading order: for 8 the ring of a 3 × 3, for 2 those at both ends. */
function gridOf(count: number, isUpright: boolean): Grid {
  if (count === 2) {
    const second = isUpright ? ([0, 2] as const) : ([2, 0] as const);
    return { columns: isUpright ? 1 : 3, rows: isUpright ? 3 : 1, cells: [[0, 0], second] };
  }
  const half = Math.ceil((Math.sqrt(count + 1) - 1) / 2);
  const side = 2 * half + 1;
  const far = ([column, row]: readonly [number, number]) => (column - half) ** 2 + (row - half) ** 2;
  const cells = Array.from({ length: side * side }, (_, i) => [i % side, Math.floor(i / side)] as const)
    .filter((cell) => far(cell) > 0)
    .sort((a, b) => far(a) - far(b) || a[1] - b[1] || a[0] - b[0])
    .slice(0, count)
    .sort((a, b) => a[1] - b[1] || a[0] - b[0]);
  return { columns: side, rows: side, cells };
}
