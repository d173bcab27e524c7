/** Particles: the descents of a request while they are more than its results, and which of them go on. */
import type { BlendKind } from '../../contract/requests.ts';
import type { ResultBeams } from './beams.ts';
import { ranked } from './ranking.ts';

export interface Survival {
  readonly blend: BlendKind;
  /** Of the guides as they are now. */
  readonly weights: readonly number[];
  /** Results of the request; particle i is of the result i modulo this. */
  readonly count: number;
  /** Particles that go on, at least one for each result. */
  readonly keep: number;
  /** Whether each result begins with a prefix of its own: then the best of each go on. */
  readonly areApart: boolean;
}

/** The particles that go on, the best first; where results are apart, the best of each result, in their order, come first. */
export function survivorsOf(particles: readonly ResultBeams[], survival: Survival): ResultBeams[] {
  const { count, keep, areApart } = survival;
  const order = ranked(
    particles.map(({ lastScores }) => lastScores),
    survival,
  ).map((place) => particles[place] as ResultBeams);
  if (!areApart) return order.slice(0, keep);
  const best = Array.from({ length: count }, (_, result) => order.find(({ index }) => index % count === result));
  const first = best.filter((one) => one !== undefined);
  return [...first, ...order.filter((one) => !first.includes(one))].slice(0, keep);
}
