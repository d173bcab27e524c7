/** Samples from scored candidates. */
import type { BeamSchedule } from '../../contract/beams.ts';
import type { ParticleSchedule } from '../../contract/particles.ts';
import { gumbel, type Random } from '../../kit/random.ts';

export interface SamplerOptions {
  /** Chooses among the best so many; 1 always takes the best. @default 1, or all where there is a temperature */
  readonly top?: number | undefined;
  /**
   * Of the softmax that choices are drawn from, one for all levels or by side; 0: the best, or any of those that `top`
   * leaves. @default 0 where a guide decides, `UNGUIDED_TEMPERATURES` where the prior does
   */
  readonly temperature?: TemperatureSchedule | undefined;
  /** Weight of the logarithm of the prior beside the guides' blended score; 0: no prior. @default see `samplerOf` */
  readonly prior?: number | undefined;
  /** Descents walked for each result, the best of which are kept. @default what expensive guides are worth */
  readonly particles?: ParticleSchedule | undefined;
  /** Beams kept, by side in the third form (sides that are not named: 1). @default 1 */
  readonly beams?: BeamSchedule | undefined;
}

/** One for all levels, or by side (sides that are not named: 0). */
export type TemperatureSchedule = number | Readonly<Record<string, number>>;

export interface Sampler {
  readonly top: number;
  readonly temperature: TemperatureSchedule;
  /** Weight of the prior's logarithm; 0: it is not asked. @default 0 */
  readonly prior?: number;
}

/** Of draws by the prior alone. Measured: models/README.md, "Priors". */
export const UNGUIDED_TEMPERATURE = 0.6;

/**
 * Weight of the prior beside guides: log-likelihoods are on its scale; of other guides, expensive ones look at some
 * candidates only and can be fooled, cheap ones state what is wanted exactly. Measured: guides/README.md, "What was
 * measured".
 */
const GUIDED_WEIGHTS = { likelihood: 1, expensive: 0.3, cheap: 0.1 } as const;

/** What decides beside the sampler. */
export interface Deciders {
  readonly hasPrior: boolean;
  /**
   * `likelihood`: scores are blended as log-likelihoods. `expensive`: at least one guide scores a shortlist only.
   */
  readonly guides: 'none' | 'likelihood' | 'expensive' | 'cheap';
}

/** The sampler of a request, with the defaults of what decides. */
export function samplerOf({ top, temperature, prior }: SamplerOptions, { hasPrior, guides }: Deciders): Sampler {
  const weight = hasPrior ? (prior ?? (guides === 'none' ? 1 : GUIDED_WEIGHTS[guides])) : 0;
  const drawn = temperature ?? (guides !== 'none' || weight === 0 ? 0 : UNGUIDED_TEMPERATURE);
  const isDrawn = typeof drawn === 'number' ? drawn > 0 : Object.values(drawn).some((one) => one > 0);
  return { top: top ?? (isDrawn ? Number.POSITIVE_INFINITY : 1), temperature: drawn, prior: weight };
}

/** The temperature at a level of this side. */
export function temperatureAt({ temperature }: Pick<Sampler, 'temperature'>, side: number): number {
  return typeof temperature === 'number' ? temperature : (temperature[side] ?? 0);
}

/** Largest part of the kept beams that may descend from one parent. Measured: scripts in guides/README.md, "What was measured". */
const MOST_PER_PARENT = 1 / 4;

/** How one choice is made: the sampler at a level. */
export interface Drawing {
  readonly top: number;
  readonly temperature: number;
}

/**
 * Chooses `keep` different candidates, the best of those chosen first. `indices` are the candidates in question, rising;
 * `scores` theirs (logits, at temperature 1), or null without guides: then all are equally likely. Equal scores:
 * the lower index is better.
 *
 * With several to keep, `top` n means that they are drawn from the best n · keep.
 */
export function choose(
  indices: ArrayLike<number>,
  scores: Float64Array | null,
  keep: number,
  { top, temperature }: Drawing,
  random: Random,
): number[] {
  const places = placesOf(indices);
  if (scores === null) return sampleUniform(places, keep, random).map((place) => indices[place] as number);
  const better = betterBy(scores);
  const order = places.sort(better);
  const allowed = order.slice(0, Math.min(order.length, top * keep));
  const kept =
    temperature > 0
      ? sampleSoftmax(allowed, scores, keep, temperature, random)
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

/**
 * Draws from a softmax without replacement: the best of the scores with Gumbel noise (Kool, van Hoof, Welling 2019). Noise
 * is drawn in the order of the candidates, so that a whole descent, which is given all of it beforehand, chooses alike.
 */
function sampleSoftmax(
  places: number[],
  scores: Float64Array,
  keep: number,
  temperature: number,
  random: Random,
): number[] {
  const keys = new Map<number, number>();
  for (const place of places.sort((a, b) => a - b))
    keys.set(place, (scores[place] as number) / temperature + gumbel(random));
  return places.sort((a, b) => (keys.get(b) as number) - (keys.get(a) as number) || a - b).slice(0, keep);
}
