/** The descent of one request through the levels: a sequence of choices, one per level (no gradient is involved). */

import type { Code } from '../../contract/codes.ts';
import type { BlendKind } from '../../contract/requests.ts';
import { type KandidError, toKandidError } from '../../errors.ts';
import type { LevelInfo } from '../../guide.ts';
import { Random } from '../../kit/random.ts';
import { type GuideRunner, throwIfCancelled } from '../guides/runner.ts';
import { type PoolScores, scorePools } from '../guides/score.ts';
import { type LevelOutput, type NetworkInfo, START, type State } from '../network/network.ts';
import { type Prior, priorRow } from '../network/prior.ts';
import { type ChildStates, createStates, type Pick, type ResultBeams, type Slice, sliceOf } from './beams.ts';
import { type SiblingGroup, siblingGroupsAt } from './distinct.ts';
import { cancelledEvent, doneEvent, levelEvent } from './event-builders.ts';
import type { GenerateEvent, Timings } from './events.ts';
import type { Sampler } from './sampler.ts';
import { scoresOf, selectKept } from './selection.ts';

/** Everything that decides a request's results. */
export interface DescentPlan {
  readonly info: NetworkInfo;
  readonly seed: number;
  /** Number of results. */
  readonly count: number;
  readonly sampler: Sampler;
  /** Distribution of choices that no guide decides. @default uniform */
  readonly prior?: Prior | null;
  /** Beams that each result keeps after each level. */
  readonly beams: readonly number[];
  readonly blend: BlendKind;
  readonly guides: readonly GuideRunner[];
  /** One per guide. */
  readonly weights: readonly number[];
  /** Choices of the first levels: none, those of all results, or one list per result, all of one length. */
  readonly prefixes: readonly Code[];
  /** [channels, S, S] where the model has a condition. */
  readonly condition: Float32Array | null;
  readonly signal: AbortSignal;
  /** Guides add to it while they run. */
  readonly notes: readonly string[];
}

/** Candidates that an expensive guide is asked about at once, where one choice does not take more. */
const MOST_ASKED = 512;

/** `ready`: can be given to `take`; `choosing`: guides are being asked; else it is over. */
export type DescentStatus = 'ready' | 'choosing' | 'done' | 'cancelled' | 'failed';

/**
 * Walks level by level: `take` says which states to run next, `choose` is given the output of that run. Whoever drives
 * it may run the states of several descents that stand at the same level in one batch (`batches.ts`).
 */
export class Descent {
  readonly plan: DescentPlan;
  readonly #results: readonly ResultBeams[];
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
  #outputs: LevelOutput[] = [];
  #outputsBefore: LevelOutput[] = [];
  #events: GenerateEvent[] = [];

