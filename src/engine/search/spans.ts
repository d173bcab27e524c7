/** Spans: all levels of one side, chosen in one run because quadratic forms alone decide them. */
import { gumbel, Random } from '../../kit/random.ts';
import { blendScores } from '../guides/combine.ts';
import { undrawnNeeds } from '../guides/needs.ts';
import type { PoolScores } from '../guides/score.ts';
import type { SpanForms, SpanPath } from '../network/fused.ts';
import type { State } from '../network/network.ts';
import type { SpanOutput } from '../network/span-output.ts';
import type { LevelChoice, ResultBeams } from './beams.ts';
import { type DescentPlan, levelInfoAt, populationAt } from './plan.ts';
import { temperatureAt } from './sampler.ts';
import { scoresOf } from './selection.ts';

/**
 * The span that begins at a level. Null unless the level is the first of its side, and if
 * - anything but quadratic forms influences one of its levels,
 * - the descent is watched,
 * - results might choose the same, or fewer of them survive to its last level,
 * - the sampler uses beams or one of the best few, which a single run cannot.
 *
 * @param weights current weights of the guides
 * @throws {KandidError} from a guide
 */
export function spanAt(
  plan: DescentPlan,
  weights: readonly number[],
  first: number,
  results: readonly ResultBeams[],
): SpanForms | null {
  const { info, guides, sampler, beams, blend, prefixes, isWatched = false } = plan;
  const side = info.levels[first]?.side;
  if (side === undefined || info.levels[first - 1]?.side === side || isWatched || (sampler.prior ?? 0) > 0) return null;
  const counts = info.levels.filter((level) => level.side === side).map(({ candidateCount }) => candidateCount);
  const last = first + counts.length;
  if (guides.length === 0 || beams.slice(first, last).some((one) => one > 1) || !haveDiverged(results)) return null;
  if (prefixes.some((prefix) => prefix.length > first) || populationAt(plan, last - 1) !== results.length) return null;
  const isNoisy = temperatureAt(sampler, side) > 0;
  if (sampler.top !== (isNoisy ? Number.POSITIVE_INFINITY : 1) || counts.some((one) => one !== counts[0])) return null;
  const levels = counts.map((count, place) =>
    undrawnNeeds(guides, weights, levelInfoAt(info, first + place), { count, fits: true }),
  );
  if (!levels.every((needs) => needs?.isAll && needs.forms.length > 0)) return null;
  const forms = levels.map((needs) => (needs as NonNullable<typeof needs>).forms);
  const [only] = weights;
  const isPlain = guides.length === 1 && !isNoisy;
  if (isPlain ? (only as number) < 0 : blend !== 'zscore') return null;
  // The z-scores of two candidates are ±1: guides of equal weight that disagree cancel out, and rounding would decide.
  if (counts[0] === 2 && forms.some((own) => own.length > 1)) return null;
  return sharesForms(forms) ? { first, levels: forms, weights: [...weights], isNoisy } : null;
}

/** Whether the codes of all results differ already. */
function haveDiverged(results: readonly ResultBeams[]): boolean {
  return (
    results.every(({ beams }) => beams.length === 1) &&
    new Set(results.map(({ beams }) => beams[0])).size === results.length
  );
}

/** Whether each guide has the same form at all levels, since a run receives it once. */
function sharesForms(levels: SpanForms['levels']): boolean {
  const known = new Map<number, unknown>();
  return levels.every((forms) =>
    forms.every(({ guide, form }) => {
      const before = known.get(guide) ?? form;
      known.set(guide, form);
      return before === form;
    }),
  );
}

/** Temperature times the Gumbel noise that `choose` would draw level by level, [levels × K]; null at temperature 0. */
export function spanNoise({ first, levels, isNoisy }: SpanForms, { info, sampler, seed }: DescentPlan, result: number) {
  if (!isNoisy) return null;
  const { candidateCount: count, side } = info.levels[first] as DescentPlan['info']['levels'][number];
  const temperature = temperatureAt(sampler, side);
  const noise = new Float32Array(levels.length * count);
  for (const place of levels.keys()) {
    const random = Random.of(seed, result, first + place);
    for (let k = 0; k < count; k++) noise[place * count + k] = temperature * gumbel(random);
  }
  return noise;
}

/** The choices of a result at each level of a span. @param row of the result in the run */
export function choicesAlong(
  { guides, blend }: DescentPlan,
  { weights }: SpanForms,
  parent: State,
  { paths, features }: SpanOutput,
  row: number,
): LevelChoice[] {
  const { code, images, scores } = paths[row] as SpanPath;
  return images.map((predict, place): LevelChoice => {
    const own = scores[place] as SpanPath['scores'][number];
    const parts = own.map(({ guide, scores: all }) => ({ scores: all, weight: weights[guide] as number }));
    const poolScores: PoolScores = {
      indices: [...(own[0]?.scores.keys() ?? [])],
      blended: blendScores(blend, parts),
      byGuide: guides.map((_, guide) => own.find((one) => one.guide === guide)?.scores ?? null),
    };
    const state = {
      code: [...parent.code, ...code.slice(0, place + 1)],
      from: { features, row },
      predict,
      logPrior: parent.logPrior,
    };
    return { beams: [state], ...scoresOf(code[place] as number, poolScores, guides.length) };
  });
}

/** Adds the candidates of a span to the counts of the guides that scored them by their forms. */
export function countScored({ guides, info }: DescentPlan, { first, levels }: SpanForms, results: number): void {
  for (const [place, forms] of levels.entries())
    for (const { guide } of forms)
      guides[guide]?.countScored(results * (info.levels[first + place]?.candidateCount ?? 0), 0);
}
