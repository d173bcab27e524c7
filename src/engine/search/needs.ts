/** What has to be known of a level before it is run. */
import { type UndrawnNeeds, undrawnNeeds } from '../guides/needs.ts';
import { type DescentPlan, levelInfoAt } from './plan.ts';
import { temperatureAt } from './sampler.ts';

export interface LevelNeeds {
  /** Whether the prior has a say. */
  readonly asksPrior: boolean;
  /** Null: all candidates must be drawn. */
  readonly undrawn: UndrawnNeeds | null;
  /** Weights of the guides that have forms, where the best by them alone is what will be taken; else null. */
  readonly best: readonly number[] | null;
}

/** Of a descent that is over. */
export const NO_NEEDS: LevelNeeds = { asksPrior: false, undrawn: null, best: null };

/** @param weights of the guides as they are now */
export function needsAt(plan: DescentPlan, weights: readonly number[], level: number): LevelNeeds {
  const { info, guides, beams, sampler, prefixes } = plan;
  if ((prefixes[0]?.length ?? 0) > level) return { ...NO_NEEDS, undrawn: { forms: [], isAll: false } };
  const asksPrior = (sampler.prior ?? 0) > 0;
  const { candidateCount, side } = info.levels[level] as DescentPlan['info']['levels'][number];
  const kept = level === 0 ? 1 : (beams[level - 1] as number);
  const undrawn = undrawnNeeds(guides, weights, levelInfoAt(info, level), kept * candidateCount);
  const takesBest = sampler.top === 1 && beams[level] === 1 && temperatureAt(sampler, side) === 0 && !asksPrior;
  const best = undrawn?.isAll && takesBest ? undrawn.forms.map(({ guide }) => weights[guide] as number) : null;
  return { asksPrior, undrawn, best };
}
