/** The descent of one request through the levels: a sequence of choices, one per level (no gradient is involved). */

import type { Timings } from '../../contract/events.ts';
import { type KandidError, toKandidError } from '../../errors.ts';
import type { LevelInfo } from '../../guide.ts';
import { Random } from '../../kit/random.ts';
import { throwIfCancelled } from '../guides/runner.ts';
import { linearGuideAt, type Place, type PoolScores, type Proposal, scoredPools, scorePools } from '../guides/score.ts';
import { type LevelOutput, START, type State } from '../network/network.ts';
import type { PriorPath } from '../network/prior.ts';
import { ScoredLevel } from '../network/scoring.ts';
import { type ChildStates, createStates, type ResultBeams, type Slice, sliceOf } from './beams.ts';
import { type SiblingGroup, siblingGroupsAt } from './distinct.ts';
import { cancelledEvent, doneEvent, levelEvent } from './event-builders.ts';
import type { GenerateEvent } from './events.ts';
import { finishing } from './foresight.ts';
import { survivorsOf } from './particles.ts';
import { type DescentPlan, levelInfoAt, populationAt } from './plan.ts';
import { areDistinct, drawnWholeFrom, noiseOf, pathLogPriors, statesOf } from './prior-paths.ts';
import { temperatureAt } from './sampler.ts';
import { scoresOf, selectKept } from './selection.ts';

/** Of the draws by which the prior proposes candidates to guides that do not look at all. */
const PROPOSAL_TEMPERATURE = 1;
/** Stream of their random numbers. */
const PROPOSALS = 1;
/** Candidates that an expensive guide is asked about at once, where one choice does not take more. */
const MOST_ASKED = 512;

/** `ready`: can be given to `take`; `choosing`: guides are being asked; else it is over. */
export type DescentStatus = 'ready' | 'choosing' | 'done' | 'cancelled' | 'failed';

type Output = LevelOutput | ScoredLevel;

/**
 * Walks level by level: `take` says which states to run next, `choose` is given the output of that run. The driver may
 * run the states of several descents that stand at the same level in one batch (`batches.ts`).
 */
export class Descent {
  readonly plan: DescentPlan;
  /** The particles of all results; the first of them, as many as there are results, are what is shown. */
  #particles: readonly ResultBeams[];
  readonly #candidateCounts: readonly number[];
  readonly #divergeSoon: boolean;
  readonly #weights: number[];
  readonly #total = { network: 0, guides: 0, engine: 0 };
  #spent = { network: 0, guides: 0, engine: 0 };
  #level = 0;
  #cursor = 0;
  #status: DescentStatus = 'ready';
  #error: KandidError | null = null;
  #siblingGroups = new Map<State, SiblingGroup>();
  #children: ChildStates = new Map();
  /** The runs of this level, whose features the next one needs, and those of the level before. */
  #outputs: Output[] = [];
  #outputsBefore: Output[] = [];
  #events: GenerateEvent[] = [];
  /** The level from which the rest is drawn in one run; null: all are walked. */
  #drawnFrom: number | null;
  #paths: PriorPath[] = [];

