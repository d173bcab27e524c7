/** Particles: descents of a request that exceed its results in number, of which only the best survive. */
import type { ResultBeams } from './beams.ts';
import type { DescentPlan } from './plan.ts';
import { ranked } from './ranking.ts';

type Survival = Pick<DescentPlan, 'blend' | 'count' | 'prefixes'>;

/**
 * The best `keep` particles, best first; all of them in their order if there are at most `keep`. Particle i belongs to
 * result i modulo `count`. If results have different prefixes, the best particle of each result comes first, in the results'
 * order.
 *
 * @param weights current weights of the guides
 * @param keep at least the number of results
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
