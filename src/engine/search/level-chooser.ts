/** The choice at one level: guides score the candidates of each result, which keeps some of them. */
import type { LevelInfo } from '../../guide.ts';
import { Random } from '../../kit/random.ts';
import { type Place, type PoolScores, scorePools } from '../guides/score.ts';
import type { DrawnLevel } from '../network/level-output.ts';
import type { State } from '../network/network.ts';
import type { UndrawnLevel } from '../network/undrawn.ts';
import { type ChildStates, createStates, type ResultBeams, type Slice } from './beams.ts';
import { sourceOf } from './candidates.ts';
import { type SiblingGroup, siblingGroupsAt } from './distinct.ts';
import { finishing } from './foresight.ts';
import { type DescentPlan, levelInfoAt } from './plan.ts';
import { pathLogPriors, proposalsOf } from './prior-paths.ts';
import { temperatureAt } from './sampler.ts';
import { scoresOf, selectKept } from './selection.ts';

/** Most candidates that an expensive guide scores in one call, unless a single choice has more. */
const MAX_SCORED_AT_ONCE = 512;

/** The output of a run of one level. */
export type RunOutput = DrawnLevel | UndrawnLevel;

/** Where the rows of a slice are in the output of a run. */
export interface SliceOutput {
  readonly output: RunOutput;
  /** Row of the slice's first state. */
  readonly firstRow: number;
  /** Indices of the guides whose quadratic forms an undrawn output has evaluated, in its order. */
  readonly formGuides: readonly number[];
}

export class LevelChooser {
  readonly #plan: DescentPlan;
  readonly #level: number;
  readonly #siblingGroups: Map<State, SiblingGroup>;
  readonly #children: ChildStates = new Map();

  /** @param results all results of the descent, as they enter the level */
  constructor(plan: DescentPlan, level: number, results: readonly ResultBeams[]) {
    this.#plan = plan;
    this.#level = level;
    const states = results.flatMap(({ beams }) => (beams.length === 1 ? beams : []));
    const counts = plan.info.levels.map(({ candidateCount }) => candidateCount);
    // If the sampler always takes the best candidates, chance never makes results differ.
    const divergeEarly = plan.sampler.top === 1 || plan.beams.some((beams) => beams > 1);
    this.#siblingGroups = siblingGroupsAt(states, level, counts, divergeEarly);
  }

  /** Most pools of one slice: a guide's calls stay short, so that other requests can run in between. */
  get maxPools(): number {
    const { guides, beams } = this.#plan;
    const kept = this.#level === 0 ? 1 : (beams[this.#level - 1] as number);
    const candidates = kept * this.#candidateCount;
    const scored = guides.map((guide) => Math.min(candidates, guide.scoredAtMost(this.#levelInfo)));
    return Math.max(1, Math.floor(MAX_SCORED_AT_ONCE / Math.max(1, ...scored)));
  }

  /**
   * Scores of each pool of a slice; null if prefixes determine the choices.
   *
   * @param weights current weights of the guides
   * @throws {KandidError} from a guide
   */
  async score(slice: Slice, run: SliceOutput, weights: readonly number[]): Promise<PoolScores[] | null> {
    if (this.#forcedChoice(0) !== null) return null;
    const { output, firstRow, formGuides } = run;
    const source = sourceOf(output, { rows: slice.states.length, firstRow }, formGuides);
    const { guides, blend, signal, sampler, foresee } = this.#plan;
    const hasPrior = (sampler.prior ?? 0) > 0 && output.logPrior !== null;
    return await scorePools(slice.pools, source, {
      guides,
      weights,
      blend,
      keep: this.#plan.beams[this.#level] as number,
      level: this.#levelInfo,
      signal,
      proposals: hasPrior ? proposalsOf(this.#plan, this.#level, slice, output, firstRow) : undefined,
      finish: finishing(foresee, slice.states, source.side),
    });
  }

  /** Selects the candidates that each result of a slice keeps, and sets its `chosen`. */
  select(slice: Slice, scores: readonly PoolScores[] | null, { output, firstRow }: SliceOutput): void {
    const count = this.#candidateCount;
    const rowsOf = (i: number) => slice.pools[slice.poolOf[i] as number] as readonly number[];
    const scoresAt = (i: number) => scores?.[slice.poolOf[i] as number] ?? null;
    const kept = slice.results.map((result, i) => {
      const prior = this.#weightedPrior(result, rowsOf(i), output, firstRow);
      return this.#selectFor(result, scoresAt(i), prior);
    });
    const picks = kept.map((indices, i) =>
      indices.map((index): Place => ({ row: rowsOf(i)[Math.floor(index / count)] as number, choice: index % count })),
    );
    createStates(slice, picks.flat(), output, firstRow, this.#children);
    for (const [i, result] of slice.results.entries()) {
      const beams = (picks[i] as Place[]).map(
        ({ row, choice }) => this.#children.get(slice.states[row] as State)?.get(choice) as State,
      );
      result.chosen = { beams, ...scoresOf(kept[i]?.[0] as number, scoresAt(i), this.#plan.guides.length) };
    }
  }

  /** Releases the states that it holds. */
  clear(): void {
    this.#children.clear();
    this.#siblingGroups.clear();
  }

  get #levelInfo(): LevelInfo {
    return levelInfoAt(this.#plan.info, this.#level);
  }

  /** K */
  get #candidateCount(): number {
    return this.#plan.info.levels[this.#level]?.candidateCount as number;
  }

  #selectFor({ index, beams }: ResultBeams, scores: PoolScores | null, prior: Float64Array | null): number[] {
    const forced = this.#forcedChoice(index);
    if (forced !== null) return [forced];
    const { sampler, seed, blend, beams: keep } = this.#plan;
    return selectKept({
      beams: beams.length,
      count: this.#candidateCount,
      scores,
      blend,
      siblings: beams.length === 1 ? this.#siblingGroups.get(beams[0] as State) : undefined,
      keep: keep[this.#level] as number,
      drawing: { top: sampler.top, temperature: temperatureAt(sampler, this.#levelInfo.side) },
      random: Random.of(seed, index, this.#level),
      prior,
    });
  }

  /** The choice of a result's prefix at this level; null if the prefix ends before it. */
  #forcedChoice(result: number): number | null {
    const { prefixes, count } = this.#plan;
    return (prefixes[result % count] ?? prefixes[0])?.[this.#level] ?? null;
  }

  /** Weighted log-probabilities of the candidates of a result's beams, [beams × K]; null without a prior. */
  #weightedPrior(
    { beams }: ResultBeams,
    rows: readonly number[],
    output: RunOutput,
    firstRow: number,
  ): Float64Array | null {
    const { prior = 0 } = this.#plan.sampler;
    if (prior === 0 || !output.logPrior) return null;
    return pathLogPriors(beams, rows, output, firstRow).map((log) => prior * log);
  }
}
