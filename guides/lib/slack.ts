/**
 * Distance of colours with tolerance in position: of each pixel to the nearest colour of the
 * other picture within a window, both ways (the modified Hausdorff distance of Dubuisson and Jain, 1994, of colours, with
 * a bounded reach in space).
 */
import type { Candidates } from '../../src/guide.ts';
import { axis, resamplePlane } from '../../src/kit/resample.ts';
import type { Metric } from './quadratic.ts';
import type { Reference } from './reference.ts';

/** Reference pixels of less weight are ignored. */
const VISIBLE = 0.5;

/** Smallest distances found so far, [side, side] each. */
interface Nearest {
  /** From each pixel of the candidate to the reference; Infinity where no visible pixel is in reach. */
  readonly there: Float64Array;
  /** From each pixel of the reference to the candidate. */
  readonly back: Float64Array;
}

/**
 * Scores of drawn candidates, area-shrunk to the reference's side, each batch · count: minus the mean difference of both
 * directions, weighted by the reference's weight; a colour is searched up to `reach` pixels away in rows and columns.
 */
export function slackScores(
  candidates: Candidates,
  reference: Required<Reference>,
  { reach, metric }: { reach: number; metric: Metric },
): Float32Array {
  const { batch, count, channels, side, data } = candidates;
  const size = reference.side ** 2;
  const one = axis('area', reference.side, side);
  const line = new Float64Array(side);
  const small = new Float32Array(channels * size);
  const nearest = { there: new Float64Array(size), back: new Float64Array(size) };
  const scores = new Float32Array(batch * count);
  for (let n = 0; n < scores.length; n++) {
    for (let channel = 0; channel < channels; channel++)
      resamplePlane(data, (n * channels + channel) * side * side, one, one, small, channel * size, line);
    nearest.there.fill(Number.POSITIVE_INFINITY);
    nearest.back.fill(Number.POSITIVE_INFINITY);
    for (let down = -reach; down <= reach; down++)
      for (let right = -reach; right <= reach; right++) lookShifted(small, reference, { down, right, metric }, nearest);
    scores[n] = -meanOf(nearest, reference.weight) / channels;
  }
  return scores;
}

/** Compares every pixel of the candidate with the reference's `down` rows and `right` columns further on. */
function lookShifted(
  small: Float32Array,
  { data, channels, side, weight }: Required<Reference>,
  { down, right, metric }: { down: number; right: number; metric: Metric },
  { there, back }: Nearest,
): void {
  const size = side * side;
  const shift = down * side + right;
  const lastColumn = side - Math.max(0, right);
  for (let row = Math.max(0, -down); row < side - Math.max(0, down); row++)
    for (let p = row * side + Math.max(0, -right); p < row * side + lastColumn; p++) {
      let distance = 0;
      for (let at = p; at < channels * size; at += size) {
        const difference = (small[at] as number) - (data[at + shift] as number);
        distance += metric === 'l2' ? difference * difference : Math.abs(difference);
      }
      const q = p + shift;
      if (distance < (there[p] as number) && (weight[q] as number) >= VISIBLE) there[p] = distance;
      if (distance < (back[q] as number)) back[q] = distance;
    }
}

function meanOf({ there, back }: Nearest, weight: Float32Array): number {
  let sum = 0;
  let total = 0;
  for (let p = 0; p < weight.length; p++) {
    const share = weight[p] as number;
    const found = there[p] as number;
    sum += share * ((back[p] as number) + (found === Number.POSITIVE_INFINITY ? (back[p] as number) : found));
    total += 2 * share;
  }
  return sum / Math.max(total, 1e-6);
}
