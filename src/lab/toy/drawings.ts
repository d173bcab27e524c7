/** Predefined densities, after those of the paper's page (scripts/toy/densities.py draws the same subjects). */
import { Random } from '../../kit/random.ts';
import { type Density, densityOf } from './density.ts';

/** Brightness of a drawing at x, y of the unit square, 0 … 1. */
type Drawing = (x: number, y: number) => number;

/** Samples per bin and axis. */
const FINE = 3;

function blurCircles(x: number, y: number): number {
  const ring = (at: number, radius: number, width: number) =>
    Math.exp(-(((Math.hypot(x - at, y - at) - radius) / width) ** 2));
  const disc = 1 / (1 + Math.exp((Math.hypot(x - 0.5, y - 0.5) - 0.1) / 0.012));
  return ring(0.5, 0.34, 0.03) + 0.75 * disc + 0.4 * ring(0.26, 0.14, 0.025) + 0.4 * ring(0.74, 0.14, 0.025);
}

/** An arm of an Archimedean spiral, brighter towards the outside. */
function spiral(turns: number): Drawing {
  return (x, y) => {
    const radius = Math.hypot(x - 0.5, y - 0.5) / 0.42;
    const angle = Math.atan2(y - 0.5, x - 0.5) / (2 * Math.PI);
    const turn = Math.round(radius * turns - angle);
    const along = (turn + angle) / turns;
    const isOn = along > 0.06 && along < 1 && Math.abs(radius - along) < 0.038;
    return isOn ? 0.35 + 0.65 * along : 0;
  };
}

const MODULES = 21;
const QUIET = 2;
const FINDERS = [
  [0, 0],
  [MODULES - 7, 0],
  [0, MODULES - 7],
] as const;

/** Resembles a QR code: finders, timing lines, random modules; it encodes nothing. */
function qrCode(): Drawing {
  const random = Random.of(21);
  const bits = Array.from({ length: MODULES * MODULES }, () => random.bits() % 2 === 1);
  const isDark = (column: number, row: number): boolean => {
    for (const [left, top] of FINDERS) {
      const far = Math.max(Math.abs(column - left - 3), Math.abs(row - top - 3));
      if (far <= 4) return far === 3 || far <= 1;
    }
    return row === 6 || column === 6 ? (row + column) % 2 === 0 : (bits[row * MODULES + column] as boolean);
  };
  return (x, y) => {
    const [column, row] = [x, y].map((at) => Math.floor(at * (MODULES + 2 * QUIET)) - QUIET) as [number, number];
    return Math.min(column, row) >= 0 && Math.max(column, row) < MODULES && isDark(column, row) ? 1 : 0;
  };
}

/** Five columns and seven rows each. */
const LETTERS: Readonly<Record<string, readonly string[]>> = {
  A: ['.###.', '#...#', '#...#', '#####', '#...#', '#...#', '#...#'],
  D: ['####.', '#...#', '#...#', '#...#', '#...#', '#...#', '####.'],
  I: ['#####', '..#..', '..#..', '..#..', '..#..', '..#..', '#####'],
  K: ['#...#', '#..#.', '#.#..', '##...', '#.#..', '#..#.', '#...#'],
  N: ['#...#', '##..#', '#.#.#', '#.#.#', '#..##', '#...#', '#...#'],
};

function letters(lines: readonly [string, string]): Drawing {
  return (x, y) => {
    const column = Math.floor(x * 21) - 2;
    const row = Math.floor(y * 21) - 2;
    const line = row < 9 ? lines[0] : lines[1];
    const [letter, inLetter, inLine] = [Math.floor(column / 6), column % 6, row < 9 ? row : row - 10];
    return LETTERS[line[letter] ?? '']?.[inLine]?.[inLetter] === '#' ? 1 : 0;
  };
}

export const DRAWINGS = {
  blur_circles: blurCircles,
  QR_code: qrCode(),
  spiral: spiral(4.5),
  words: letters(['KAN', 'DID']),
  gaussian: (x, y) => Math.exp(-((x - 0.5) ** 2 + (y - 0.5) ** 2) / (2 * 0.15 ** 2)),
} satisfies Record<string, Drawing>;

export type DrawingName = keyof typeof DRAWINGS;

export function drawn(name: DrawingName, bins = 100): Density {
  const drawing = DRAWINGS[name];
  const light = new Float64Array(bins * bins);
  for (let i = 0; i < light.length; i++)
    for (let part = 0; part < FINE * FINE; part++) {
      const x = ((i % bins) + ((part % FINE) + 0.5) / FINE) / bins;
      const y = (Math.floor(i / bins) + (Math.floor(part / FINE) + 0.5) / FINE) / bins;
      light[i] = (light[i] as number) + drawing(x, y);
    }
  return densityOf(light, bins);
}
