/** Particles: the descents of a request while they are more than its results, and which of them go on. */
import type { ResultBeams } from './beams.ts';
import type { DescentPlan } from './plan.ts';
import { ranked } from './ranking.ts';

type Survival = Pick<DescentPlan, 'blend' | 'count' | 'prefixes'>;

/**
 * The particles that go on, the best first; all of them, as they are, where they are no more than `keep`. Particle i belongs to
 * the result i modulo `count`: where results begin with prefixes of their own, the best of each, in the results' order, come
 * first.
 *
 * @param weights of the guides as they are now
 * @param keep at least one for each result
 */
export function survivorsOf(
  particles: readonly ResultBeams[],
  { blend, count, prefixes }: Survival,
  weights: readonly number[],
  keep: number,
): readonly ResultBeams[] {
  if (particles.length <= keep) return particles;
  const scores = particles.map(({ lastScores }) => lastScores);
  const order = ranked(scores, { blend, weights }).map((place) => particles[place] as ResultBeams);
  if (prefixes.length <= 1) return order.slice(0, keep);
  const best = Array.from({ length: count }, (_, result) => order.find(({ index }) => index % count === result));
  const first = best.filter((one) => one !== undefined);
  return [...first, ...order.filter((one) => !first.includes(one))].slice(0, keep);
}
