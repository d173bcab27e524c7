/** Edge maps: Sobel magnitude of a gray plane, and the same blurred. Planes are [side, side], borders replicated. */

/** Magnitude of the Sobel gradient, scaled so that a step from black (−1) to white (1) gives 1. */
export function sobel(plane: Float32Array, side: number, result: Float32Array): void {
  for (let i = 0; i < side; i++) {
    const above = Math.max(0, i - 1) * side;
    const here = i * side;
    const below = Math.min(side - 1, i + 1) * side;
    for (let j = 0; j < side; j++) {
      const left = Math.max(0, j - 1);
      const right = Math.min(side - 1, j + 1);
      const northWest = plane[above + left] as number;
      const northEast = plane[above + right] as number;
      const southWest = plane[below + left] as number;
      const southEast = plane[below + right] as number;
      const x =
        northEast -
        northWest +
        southEast -
        southWest +
        2 * ((plane[here + right] as number) - (plane[here + left] as number));
      const y =
        southWest -
        northWest +
        southEast -
        northEast +
        2 * ((plane[below + j] as number) - (plane[above + j] as number));
      result[here + j] = Math.sqrt(x * x + y * y) / 8;
    }
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
