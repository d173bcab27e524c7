/** Particle schedules: how many descents are walked for each result, of which the best become results. */
import type { BeamSchedule } from './beams.ts';

/** Descents for each result: as many at all levels, or by side (sides left out: 1). 1.5 of 4 results are 6. */
export type ParticleSchedule = number | Readonly<Record<string, number>>;

/** Requests for more results walk one descent for each, unless they say otherwise: the best of many are good anyway. */
const MOST_RESULTS_DOUBLED = 16;

/** What decides how many particles a request has that does not say. */
export interface ParticleDeciders {
  readonly particles?: ParticleSchedule | undefined;
  readonly beams?: BeamSchedule | undefined;
  /** Results. */
  readonly count: number;
  readonly hasPrior: boolean;
  /** Of each expensive guide, what it is worth; undefined: one. */
  readonly guides: readonly (ParticleSchedule | undefined)[];
}

/** The particles of a request: those it asks for, else what its expensive guides agree on. Beams are a search of their own. */
export function particlesOf({ particles, beams = 1, count, hasPrior, guides }: ParticleDeciders): ParticleSchedule {
  if (particles !== undefined) return particles;
  const [first = 1] = guides;
  const isUsual = hasPrior && beams === 1 && count <= MOST_RESULTS_DOUBLED;
  return isUsual && guides.every((own) => own !== undefined) ? first : 1;
}

/**
 * Descents of all results together at each level. They never become more, and there is one for each result where no guide is
 * asked any more: nothing would tell which is the better.
 *
 * @param count results
 * @param asked levels up to the last at which a guide is asked
 */
export function populationPerLevel(
  schedule: ParticleSchedule,
  sides: readonly number[],
  { count, asked }: { readonly count: number; readonly asked: number },
): number[] {
  let most = Number.POSITIVE_INFINITY;
  return sides.map((side, level) => {
    const each = typeof schedule === 'number' ? schedule : (schedule[side] ?? 1);
    most = level < asked ? Math.min(most, Math.ceil(count * each)) : count;
    return most;
  });
}
