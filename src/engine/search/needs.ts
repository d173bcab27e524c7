/** Requirements for the run of a level. */
import { MAX_DRAWN_BYTES } from '../../contract/beams.ts';
import { type UndrawnNeeds, undrawnNeeds } from '../guides/needs.ts';
import { type DescentPlan, levelInfoAt } from './plan.ts';
import { temperatureAt } from './sampler.ts';

export interface LevelNeeds {
  /** Whether the candidates' log-probabilities are needed. */
  readonly usesPrior: boolean;
  /** The guides' requirements; null: all candidates must be drawn. */
  readonly undrawn: UndrawnNeeds | null;
  /** Weights of the guides with forms, if the choice is the best candidate by their forms alone; otherwise null. */
  readonly best: readonly number[] | null;
}

/** For a descent that is over. */
export const NO_NEEDS: LevelNeeds = { usesPrior: false, undrawn: null, best: null };

/** @param weights current weights of the guides @throws {KandidError} from a guide */
export function needsAt(plan: DescentPlan, weights: readonly number[], level: number): LevelNeeds {
  const { info, guides, beams, sampler, prefixes } = plan;
  if ((prefixes[0]?.length ?? 0) > level) return { ...NO_NEEDS, undrawn: { forms: [], isAll: false } };
  const usesPrior = (sampler.prior ?? 0) > 0;
  const { candidateCount, side } = info.levels[level] as DescentPlan['info']['levels'][number];
  const kept = level === 0 ? 1 : (beams[level - 1] as number);
  const count = kept * candidateCount;
  const fits = kept === 1 || 4 * count * info.channels * side ** 2 <= MAX_DRAWN_BYTES;
  const undrawn = undrawnNeeds(guides, weights, levelInfoAt(info, level), { count, fits });
  const isGreedy = sampler.top === 1 && beams[level] === 1 && temperatureAt(sampler, side) === 0 && !usesPrior;
  const best = undrawn?.isAll && isGreedy ? undrawn.forms.map(({ guide }) => weights[guide] as number) : null;
  return { usesPrior, undrawn, best };
}
