/** Descents that the prior alone decides, drawn whole by descend-SIDE.onnx, and the prior's part in those that guides decide too. */
import type { Code } from '../../contract/codes.ts';
import { FINEST_ASKED } from '../../contract/sides.ts';
import { gumbel, Random } from '../../kit/random.ts';
import type { Proposal } from '../guides/score.ts';
import type { NetworkInfo } from '../network/graph.ts';
import type { LevelOutput } from '../network/level-output.ts';
import type { State } from '../network/network.ts';
import type { PriorPath } from '../network/prior.ts';
import type { LevelChoice, Slice } from './beams.ts';
import { codesBelow } from './distinct.ts';
import { type DescentPlan, levelInfoAt } from './plan.ts';
import { temperatureAt } from './sampler.ts';

/** More results than this take seconds: their levels are walked one by one, so that one sees how far they are. */
const MOST_DRAWN_WHOLE = 16;

/** So many codes for each pair of results that equal ones need not be feared. */
const ROOM = 1e6;

/** Of the draws by which the prior proposes candidates to guides that do not look at all. */
const PROPOSAL_TEMPERATURE = 1;
/** Stream of their random numbers. */
const PROPOSALS = 1;

/** What makes a choice certain: beyond any log-probability that a candidate may have. */
const CERTAIN = 1e6;

/**
 * The level from which the rest of every result is drawn in one run, in which no candidate is drawn but the chosen ones: the
 * first one from which nothing but the prior decides. Null where there is none, or where that is not what the sampler asks.
 * Levels that somebody watches are walked, up to `FINEST_ASKED`: above it nothing new appears, and candidates are large.
 */
export function drawnWholeFrom(plan: DescentPlan): number | null {
  const { info, sampler, beams, count, isWatched = false } = plan;
  const counts = info.levels.map(({ candidateCount }) => candidateCount);
  if ((sampler.prior ?? 0) === 0 || counts.some((one) => one !== counts[0])) return null;
  const isShown = isWatched || count > MOST_DRAWN_WHOLE;
  const shown = isShown ? info.levels.filter(({ side }) => side <= FINEST_ASKED).length : 0;
  const from = Math.max(firstUnguided(plan), shown);
  const kept = Math.max(from, plan.prefixes[0]?.length ?? 0);
  if (kept >= counts.length || beams.slice(Math.max(0, from - 1)).some((one) => one > 1)) return null;
  const canDraw = sampler.top === Number.POSITIVE_INFINITY || (sampler.top === 1 && isCertain(plan, from));
  return canDraw && codesBelow(kept - 1, counts) >= ROOM * count ** 2 ? from : null;
}

/** The first level from which no guide has a say, whatever its weight is now. */
export function firstUnguided({ info, guides }: Pick<DescentPlan, 'info' | 'guides'>): number {
  const isGuided = (level: number) => guides.some((guide) => guide.isActiveAt(levelInfoAt(info, level)));
  let level = info.levels.length;
  while (level > 0 && !isGuided(level - 1)) level -= 1;
  return level;
}

/** Whether all levels from this one on take the likeliest candidate. */
function isCertain({ info, sampler }: DescentPlan, from: number): boolean {
  return info.levels.slice(from).every(({ side }) => temperatureAt(sampler, side) === 0);
}

/**
 * Noise of one result for descend-SIDE.onnx, [L × K]: temperature / weight times the Gumbel noise that `choose` would draw level by
 * level, and certainty for the choices made already and those of a prefix.
 */
export function noiseOf(
  { info, sampler, seed, prefixes, count: results }: DescentPlan,
  result: number,
  chosen: Code,
): Float32Array {
  const prefix = [...chosen, ...(prefixes[result % results] ?? prefixes[0] ?? []).slice(chosen.length)];
  const count = info.levels[0]?.candidateCount ?? 0;
  const noise = new Float32Array(info.levels.length * count);
  for (const [level, { side }] of info.levels.entries()) {
    const forced = prefix[level];
    if (forced !== undefined) {
      noise[level * count + forced] = CERTAIN;
      continue;
    }
    const scale = temperatureAt(sampler, side) / (sampler.prior ?? 1);
    const random = Random.of(seed, result, level);
    for (let k = 0; k < count; k++) noise[level * count + k] = scale * gumbel(random);
  }
  return noise;
}

/** Noise that makes a whole descent go along a whole code. */
export function certainNoise({ levels }: NetworkInfo, code: Code): Float32Array {
  const count = levels[0]?.candidateCount ?? 0;
  const noise = new Float32Array(levels.length * count);
  for (const [level, choice] of code.entries()) noise[level * count + choice] = CERTAIN;
  return noise;
}

/** The states that a path went through, one per level. */
function statesOf({ code, logPrior, images }: PriorPath): State[] {
  let sum = 0;
  return images.map((predict, level) => {
    sum += logPrior[level] as number;
    return { code: code.slice(0, level + 1), from: null, predict, logPrior: sum };
  });
}

/** What a result comes to by a path, from a level on. */
export function choicesOf(path: PriorPath, from: number, guides: number): LevelChoice[] {
  const guideScores = new Array<null>(guides).fill(null);
  return statesOf(path)
    .slice(from)
    .map((state) => ({ beams: [state], score: null, guideScores }));
}

export function areDistinct(paths: readonly PriorPath[]): boolean {
  return new Set(paths.map(({ code }) => code.join())).size === paths.length;
}

/**
 * Natural logarithms of the probabilities of the codes that the candidates of some beams would make, [beams × K]: those of the
 * beams' own codes included, so that candidates of several beams compare.
 */
export function pathLogPriors(
  beams: readonly State[],
  rows: readonly number[],
  { logPrior }: Pick<LevelOutput, 'logPrior'>,
  firstRow: number,
): Float64Array {
  if (!logPrior) throw new RangeError('the prior was not asked');
  const count = logPrior.dims[1] as number;
  const logs = new Float64Array(beams.length * count);
  for (const [beam, row] of rows.entries()) {
    const before = beams[beam]?.logPrior ?? 0;
    for (let k = 0; k < count; k++)
      logs[beam * count + k] = before + (logPrior.data[(firstRow + row) * count + k] as number);
  }
  return logs;
}

/** What the prior proposes in each pool of a slice; the first result that chooses in it gives the chance. */
export function proposalsOf(
  { seed }: DescentPlan,
  level: number,
  { pools, poolOf, results, states }: Slice,
  output: Pick<LevelOutput, 'logPrior'>,
  firstRow: number,
): Proposal[] {
  return pools.map((rows, pool) => {
    const result = results[poolOf.indexOf(pool)]?.index ?? 0;
    const beams = rows.map((row) => states[row] as State);
    const logWeights = pathLogPriors(beams, rows, output, firstRow).map((log) => log / PROPOSAL_TEMPERATURE);
    return { logWeights, random: Random.of(seed, result, level, PROPOSALS) };
  });
}
