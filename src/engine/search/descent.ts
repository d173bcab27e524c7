/** The descent of one request through the levels: a sequence of choices, one per level (no gradient is involved). */

import type { Timings } from '../../contract/events.ts';
import { type KandidError, toKandidError } from '../../errors.ts';
import type { LevelInfo } from '../../guide.ts';
import { Random } from '../../kit/random.ts';
import { throwIfCancelled } from '../guides/runner.ts';
import { type Place, type PoolScores, scorePools } from '../guides/score.ts';
import type { SpanForms } from '../network/fused.ts';
import type { DrawnLevel, LevelOutput } from '../network/level-output.ts';
import { START, type State } from '../network/network.ts';
import type { PriorPath } from '../network/prior.ts';
import type { SpanOutput } from '../network/span-output.ts';
import type { UndrawnLevel } from '../network/undrawn.ts';
import { type ChildStates, createStates, type LevelChoice, type ResultBeams, type Slice, sliceOf } from './beams.ts';
import { sourceOf } from './candidates.ts';
import { type SiblingGroup, siblingGroupsAt } from './distinct.ts';
import { cancelledEvent, doneEvent, levelEvent } from './event-builders.ts';
import type { GenerateEvent } from './events.ts';
import { finishing } from './foresight.ts';
import { type LevelNeeds, NO_NEEDS, needsAt } from './needs.ts';
import { survivorsOf } from './particles.ts';
import { type DescentPlan, levelInfoAt, populationAt } from './plan.ts';
import { areDistinct, choicesOf, drawnWholeFrom, noiseOf, pathLogPriors, proposalsOf } from './prior-paths.ts';
import { temperatureAt } from './sampler.ts';
import { scoresOf, selectKept } from './selection.ts';
import { choicesAlong, countScored, spanAt } from './spans.ts';

/** Candidates that an expensive guide is asked about at once, where one choice does not take more. */
const MOST_ASKED = 512;

/** `ready`: to be given to `take`; `choosing`: guides are being asked; else it is over. */
export type DescentStatus = 'ready' | 'choosing' | 'done' | 'cancelled' | 'failed';

type Output = DrawnLevel | UndrawnLevel;

/**
 * Walks level by level: `take` says which states to run next, `choose` is given the output of that run. The driver may
 * run the states of several descents that stand at the same level in one batch (`batches.ts`).
 */
export class Descent {
  readonly plan: DescentPlan;
  /** Of all results; the first of them, as many as there are results, are what is shown. */
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
  #outputs: Pick<LevelOutput, 'releaseFeatures'>[] = [];
  #outputsBefore: Pick<LevelOutput, 'releaseFeatures'>[] = [];
  #events: GenerateEvent[] = [];
  /** The level from which the rest is drawn in one run; null: all are walked. */
  #drawnFrom: number | null;
  #paths: PriorPath[] = [];
  /** Levels to be chosen in one run; undefined: not known yet. */
  #span: SpanForms | null | undefined;
  /** Of each result that has run them, what it comes to at each. */
  #chosen: LevelChoice[][] = [];

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
    if (this.#cursor === 0) this.#span = undefined;
  }

  /** What happened since it was last asked: one event per level, and at the end `done` or `cancelled`. */
  takeEvents(): GenerateEvent[] {
    this.#cancelIfAsked();
    return this.#events.splice(0);
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
    if (areDistinct(drawn))
      this.#tellLevels(drawn.map((path) => choicesOf(path, this.#level, this.plan.guides.length)));
    else this.#cursor = 0;
  }

