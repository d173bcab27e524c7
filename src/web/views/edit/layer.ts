/** A painted layer: dots, each with a colour or unpainted. */

export interface Layer {
  readonly width: number;
  readonly height: number;
  /** Rows from the top: 0 if unpainted, else 0xff000000 + RGB. */
  readonly dots: Uint32Array;
}

export interface Place {
  readonly x: number;
  readonly y: number;
}

export const BARE = 0;
const OPAQUE = 0xff000000;

/** @param colour `#rrggbb` */
export function dotOf(colour: string): number {
  return (OPAQUE + Number.parseInt(colour.slice(1), 16)) >>> 0;
}

export function bare(width: number, height = width): Layer {
  return { width, height, dots: new Uint32Array(width * height) };
}

/** Paints a stroke between two positions, in dots; at least the dot under its end. @param size diameter */
export function stroked({ width, height, dots }: Layer, from: Place, to: Place, size: number, value: number): Layer {
  const result = dots.slice();
  const reach = size / 2;
  const clipped = (value: number, length: number) => Math.min(length - 1, Math.max(0, Math.floor(value)));
  const [left, right] = [
    clipped(Math.min(from.x, to.x) - reach, width),
    clipped(Math.max(from.x, to.x) + reach, width),
  ];
  const [top, bottom] = [
    clipped(Math.min(from.y, to.y) - reach, height),
    clipped(Math.max(from.y, to.y) + reach, height),
  ];
  for (let y = top; y <= bottom; y++)
    for (let x = left; x <= right; x++)
      if (distance({ x: x + 0.5, y: y + 0.5 }, from, to) <= reach) result[y * width + x] = value;
  result[clipped(to.y, height) * width + clipped(to.x, width)] = value;
  return { width, height, dots: result };
}

/** Distance from a point to a line segment. */
function distance({ x, y }: Place, from: Place, to: Place): number {
  const [dx, dy] = [to.x - from.x, to.y - from.y];
  const length = dx * dx + dy * dy;
  const along = length === 0 ? 0 : Math.min(1, Math.max(0, ((x - from.x) * dx + (y - from.y) * dy) / length));
  return Math.hypot(x - from.x - along * dx, y - from.y - along * dy);
}

/** Paints unpainted dots with the value and clears all others. */
export function inverted({ dots, ...size }: Layer, value: number): Layer {
  return { ...size, dots: dots.map((dot) => (dot === BARE ? value : BARE)) };
}

/** Share of painted dots. */
export function share({ dots }: Layer): number {
  return dots.reduce((sum, dot) => sum + (dot === BARE ? 0 : 1), 0) / Math.max(1, dots.length);
}
