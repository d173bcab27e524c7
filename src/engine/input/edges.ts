/** Edge maps of pictures, as the conditional models were trained on. */
import type { Picture } from '../../guide.ts';
import { sobel } from '../../kit/sobel.ts';

/**
 * Sobel magnitudes above this are edges, with colours in [−1, 1]. The same as the trainer's
 * (scripts/ddn/conditions.py).
 */
const THRESHOLD = 0.75;

/** For each pixel, [S, S]: the gradient of the steepest colour there. */
interface Gradients {
  readonly side: number;
  readonly magnitude: Float64Array;
  readonly across: Float64Array;
  readonly down: Float64Array;
}

/**
 * Edges of a square picture, [S, S]: 1 where a Sobel magnitude is above the threshold, otherwise −1. `color_edges`: in
 * any colour channel; otherwise in their mean, which has no edge between colours of equal brightness.
 *
 * @param enlargement factor by which the picture was enlarged, which softens its edges: the threshold is divided by its
 * square root, and of the resulting broad edges only the ridge is kept, two pixels wide as in sharp pictures. Tuned by
 * eye at 4: without it most lines are missing, and with the full factor every blemish is an edge.
 */
export function edgesOf(picture: Picture, kind = 'edges', enlargement = 1): Float32Array {
  const gradients = steepestGradients(kind === 'color_edges' ? picture.data : meanOfChannels(picture), picture.width);
  const isEnlarged = enlargement > 1;
  const threshold = isEnlarged ? THRESHOLD / Math.sqrt(enlargement) : THRESHOLD;
  const edges = Float32Array.from(gradients.magnitude, (magnitude) => (magnitude > threshold ? 1 : -1));
  return isEnlarged ? ridgesOf(edges, gradients) : edges;
}

/** Mean of the channels of a picture, [S, S]. */
export function meanOfChannels({ data, channels }: Picture): Float32Array {
  const plane = data.length / channels;
  const mean = new Float32Array(plane);
  for (let i = 0; i < data.length; i++) mean[i % plane] = (mean[i % plane] as number) + (data[i] as number) / channels;
  return mean;
}

/** @param planes one or several, [·, S, S] */
function steepestGradients(planes: Float32Array, side: number): Gradients {
  const size = side * side;
  const plain = () => new Float64Array(size);
  const steepest = { side, magnitude: plain(), across: plain(), down: plain() };
  const [across, down] = [plain(), plain()];
  for (let from = 0; from < planes.length; from += size) {
    sobel(planes.subarray(from, from + size), side, across, down);
    for (let p = 0; p < size; p++) {
      const [x, y] = [across[p] as number, down[p] as number];
      const magnitude = Math.hypot(x, y);
      if (magnitude <= (steepest.magnitude[p] as number)) continue;
      steepest.magnitude[p] = magnitude;
      steepest.across[p] = x;
      steepest.down[p] = y;
    }
  }
  return steepest;
}

/**
 * Keeps the edges that are steepest along their slope (Canny, 1986, "non-maximum suppression"), made two pixels wide.
 */
function ridgesOf(edges: Float32Array, { side, magnitude, across, down }: Gradients): Float32Array {
  const ridges = new Float32Array(edges.length).fill(-1);
  const steepness = (x: number, y: number) =>
    x < 0 || y < 0 || x >= side || y >= side ? 0 : (magnitude[y * side + x] as number);
  for (let p = 0; p < edges.length; p++) {
    if ((edges[p] as number) < 0) continue;
    const [x, y] = [p % side, Math.floor(p / side)];
    const angle = Math.round(Math.atan2(down[p] as number, across[p] as number) / (Math.PI / 4));
    const [right, below] = [Math.round(Math.cos((angle * Math.PI) / 4)), Math.round(Math.sin((angle * Math.PI) / 4))];
    const here = magnitude[p] as number;
    if (here < steepness(x + right, y + below) || here <= steepness(x - right, y - below)) continue;
    for (const [column, row] of [
      [x, y],
      [x + 1, y],
      [x, y + 1],
    ] as const)
      if (column < side && row < side) ridges[row * side + column] = 1;
  }
  return ridges;
}