  /** Ends the levels that results have chosen in one run. */
  #tellLevels(chosen: readonly (readonly LevelChoice[])[]): void {
    const levels = chosen[0]?.length ?? 0;
    const outputs = this.#outputs.splice(0);
    for (let place = 0; place < levels && !this.#isOver; place++) {
      for (const [i, result] of this.#particles.entries()) result.chosen = chosen[i]?.[place] ?? null;
      // The features are those of the last of them.
      if (place === levels - 1) this.#outputs = outputs;
      this.#endLevel(levelEvent(this.plan, this.#level, this.#shown));
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

  /** What is to be known of the next level before it is run. */
  get needs(): LevelNeeds {
    return this.#orFail(() => needsAt(this.plan, this.#weights, this.#level)) ?? NO_NEEDS;
  }

  /** The next levels, where quadratic forms decide several: `chooseSpan` in place of `choose`. */
  get span(): SpanForms | null {
    if (this.#span === undefined)
      this.#span = this.#orFail(() => spanAt(this.plan, this.#weights, this.#level, this.#particles));
    return this.#span;
  }

  /** A guide's form may fail to be made. */
  #orFail<T>(of: () => T): T | null {
    try {
      return of();
    } catch (thrown) {
      this.fail(thrown);
      return null;
    }
  }

  /**
   * Takes the output of a run: the slice's rows begin at its row `firstRow`. Never rejects: see `status` and `error`.
   *
   * @param guides those whose forms an undrawn output has the scores of
   */
  async choose(slice: Slice, output: Output, firstRow: number, guides: readonly number[] = []): Promise<void> {
    const started = performance.now();
    const before = this.#guideMs();
    const networkBefore = output.ms;
    try {
      const scores = this.#prefixAt(0) === null ? await this.#score(slice, output, firstRow, guides) : null;
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
    const asked = this.#guideMs() - before;
    const drawing = output.ms - networkBefore;
    this.#spend({ network: output.ms, guides: asked, engine: performance.now() - started - asked - drawing });
    if (event) this.#endLevel(event);
  }

  /** Takes the output of a run of several levels: those of a result are told when all results have theirs. */
  chooseSpan(span: SpanForms, slice: Slice, output: SpanOutput, firstRow: number): void {
    if (this.#isOver) return;
    const started = performance.now();
    for (const [i, result] of slice.results.entries()) {
      const chosen = choicesAlong(this.plan, span, result.beams[0] as State, output, firstRow + i);
      this.#chosen[this.#particles.indexOf(result)] = chosen;
    }
    countScored(this.plan, span, slice.results.length);
    output.releaseCandidates();
    this.#outputs.push(output);
    this.#status = 'ready';
    this.#spend({ network: output.ms, guides: 0, engine: performance.now() - started });
    this.#cancelIfAsked();
    if (!this.#isOver && this.#cursor === this.#particles.length) this.#tellLevels(this.#chosen.splice(0));
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
    this.#span = undefined;
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

  #endLevel(event: ReturnType<typeof levelEvent>): void {
    this.#events.push({ ...event, timings: this.#spent });
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
    this.#particles = survivorsOf(this.#particles, this.plan, this.#weights, populationAt(this.plan, this.#level));
    this.#beginLevel();
  }

  /** The results as they stand. */
  get #shown(): readonly ResultBeams[] {
    return this.#particles.slice(0, this.plan.count);
  }

  #prefixAt(result: number): number | null {
    const { prefixes } = this.plan;
    return (prefixes[result % this.plan.count] ?? prefixes[0])?.[this.#level] ?? null;
  }

  async #score(slice: Slice, output: Output, firstRow: number, formsOf: readonly number[]): Promise<PoolScores[]> {
    const part = { rows: slice.states.length, firstRow };
    const source = sourceOf(output, part, formsOf);
    const { guides, blend, signal } = this.plan;
    const keep = this.plan.beams[this.#level] as number;
    const isAsked = this.needs.asksPrior && output.logPrior !== null;
    const proposals = isAsked ? proposalsOf(this.plan, this.#level, slice, output, firstRow) : undefined;
    const finish = finishing(this.plan.foresee, slice.states, source.side);
    const asking = { guides, weights: this.#weights, blend, keep, level: this.#levelInfo(), signal, proposals, finish };
    return await scorePools(slice.pools, source, asking);
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
    const { sampler, blend } = this.plan;
    return selectKept({
      beams: result.beams.length,
      count,
      scores,
      blend,
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
    const best = survivorsOf(this.#particles, this.plan, this.#weights, this.plan.count);
    this.#events.push(cancelledEvent(this.plan, this.#level, best, this.#total));
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