  constructor(plan: DescentPlan) {
    this.plan = plan;
    this.#weights = [...plan.weights];
    this.#candidateCounts = plan.info.levels.map(({ candidateCount }) => candidateCount);
    this.#particles = Array.from({ length: populationAt(plan, 0) }, (_, index) => ({
      index,
      beams: [START],
      chosen: null,
      lastScores: plan.guides.map(() => null),
    }));
    this.#drawnFrom = drawnWholeFrom(plan);
    // Always the best, or the same best few: chance would never make the results differ.
    this.#divergeSoon = plan.sampler.top === 1 || plan.beams.some((beams) => beams > 1);
    this.#beginLevel();
  }

  /** The level to be chosen next; the number of levels when all are. */
  get level(): number {
    return this.#level;
  }

  get status(): DescentStatus {
    return this.#status;
  }

  /** Why it failed; null where it did not. */
  get error(): KandidError | null {
    return this.#error;
  }

  /** Weights of the guides from the next choice on, in the plan's order. @throws {RangeError} */
  setWeights(weights: readonly number[]): void {
    if (weights.length !== this.#weights.length || !weights.every(Number.isFinite))
      throw new RangeError(`weights [${weights}] for ${this.#weights.length} guides`);
    this.#weights.splice(0, weights.length, ...weights);
  }

  /** What happened since it was last asked: one event per level, and at the end `done` or `cancelled`. */
  takeEvents(): GenerateEvent[] {
    this.#cancelIfAsked();
    return this.#events.splice(0);
  }

  /** Whether the next choice needs the probabilities of the prior. */
  get asksPrior(): boolean {
    return (this.plan.sampler.prior ?? 0) > 0 && this.#prefixAt(0) === null;
  }

  /**
   * Whether all levels that are left are to be drawn in one run (`prior-paths.ts`): `takeNoise` in place of `take`, `follow`
   * in place of `choose`.
   */
  get isDrawnWhole(): boolean {
    return this.#level === this.#drawnFrom;
  }

  /** The noise of the next results, of `rows` at most. */
  takeNoise(rows: number): Float32Array[] {
    this.#cancelIfAsked();
    if (this.#status !== 'ready') return [];
    const taken = this.#particles.slice(this.#cursor, this.#cursor + rows);
    this.#cursor += taken.length;
    this.#status = 'choosing';
    return taken.map(({ index, beams }) => noiseOf(this.plan, index, beams[0]?.code ?? []));
  }

  /** Takes the paths that came of the noise taken last. Its levels are told when all results have theirs. */
  follow(paths: readonly PriorPath[], ms: number): void {
    this.#paths.push(...paths);
    this.#spend({ network: ms, guides: 0, engine: 0 });
    this.#status = 'ready';
    this.#cancelIfAsked();
    if (this.#isOver || this.#cursor < this.#particles.length) return;
    const drawn = this.#paths.splice(0);
    this.#drawnFrom = null;
    // Equal results are very unlikely here; if there are some, the levels are run one by one, which keeps results distinct.
    if (areDistinct(drawn)) this.#tellLevels(drawn.map(statesOf));
    else this.#cursor = 0;
  }

  #tellLevels(states: readonly (readonly State[])[]): void {
    while (!this.#isOver) {
      for (const [i, result] of this.#particles.entries()) {
        const beams = [states[i]?.[this.#level] as State];
        result.chosen = { beams, score: null, guideScores: this.plan.guides.map(() => null) };
      }
      const event = levelEvent(this.plan, this.#level, this.#shown);
      this.#events.push({ ...event, timings: this.#spent });
      this.#endLevel();
    }
  }

  /** The next states to run: of as many results as fit into `rows`, at least one. Null where it is not `ready`. */
  take(rows: number): Slice | null {
    this.#cancelIfAsked();
    if (this.#status !== 'ready') return null;
    const started = performance.now();
    let slice: Slice;
    try {
      slice = sliceOf(this.#particles.slice(this.#cursor), rows, this.#mostPools());
    } catch (thrown) {
      this.fail(thrown);
      return null;
    }
    this.#cursor += slice.results.length;
    this.#status = 'choosing';
    this.#spent.engine += performance.now() - started;
    return slice;
  }

  /** The guide that alone decides the next choice by a quadratic form, so that its candidates need not be drawn; else null. */
  get linear(): ReturnType<typeof linearGuideAt> {
    if (this.#status !== 'ready' || this.asksPrior || this.#prefixAt(0) !== null) return null;
    return linearGuideAt(this.plan.guides, this.#weights, this.#levelInfo());
  }

  /**
   * Takes the output of a run: the slice's rows begin at its row `firstRow`. Never rejects: see `status` and `error`.
   *
   * @param guide whose scores an output without candidates holds
   */
  async choose(slice: Slice, output: Output, firstRow: number, guide = 0): Promise<void> {
    const started = performance.now();
    const before = this.#guideMs();
    try {
      const scores = this.#prefixAt(0) === null ? await this.#score(slice, output, firstRow, guide) : null;
      throwIfCancelled(this.plan.signal);
      this.#pick(slice, scores, output, firstRow);
    } catch (thrown) {
      return this.fail(thrown);
    }
    // Not where it failed: a guide that was given up on may still look at the candidates, or even change them.
    output.releaseCandidates();
    this.#outputs.push(output);
    this.#status = 'ready';
    const isWhole = this.#cursor === this.#particles.length;
    const event = isWhole ? levelEvent(this.plan, this.#level, this.#shown) : null;
    const guides = this.#guideMs() - before;
    this.#spend({ network: output.ms, guides, engine: performance.now() - started - guides });
    if (!event) return;
    this.#events.push({ ...event, timings: this.#spent });
    this.#endLevel();
  }

  /** Adds engine time that the driver spent on its behalf. */
  spendEngine(ms: number): void {
    this.#spend({ network: 0, guides: 0, engine: ms });
  }

  /** Ends it with an error, or as cancelled where its signal is the reason. */
  fail(thrown: unknown): void {
    this.#cancelIfAsked();
    if (this.#isOver) return;
    this.#error = toKandidError(thrown);
    this.#end('failed');
  }

  /** Frees its guides; more than once does no harm. */
  async dispose(): Promise<void> {
    await Promise.all(this.plan.guides.map((guide) => guide.dispose()));
  }

  get #isOver(): boolean {
    return this.#status !== 'ready' && this.#status !== 'choosing';
  }

  #beginLevel(): void {
    this.#cursor = 0;
    this.#children = new Map();
    this.#spent = { network: 0, guides: 0, engine: 0 };
    if (this.#level === this.plan.info.levels.length) {
      this.#events.push(doneEvent(this.plan, this.#particles, this.#weights, this.#total));
      this.#end('done');
      return;
    }
    const standing = this.#particles.flatMap(({ beams }) => (beams.length === 1 ? beams : []));
    this.#siblingGroups = siblingGroupsAt(standing, this.#level, this.#candidateCounts, this.#divergeSoon);
  }

  #endLevel(): void {
    for (const result of this.#particles) {
      const { chosen } = result;
      if (chosen) {
        result.beams = chosen.beams;
        result.lastScores = result.lastScores.map((before, guide) => chosen.guideScores[guide] ?? before);
      }
      result.chosen = null;
    }
    for (const part of ['network', 'guides', 'engine'] as const) this.#total[part] += this.#spent[part];
    for (const output of this.#outputsBefore) output.releaseFeatures();
    this.#outputsBefore = this.#outputs;
    this.#outputs = [];
    this.#level += 1;
    this.#keepBest(populationAt(this.plan, this.#level));
    this.#beginLevel();
  }

  /** The results as they stand. */
  get #shown(): readonly ResultBeams[] {
    return this.#particles.slice(0, this.plan.count);
  }

  /** Ends all particles but the best. */
  #keepBest(keep: number): void {
    const { blend, count, prefixes } = this.plan;
    if (this.#particles.length <= keep) return;
    const areApart = prefixes.length > 1;
    this.#particles = survivorsOf(this.#particles, { blend, weights: this.#weights, count, keep, areApart });
  }

  #prefixAt(result: number): number | null {
    const { prefixes } = this.plan;
    return (prefixes[result % this.plan.count] ?? prefixes[0])?.[this.#level] ?? null;
  }

  async #score(slice: Slice, output: Output, firstRow: number, guide: number): Promise<PoolScores[]> {
    if (output instanceof ScoredLevel) {
      const scores = { data: output.scores.data, count: output.candidateCount };
      this.plan.guides[guide]?.countScored(slice.states.length * scores.count, 0);
      return scoredPools(slice.pools, scores, guide, { ...this.plan, weights: this.#weights });
    }
    const { candidates } = output;
    const [, count, channels, side] = candidates.dims as [number, number, number, number];
    const size = count * channels * side * side;
    const rows = slice.states.length;
    const data = candidates.data.subarray(firstRow * size, (firstRow + rows) * size);
    const { guides, blend, signal } = this.plan;
    const keep = this.plan.beams[this.#level] as number;
    const isAsked = this.asksPrior && output.logPrior !== null;
    const proposals = isAsked
      ? slice.pools.map((rows, pool) => this.#proposal(slice, rows, pool, output, firstRow))
      : undefined;
    const level = this.#levelInfo();
    const finish = finishing(this.plan.foresee, slice.states, side);
    const asking = { guides, weights: this.#weights, blend, keep, level, signal, proposals, finish };
    return await scorePools(slice.pools, { data, rows, count, channels, side }, asking);
  }

  /** What the prior proposes in a pool; the first result that chooses in it gives the chance. */
  #proposal(slice: Slice, rows: readonly number[], pool: number, output: LevelOutput, firstRow: number): Proposal {
    const result = slice.results[slice.poolOf.indexOf(pool)]?.index ?? 0;
    const beams = rows.map((row) => slice.states[row] as State);
    const logWeights = pathLogPriors(beams, rows, output, firstRow).map((log) => log / PROPOSAL_TEMPERATURE);
    return { logWeights, random: Random.of(this.plan.seed, result, this.#level, PROPOSALS) };
  }

  /** Choices made at once, so that what a guide is asked at once stays small: others are served in between. */
  #mostPools(): number {
    const { guides, beams } = this.plan;
    const kept = this.#level === 0 ? 1 : (beams[this.#level - 1] as number);
    const all = kept * (this.#candidateCounts[this.#level] as number);
    const asked = guides.map((guide) => Math.min(all, guide.scoredAtMost(this.#levelInfo())));
    return Math.max(1, Math.floor(MOST_ASKED / Math.max(1, ...asked)));
  }

  #levelInfo(): LevelInfo {
    return levelInfoAt(this.plan.info, this.#level);
  }

  #pick(slice: Slice, scores: readonly PoolScores[] | null, output: Output, firstRow: number): void {
    const count = this.#candidateCounts[this.#level] as number;
    const kept = slice.results.map((result, i) => {
      const pool = slice.poolOf[i] as number;
      const rows = slice.pools[pool] as readonly number[];
      return this.#chooseOf(result, scores?.[pool] ?? null, count, this.#weighed(result, rows, output, firstRow));
    });
    const picks = kept.map((indices, i) => {
      const rows = slice.pools[slice.poolOf[i] as number] as readonly number[];
      return indices.map((index): Place => ({ row: rows[Math.floor(index / count)] as number, choice: index % count }));
    });
    createStates(slice, picks.flat(), output, firstRow, this.#children);
    for (const [i, result] of slice.results.entries()) {
      const beams = (picks[i] as Place[]).map(
        ({ row, choice }) => this.#children.get(slice.states[row] as State)?.get(choice) as State,
      );
      const of = scores?.[slice.poolOf[i] as number] ?? null;
      result.chosen = { beams, ...scoresOf(kept[i]?.[0] as number, of, this.plan.guides.length) };
    }
  }

  #chooseOf(result: ResultBeams, scores: PoolScores | null, count: number, prior: Float64Array | null): number[] {
    const forced = this.#prefixAt(result.index);
    if (forced !== null) return [forced];
    const { sampler } = this.plan;
    return selectKept({
      beams: result.beams.length,
      count,
      scores,
      siblings: result.beams.length === 1 ? this.#siblingGroups.get(result.beams[0] as State) : undefined,
      keep: this.plan.beams[this.#level] as number,
      drawing: { top: sampler.top, temperature: temperatureAt(sampler, this.#levelInfo().side) },
      random: Random.of(this.plan.seed, result.index, this.#level),
      prior,
    });
  }

  #weighed({ beams }: ResultBeams, rows: readonly number[], output: Output, firstRow: number): Float64Array | null {
    const { prior = 0 } = this.plan.sampler;
    if (prior === 0 || !output.logPrior) return null;
    return pathLogPriors(beams, rows, output, firstRow).map((log) => prior * log);
  }

  #guideMs(): number {
    return this.plan.guides.reduce((sum, guide) => sum + guide.use.ms, 0);
  }

  #spend(timings: Timings): void {
    for (const part of ['network', 'guides', 'engine'] as const) this.#spent[part] += timings[part];
  }

  #cancelIfAsked(): void {
    if (this.#isOver || !this.plan.signal.aborted) return;
    this.#keepBest(this.plan.count);
    this.#events.push(cancelledEvent(this.plan, this.#level, this.#particles, this.#total));
    this.#end('cancelled');
  }

  /** Also releases all large data, in case the descent is still referenced. */
  #end(status: DescentStatus): void {
    this.#status = status;
    this.#children = new Map();
    this.#siblingGroups = new Map();
    for (const result of this.#particles) {
      result.beams = [];
      result.chosen = null;
    }
  }
}
