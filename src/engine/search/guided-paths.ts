/** Descents that quadratic forms decide at every level, made whole in one run: no candidate is drawn but the chosen ones. */
import { gumbel, Random } from '../../kit/random.ts';
import { blendScores } from '../guides/combine.ts';
import { undrawnNeeds } from '../guides/needs.ts';
import type { PoolScores } from '../guides/score.ts';
import type { GuidedPath, WholeForms } from '../network/fused.ts';
import { type DescentPlan, levelInfoAt } from './plan.ts';
import { certainOf, MOST_DRAWN_WHOLE } from './prior-paths.ts';
import { temperatureAt } from './sampler.ts';

/** What decides a descent that is made whole, but for the noise of each result. */
export interface GuidedWhole extends Omit<WholeForms, 'noise'> {
  readonly isNoisy: boolean;
}

/**
 * Null where something else than quadratic forms has a say somewhere, where somebody watches the levels, or where the sampler
 * asks for what one run cannot do: beams, one of the best few, several results that must not be the same.
 *
 * @param weights of the guides as they are now
 */
export function guidedWhole(plan: DescentPlan, weights: readonly number[]): GuidedWhole | null {
  const { info, guides, sampler, beams, count, blend, prefixes, isWatched = false } = plan;
  const counts = info.levels.map(({ candidateCount }) => candidateCount);
  if (isWatched || (sampler.prior ?? 0) > 0 || beams.some((one) => one > 1) || guides.length === 0) return null;
  const temperatures = info.levels.map(({ side }) => temperatureAt(sampler, side));
  const isDrawn = temperatures.some((temperature) => temperature > 0);
  const isNoisy = isDrawn || prefixes.length > 0;
  if (sampler.top !== (isDrawn ? Number.POSITIVE_INFINITY : 1)) return null;
  if (isDrawn ? count > MOST_DRAWN_WHOLE || temperatures.includes(0) : count > 1) return null;
  if (isNoisy && counts.some((one) => one !== counts[0])) return null;
  const levels: GuidedWhole['levels'][number][] = [];
  for (const [level, K] of counts.entries()) {
    const needs = undrawnNeeds(guides, weights, levelInfoAt(info, level), K);
    if (!needs?.isAll || needs.forms.length === 0) return null;
    const isPlain = needs.forms.length === 1 && !isNoisy && (weights[needs.forms[0]?.guide ?? 0] as number) > 0;
    if (blend !== 'zscore' && !isPlain) return null;
    levels.push(needs.forms);
  }
  if (!sharesForms(levels, info.levels)) return null;
  // One guide alone is taken by its scores as they are.
  const isTurned = guides.length === 1 && (weights[0] as number) < 0;
  return isTurned && !isNoisy ? null : { levels, weights, isNoisy };
}

/** Levels of one side are given a guide's form once. */
function sharesForms(levels: GuidedWhole['levels'], sides: DescentPlan['info']['levels']): boolean {
  const known = new Map<string, unknown>();
  return levels.every((forms, level) =>
    forms.every(({ guide, form }) => {
      const key = `${guide} ${sides[level]?.side}`;
      const before = known.get(key) ?? form;
      known.set(key, form);
      return before === form;
    }),
  );
}

/** What decides one result: temperature times the Gumbel noise that `choose` would draw, and certainty for a prefix. */
export function formsOf({ levels, weights, isNoisy }: GuidedWhole, plan: DescentPlan, result: number): WholeForms {
  return { levels, weights, noise: isNoisy ? noiseOf(plan, result) : null };
}

function noiseOf({ info, sampler, seed, prefixes }: DescentPlan, result: number): Float32Array {
  const noise = certainOf(info, prefixes[result] ?? prefixes[0] ?? []);
  const given = (prefixes[result] ?? prefixes[0] ?? []).length;
  const count = info.levels[0]?.candidateCount ?? 0;
  for (const [level, { side }] of info.levels.entries()) {
    const temperature = temperatureAt(sampler, side);
    if (level < given || temperature === 0) continue;
    const random = Random.of(seed, result, level);
    for (let k = 0; k < count; k++) noise[level * count + k] = temperature * gumbel(random);
  }
  return noise;
}

/** What the guides said at each level, as of candidates that they were asked about. */
export function scoresAlong({ scores }: GuidedPath, { guides, blend }: DescentPlan, weights: readonly number[]): PoolScores[] {
  return scores.map((own) => {
    const parts = own.map(({ guide, scores: all }) => ({ scores: all, weight: weights[guide] as number }));
    const byGuide = guides.map((_, guide) => own.find((one) => one.guide === guide)?.scores ?? null);
    const indices = Array.from(own[0]?.scores.keys() ?? []);
    return { indices, blended: blendScores(blend, parts), byGuide };
  });
}
