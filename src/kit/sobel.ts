/** Sobel gradients of square planes with replicated borders. */

/** Writes the gradients of a plane [side, side], to the right and downwards; a step of 1 gives 4. */
export function sobel(plane: Float32Array, side: number, across: Float64Array, down: Float64Array): void {
  for (let y = 0; y < side; y++) {
    const above = Math.max(0, y - 1) * side;
    const here = y * side;
    const below = Math.min(side - 1, y + 1) * side;
    for (let x = 0; x < side; x++) {
      const left = Math.max(0, x - 1);
      const right = Math.min(side - 1, x + 1);
      const northWest = plane[above + left] as number;
      const northEast = plane[above + right] as number;
      const southWest = plane[below + left] as number;
      const southEast = plane[below + right] as number;
      const [west, east] = [plane[here + left] as number, plane[here + right] as number];
      const [north, south] = [plane[above + x] as number, plane[below + x] as number];
      across[here + x] = northEast - northWest + 2 * (east - west) + southEast - southWest;
      down[here + x] = southWest - northWest + 2 * (south - north) + southEast - northEast;
    }
  }
}
