/** The prior in a descent: paths that it samples alone (descend-SIDE.onnx), and its log-probabilities beside guides. */
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

/** More results than this take seconds: their levels run one by one, which shows progress. */
const MAX_ONE_SHOT_RESULTS = 16;

/** Codes per pair of results from which on equal results are improbable enough. */
const CODES_PER_PAIR = 1e6;

/** Temperature at which the prior proposes candidates to guides that do not score all of them. */
const PROPOSAL_TEMPERATURE = 1;
/** Random stream of the proposals. */
const PROPOSALS = 1;

/** Noise that forces a choice: larger than the magnitude of any log-probability. */
const CERTAIN = 1e6;

/**
 * The first level from which the prior alone decides: one run samples all levels from there on, and draws no candidates
 * but the chosen ones. Null if there is no such level, or if the sampler's options require single levels. Watched descents
 * run level by level up to `FINEST_ASKED`; above it nothing new appears, and candidates are large.
 */
export function oneShotFrom(plan: DescentPlan): number | null {
  const { info, sampler, beams, count, isWatched = false } = plan;
  const counts = info.levels.map(({ candidateCount }) => candidateCount);
  if ((sampler.prior ?? 0) === 0 || counts.some((one) => one !== counts[0])) return null;
  const isShown = isWatched || count > MAX_ONE_SHOT_RESULTS;
  const shown = isShown ? info.levels.filter(({ side }) => side <= FINEST_ASKED).length : 0;
  const from = Math.max(firstUnguided(plan), shown);
  const kept = Math.max(from, plan.prefixes[0]?.length ?? 0);
  if (kept >= counts.length || beams.slice(Math.max(0, from - 1)).some((one) => one > 1)) return null;
  const canSample = sampler.top === Number.POSITIVE_INFINITY || (sampler.top === 1 && isGreedy(plan, from));
  return canSample && codesBelow(kept - 1, counts) >= CODES_PER_PAIR * count ** 2 ? from : null;
}

/** The first level from which on no guide is active, regardless of weights. */
export function firstUnguided({ info, guides }: Pick<DescentPlan, 'info' | 'guides'>): number {
  const isGuided = (level: number) => guides.some((guide) => guide.isActiveAt(levelInfoAt(info, level)));
  let level = info.levels.length;
  while (level > 0 && !isGuided(level - 1)) level -= 1;
  return level;
}

/** Whether the likeliest candidate is chosen at all levels from this one on. */
function isGreedy({ info, sampler }: DescentPlan, from: number): boolean {
  return info.levels.slice(from).every(({ side }) => temperatureAt(sampler, side) === 0);
}

/**
 * Noise of one result for descend-SIDE.onnx, [L × K]: temperature / weight times the Gumbel noise that `choose` would draw
 * level by level. Previous choices and those of a prefix are forced.
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

/** Noise that forces the choices of a code, [L × K]; after a shorter code, the likeliest choices follow. */
export function certainNoise({ levels }: NetworkInfo, code: Code): Float32Array {
  const count = levels[0]?.candidateCount ?? 0;
  const noise = new Float32Array(levels.length * count);
  for (const [level, choice] of code.entries()) noise[level * count + choice] = CERTAIN;
  return noise;
}

/** The states along a path, one per level. */
function statesOf({ code, logPrior, images }: PriorPath): State[] {
  let sum = 0;
  return images.map((predict, level) => {
    sum += logPrior[level] as number;
    return { code: code.slice(0, level + 1), from: null, predict, logPrior: sum };
  });
}

/** The choices along a path from a level on. */
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
 * Natural log-probabilities of the codes that end with each candidate, [beams × K]. They include the beams' own codes, so
 * that candidates of different beams are comparable.
 *
 * @param rows of the beams in their slice
 * @param firstRow of the slice in the run
 */
export function pathLogPriors(
  beams: readonly State[],
  rows: readonly number[],
  { logPrior }: Pick<LevelOutput, 'logPrior'>,
  firstRow: number,
): Float64Array {
  if (!logPrior) throw new RangeError('the run has no log-probabilities');
  const count = logPrior.dims[1] as number;
  const logs = new Float64Array(beams.length * count);
  for (const [beam, row] of rows.entries()) {
    const before = beams[beam]?.logPrior ?? 0;
    for (let k = 0; k < count; k++)
      logs[beam * count + k] = before + (logPrior.data[(firstRow + row) * count + k] as number);
  }
  return logs;
}

/** The prior's proposals for each pool of a slice. The pool's first result determines the random stream. */
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
