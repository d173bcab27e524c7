/** Samples from scored candidates. */
import type { BeamSchedule } from '../../contract/beams.ts';
import type { Random } from '../../kit/random.ts';
import { standardised } from '../guides/combine.ts';

export interface SamplerOptions {
  /** Chooses among the best so many; 1 always takes the best. @default 1, or all where there is a temperature */
  readonly top?: number | undefined;
  /** Of a softmax over the blended scores at mean 0 and standard deviation 1; 0: all that `top` leaves are equally likely. @default 0 */
  readonly temperature?: number | undefined;
  /** Beams kept, by side in the third form (sides that are not named: 1). @default 1 */
  readonly beams?: BeamSchedule | undefined;
  /** How choices are drawn that no guide makes: alike, or as often as in training pictures. @default 'uniform' */
  readonly draw?: 'uniform' | 'transitions' | undefined;
}

export interface Sampler {
  readonly top: number;
  readonly temperature: number;
}

export function samplerOf({ top, temperature = 0 }: SamplerOptions): Sampler {
  return { top: top ?? (temperature > 0 ? Number.POSITIVE_INFINITY : 1), temperature };
}

/** Largest part of the kept beams that may descend from one parent. Measured: scripts in guides/README.md, "What was measured". */
const MOST_PER_PARENT = 1 / 4;

/**
 * Chooses `keep` different candidates, the best of those chosen first. `indices` are the candidates in question, rising;
 * `scores` theirs, or null where nobody has a say: then all are equally likely. Equal scores: the lower index is better.
 *
 * With several to keep, `top` n means that they are drawn from the best n · keep.
 */
export function choose(
  indices: ArrayLike<number>,
  scores: Float64Array | null,
  keep: number,
  sampler: Sampler,
  random: Random,
): number[] {
  const places = placesOf(indices);
  if (scores === null) return sampleUniform(places, keep, random).map((place) => indices[place] as number);
  const better = betterBy(scores);
  const order = places.sort(better);
  const allowed = order.slice(0, Math.min(order.length, sampler.top * keep));
  const kept =
    sampler.temperature > 0
      ? sampleSoftmax(allowed, standardised(scores), keep, sampler.temperature, random)
      : allowed.length > keep
        ? sampleUniform(allowed, keep, random)
        : allowed;
  return kept.sort(better).map((place) => indices[place] as number);
}

/** 0 … length − 1. */
function placesOf({ length }: ArrayLike<number>): number[] {
  const places = new Array<number>(length);
  for (let place = 0; place < length; place++) places[place] = place;
  return places;
}

/** Orders places, the best score first, the lower place where equal. Small integers, since differences would be boxed. */
function betterBy(scores: Float64Array): (a: number, b: number) => number {
  return (a, b) => {
    const one = scores[a] as number;
    const other = scores[b] as number;
    if (one === other) return a - b;
    return one > other ? -1 : 1;
  };
}

/** Draws `keep` different ones of `indices` without replacement; `logs` are their log-weights. */
export function sampleByLogWeights(
  indices: readonly number[],
  logs: Float64Array,
  keep: number,
  random: Random,
): number[] {
  const keys = new Map(indices.map((index, place) => [index, (logs[place] as number) + gumbel(random)]));
  return [...indices].sort((a, b) => (keys.get(b) as number) - (keys.get(a) as number) || a - b).slice(0, keep);
}

/**
 * The candidates, best first, of which no more than a part descends from one beam: siblings are much alike, and would soon
 * crowd out all others.
 */
export function limitPerParent(
  indices: ArrayLike<number>,
  scores: Float64Array,
  keep: number,
  count: number,
): { readonly indices: number[]; readonly scores: Float64Array } {
  const most = Math.max(2, Math.ceil(keep * MOST_PER_PARENT));
  const order = placesOf(indices).sort(betterBy(scores));
  const children = new Map<number, number>();
  const open = order.filter((place) => {
    const parent = Math.floor((indices[place] as number) / count);
    const before = children.get(parent) ?? 0;
    children.set(parent, before + 1);
    return before < most;
  });
  const rising = open.sort((a, b) => a - b);
  return {
    indices: rising.map((place) => indices[place] as number),
    scores: Float64Array.from(rising, (place) => scores[place] as number),
  };
}

/** `keep` of them, all equally likely, in random order. */
function sampleUniform(places: number[], keep: number, random: Random): number[] {
  const count = Math.min(keep, places.length);
  for (let i = 0; i < count; i++) {
    const j = i + random.integer(places.length - i);
    [places[i], places[j]] = [places[j] as number, places[i] as number];
  }
  return places.slice(0, count);
}

/** Draws from a softmax without replacement: the best of the scores with Gumbel noise (Kool, van Hoof, Welling 2019). */
function sampleSoftmax(places: number[], z: Float64Array, keep: number, temperature: number, random: Random): number[] {
  const keys = new Map<number, number>();
  for (const place of places) keys.set(place, (z[place] as number) / temperature + gumbel(random));
  return places.sort((a, b) => (keys.get(b) as number) - (keys.get(a) as number) || a - b).slice(0, keep);
}

function gumbel(random: Random): number {
  return -Math.log(-Math.log(Math.max(random.uniform(), 2 ** -54)));
}
