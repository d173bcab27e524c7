/**
 * Shortlists candidates for expensive guides: proposals of the prior, or a spread over all; then neighbours of the
 * best.
 */

import type { BlendKind } from '../../contract/requests.ts';
import { type Random, sampleByLogWeights } from '../../kit/random.ts';
import { resample } from '../../kit/resample.ts';
import { besidePrior } from './combine.ts';

/** Largest side, in pixels, at which candidates are compared: finer detail does not show which are far apart. */
export const COMPARED_SIDE = 8;

/** Number of best candidates whose neighbours are scored, in turn. */
const REFINED = 3;

/** Candidates as points whose distance measures visual difference. */
export interface Points {
  /** [count, size] */
  readonly data: Float32Array;
  readonly size: number;
}

/** Points of candidates laid out [count, channels, side, side]. */
export function pointsOf(data: Float32Array, channels: number, side: number): Points {
  return { data: shrunk(data, side), size: channels * Math.min(side, COMPARED_SIDE) ** 2 };
}

/** Planes of `side` pixels at the size at which they are compared. */
export function shrunk(planes: Float32Array, side: number): Float32Array {
  const to = Math.min(side, COMPARED_SIDE);
  return to === side ? planes : resample(planes, { height: side, width: side }, { height: to, width: to });
}

/** Concatenates the points of several blocks. */
export function joinPoints(parts: readonly Points[]): Points {
  const [first] = parts;
  if (!first || parts.length === 1) return first ?? { data: new Float32Array(0), size: 0 };
  const data = new Float32Array(parts.reduce((sum, part) => sum + part.data.length, 0));
  let at = 0;
  for (const part of parts) {
    data.set(part.data, at);
    at += part.data.length;
  }
  return { data, size: first.size };
}

/** If there are scores, the spread is over the best candidates only: enough to be spread, few enough to be good. */
export function shortlistPool(size: number, wanted: number): number {
  return Math.min(size, Math.max(2 * wanted, Math.ceil(size / 4)));
}

/**
 * `wanted` of the indices, spread far: starting from the best by `scores` (without scores, the most central one),
 * always the one farthest from all taken (Gonzalez 1985). Ascending order; for equal distances, the lower index.
 */
export function spread(
  points: Points,
  indices: readonly number[],
  wanted: number,
  scores: Float64Array | null,
): number[] {
  if (wanted >= indices.length) return [...indices];
  const pool = scores ? bestOf(indices, scores, shortlistPool(indices.length, wanted)) : indices;
  const nearest = new Float64Array(pool.length).fill(Number.POSITIVE_INFINITY);
  const taken: number[] = [];
  let next = scores ? 0 : mostCentral(points, pool);
  while (taken.length < wanted) {
    const index = pool[next] as number;
    taken.push(index);
    nearest[next] = -1;
    let farthest = -1;
    for (let place = 0; place < pool.length; place++) {
      if ((nearest[place] as number) < 0) continue;
      const distance = Math.min(nearest[place] as number, distanceOf(points, index, pool[place] as number));
      nearest[place] = distance;
      if (farthest < 0 || distance > (nearest[farthest] as number)) farthest = place;
    }
    next = farthest;
  }
  return taken.sort((a, b) => a - b);
}

/**
 * `wanted` of the indices, drawn without replacement by log-weights plus their known scores. Ascending order.
 *
 * @param scores blended by `blend`; null: not known
 * @param logWeights of all candidates of the pool, not only of `indices`
 */
export function proposed(
  { logWeights, random }: { readonly logWeights: Float64Array; readonly random: Random },
  indices: readonly number[],
  wanted: number,
  scores: Float64Array | null,
  blend: BlendKind,
): number[] {
  const known = scores && besidePrior(blend, scores);
  const logs = Float64Array.from(indices, (index, place) => (logWeights[index] as number) + (known?.[place] ?? 0));
  return sampleByLogWeights(indices, logs, wanted, random).sort((a, b) => a - b);
}

/** `wanted` of the indices that were not scored, each the nearest to one of the best scored ones. Ascending order. */
export function neighbours(
  points: Points,
  indices: readonly number[],
  asked: readonly number[],
  scores: Float64Array,
  wanted: number,
): number[] {
  const known = new Set(asked);
  const rest = indices.filter((index) => !known.has(index));
  const queues = bestOf(asked, scores, REFINED).map((centre) => nearestFirst(points, rest, centre).values());
  const taken = new Set<number>();
  // Iterators of arrays go on where a loop left them.
  for (let turn = 0; taken.size < Math.min(wanted, rest.length); turn++)
    for (const index of queues[turn % queues.length] as Iterable<number>) {
      if (taken.has(index)) continue;
      taken.add(index);
      break;
    }
  return [...taken].sort((a, b) => a - b);
}

/** The indices by their distance to a centre; of equal distances, in their order. */
function nearestFirst(points: Points, indices: readonly number[], centre: number): number[] {
  const distances = Float64Array.from(indices, (index) => distanceOf(points, centre, index));
  const places = indices.map((_, place) => place);
  places.sort((a, b) => (distances[a] as number) - (distances[b] as number) || a - b);
  return places.map((place) => indices[place] as number);
}

/** The best `count` of the indices, best first. `scores[i]` belongs to `indices[i]`. */
export function bestOf(indices: readonly number[], scores: Float64Array, count: number): number[] {
  const places = indices.map((_, place) => place);
  places.sort((a, b) => (scores[b] as number) - (scores[a] as number) || a - b);
  return places.slice(0, count).map((place) => indices[place] as number);
}

/** Position in the pool of the point nearest to the mean. */
function mostCentral(points: Points, pool: readonly number[]): number {
  const mean = new Float64Array(points.size);
  for (const index of pool)
    for (let i = 0; i < points.size; i++)
      mean[i] = (mean[i] as number) + (points.data[index * points.size + i] as number) / pool.length;
  let best = 0;
  let least = Number.POSITIVE_INFINITY;
  for (const [place, index] of pool.entries()) {
    let distance = 0;
    for (let i = 0; i < points.size; i++)
      distance += ((points.data[index * points.size + i] as number) - (mean[i] as number)) ** 2;
    if (distance < least) {
      least = distance;
      best = place;
    }
  }
  return best;
}

function distanceOf({ data, size }: Points, a: number, b: number): number {
  let sum = 0;
  const x = a * size;
  const y = b * size;
  for (let i = 0; i < size; i++) {
    const difference = (data[x + i] as number) - (data[y + i] as number);
    sum += difference * difference;
  }
  return sum;
}
