/** Particles: the descents of a request while they are more than its results, and which of them go on. */
import type { BlendKind } from '../../contract/requests.ts';
import type { ResultBeams } from './beams.ts';
import { ranked } from './ranking.ts';

export interface Survival {
  readonly blend: BlendKind;
  /** Of the guides as they are now. */
  readonly weights: readonly number[];
  /** Results of the request. */
  readonly count: number;
  /** Particles that each keeps. */
  readonly keep: number;
  /** Whether each result begins with a prefix of its own: then it keeps its own particles. */
  readonly areApart: boolean;
}

/** The particles that go on, the best first: `keep` for each result. */
export function survivorsOf(particles: readonly ResultBeams[], survival: Survival): ResultBeams[] {
  const { count, keep, areApart } = survival;
  const order = ranked(
    particles.map(({ lastScores }) => lastScores),
    survival,
  ).map((place) => particles[place] as ResultBeams);
  if (!areApart) return order.slice(0, count * keep);
  const own = Array.from({ length: count }, (_, result) => order.filter(({ index }) => index % count === result));
  return Array.from({ length: keep }, (_, place) => own.map((all) => all[place] as ResultBeams)).flat();
}