  constructor(plan: DescentPlan) {
    this.plan = plan;
    this.#weights = [...plan.weights];
    this.#candidateCounts = plan.info.levels.map(({ candidateCount }) => candidateCount);
    this.#results = Array.from({ length: plan.count }, (_, index) => ({ index, beams: [START], chosen: null }));
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

  /** The next states to run: of as many results as fit into `rows`, at least one. Null where it is not `ready`. */
  take(rows: number): Slice | null {
    this.#cancelIfAsked();
    if (this.#status !== 'ready') return null;
    const started = performance.now();
    let slice: Slice;
    try {
      slice = sliceOf(this.#results.slice(this.#cursor), rows, this.#mostPools());
    } catch (thrown) {
      this.fail(thrown);
      return null;
    }
    this.#cursor += slice.results.length;
    this.#status = 'choosing';
    this.#spent.engine += performance.now() - started;
    return slice;
  }

  /** Takes the output of a run: the slice's rows begin at its row `firstRow`. Never rejects: see `status` and `error`. */
  async choose(slice: Slice, output: LevelOutput, firstRow: number): Promise<void> {
    const started = performance.now();
    const before = this.#guideMs();
    try {
      const scores = this.#prefixAt(0) === null ? await this.#score(slice, output, firstRow) : null;
      throwIfCancelled(this.plan.signal);
      this.#pick(slice, scores, output, firstRow);
    } catch (thrown) {
      return this.fail(thrown);
    }
    // Not where it failed: a guide that was given up on may still look at the candidates, or even change them.
    output.releaseCandidates();
    this.#outputs.push(output);
    this.#status = 'ready';
    const isWhole = this.#cursor === this.#results.length;
    const event = isWhole ? levelEvent(this.plan, this.#level, this.#results) : null;
    const guides = this.#guideMs() - before;
    this.#spend({ network: output.ms, guides, engine: performance.now() - started - guides });
    if (!event) return;
    this.#events.push({ ...event, timings: this.#spent });
    this.#endLevel();
  }

  /** Counts engine time spent on its behalf by whoever drives it. */
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
      this.#events.push(doneEvent(this.plan, this.#results, this.#total));
      this.#end('done');
      return;
    }
    const standing = this.#results.flatMap(({ beams }) => (beams.length === 1 ? beams : []));
    this.#siblingGroups = siblingGroupsAt(standing, this.#level, this.#candidateCounts, this.#divergeSoon);
  }

  #endLevel(): void {
    for (const result of this.#results) {
      if (result.chosen) result.beams = result.chosen.beams;
      result.chosen = null;
    }
    for (const part of ['network', 'guides', 'engine'] as const) this.#total[part] += this.#spent[part];
    for (const output of this.#outputsBefore) output.releaseFeatures();
    this.#outputsBefore = this.#outputs;
    this.#outputs = [];
    this.#level += 1;
    this.#beginLevel();
  }

  #prefixAt(result: number): number | null {
    const { prefixes } = this.plan;
    return (prefixes[result] ?? prefixes[0])?.[this.#level] ?? null;
  }

  #score(slice: Slice, { candidates }: LevelOutput, firstRow: number): Promise<PoolScores[]> {
    const [, count, channels, side] = candidates.dims as [number, number, number, number];
    const size = count * channels * side * side;
    const rows = slice.states.length;
    const data = candidates.data.subarray(firstRow * size, (firstRow + rows) * size);
    const { guides, blend, signal } = this.plan;
    const keep = this.plan.beams[this.#level] as number;
    const asking = { guides, weights: this.#weights, blend, keep, level: this.#levelInfo(), signal };
    return scorePools(slice.pools, { data, rows, count, channels, side }, asking);
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
    const { levels } = this.plan.info;
    const side = (level: number) => levels[level]?.side ?? 0;
    return { index: this.#level, levels: levels.length, side: side(this.#level), finalSide: side(levels.length - 1) };
  }

  #pick(slice: Slice, scores: readonly PoolScores[] | null, output: LevelOutput, firstRow: number): void {
    const count = this.#candidateCounts[this.#level] as number;
    const kept = slice.results.map((result, i) =>
      this.#chooseOf(result, scores?.[slice.poolOf[i] as number] ?? null, count),
    );
    const picks = kept.map((indices, i) => {
      const rows = slice.pools[slice.poolOf[i] as number] as readonly number[];
      return indices.map((index): Pick => ({ row: rows[Math.floor(index / count)] as number, choice: index % count }));
    });
    createStates(slice, picks.flat(), output, firstRow, this.#children);
    for (const [i, result] of slice.results.entries()) {
      const beams = (picks[i] as Pick[]).map(
        ({ row, choice }) => this.#children.get(slice.states[row] as State)?.get(choice) as State,
      );
      const of = scores?.[slice.poolOf[i] as number] ?? null;
      result.chosen = { beams, ...scoresOf(kept[i]?.[0] as number, of, this.plan.guides.length) };
    }
  }

  #chooseOf(result: ResultBeams, scores: PoolScores | null, count: number): number[] {
    const forced = this.#prefixAt(result.index);
    if (forced !== null) return [forced];
    return selectKept({
      beams: result.beams.length,
      count,
      scores,
      siblings: result.beams.length === 1 ? this.#siblingGroups.get(result.beams[0] as State) : undefined,
      keep: this.plan.beams[this.#level] as number,
      sampler: this.plan.sampler,
      random: Random.of(this.plan.seed, result.index, this.#level),
      logPrior: this.#logPriorOf(result),
    });
  }

  #logPriorOf({ beams }: ResultBeams): Float64Array | null {
    const { prior } = this.plan;
    if (!prior) return null;
    return Float64Array.from(beams.flatMap(({ code }) => [...priorRow(prior, this.#level, code.at(-1))]));
  }

  #guideMs(): number {
    return this.plan.guides.reduce((sum, guide) => sum + guide.use.ms, 0);
  }

  #spend(timings: Timings): void {
    for (const part of ['network', 'guides', 'engine'] as const) this.#spent[part] += timings[part];
  }

  #cancelIfAsked(): void {
    if (this.#isOver || !this.plan.signal.aborted) return;
    this.#events.push(cancelledEvent(this.plan, this.#level, this.#results, this.#total));
    this.#end('cancelled');
  }

  /** Lets go of everything large too, for whoever still holds the descent. */
  #end(status: DescentStatus): void {
    this.#status = status;
    this.#children = new Map();
    this.#siblingGroups = new Map();
    for (const result of this.#results) {
      result.beams = [];
      result.chosen = null;
    }
  }
}
