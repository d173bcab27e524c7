/** Edge maps: Sobel magnitude of a gray plane, and the same blurred. Planes are [side, side], borders replicated. */
import { sobel } from '../../src/kit/sobel.ts';

/** Scratch buffers for one side: horizontal and vertical gradients. */
export interface Gradients {
  readonly across: Float64Array;
  readonly down: Float64Array;
}

export function gradientsFor(side: number): Gradients {
  return { across: new Float64Array(side * side), down: new Float64Array(side * side) };
}

/** Magnitude of the Sobel gradient, scaled so that a step from black (−1) to white (1) gives 1. */
export function edgeMap(plane: Float32Array, side: number, { across, down }: Gradients, result: Float32Array): void {
  sobel(plane, side, across, down);
  for (let p = 0; p < result.length; p++) {
    const [x, y] = [across[p] as number, down[p] as number];
    result[p] = Math.sqrt(x * x + y * y) / 8;
  }
}

/** Blurs in place by 1-2-1 along rows, then along columns; `line` is scratch of `side` numbers. */
export function blur(plane: Float32Array, side: number, line: Float32Array): void {
  for (let i = 0; i < side; i++) blurLine(plane, i * side, 1, side, line);
  for (let j = 0; j < side; j++) blurLine(plane, j, side, side, line);
}

function blurLine(plane: Float32Array, start: number, step: number, length: number, line: Float32Array): void {
  for (let p = 0; p < length; p++) line[p] = plane[start + p * step] as number;
  for (let p = 0; p < length; p++) {
    const before = line[Math.max(0, p - 1)] as number;
    const after = line[Math.min(length - 1, p + 1)] as number;
    plane[start + p * step] = (before + 2 * (line[p] as number) + after) / 4;
  }
}
