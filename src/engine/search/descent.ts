/** The descent of one request through the levels: a sequence of choices, one per level (no gradient is involved). */

import type { Timings } from '../../contract/events.ts';
import { type KandidError, toKandidError } from '../../errors.ts';
import { throwIfCancelled } from '../guides/runner.ts';
import type { SpanForms } from '../network/fused.ts';
import type { LevelOutput } from '../network/level-output.ts';
import { START, type State } from '../network/network.ts';
import type { PriorPath } from '../network/prior.ts';
import type { SpanOutput } from '../network/span-output.ts';
import { type LevelChoice, type ResultBeams, type Slice, sliceOf } from './beams.ts';
import { cancelledEvent, doneEvent, levelEvent } from './event-builders.ts';
import type { GenerateEvent } from './events.ts';
import { LevelChooser, type RunOutput } from './level-chooser.ts';
import { type LevelNeeds, NO_NEEDS, needsAt } from './needs.ts';
import { survivorsOf } from './particles.ts';
import { type DescentPlan, populationAt } from './plan.ts';
import { areDistinct, choicesOf, noiseOf, oneShotFrom } from './prior-paths.ts';
import { choicesAlong, countScored, spanAt } from './spans.ts';

/** `ready`: waiting for its next run; `choosing`: guides are scoring a run's candidates; the others are final. */
export type DescentStatus = 'ready' | 'choosing' | 'done' | 'cancelled' | 'failed';

/**
 * Advances level by level: `nextSlice` returns the states to run, `choose` accepts the output of that run. The driver may
 * run states of several descents at the same level in one batch (`batches.ts`).
 */
export class Descent {
  readonly plan: DescentPlan;
  /** The descents of all results; the first `plan.count` are the current results. */
  #particles: readonly ResultBeams[];
  readonly #weights: number[];
  readonly #totals = noTimings();
  /** Timings of the current level. */
  #timings = noTimings();
  #level = 0;
  /** Number of particles that were handed to runs of this level. */
  #cursor = 0;
  #status: DescentStatus = 'ready';
  #error: KandidError | null = null;
  #chooser: LevelChooser;
  /** Outputs of this level's runs, whose features the next level needs, and those of the level before. */
  #outputs: Pick<LevelOutput, 'releaseFeatures'>[] = [];
  #previousOutputs: Pick<LevelOutput, 'releaseFeatures'>[] = [];
  #events: GenerateEvent[] = [];
  /** The level from which a single run samples all remaining ones; null: none. */
  #oneShotLevel: number | null;
  #paths: PriorPath[] = [];
  /** Levels to choose in one run; undefined: not determined yet. */
  #span: SpanForms | null | undefined;
  /** Choices of a span by particle, one per level, for those that have run. */
  #spanChoices: LevelChoice[][] = [];

  constructor(plan: DescentPlan) {
    this.plan = plan;
    this.#weights = [...plan.weights];
    this.#particles = Array.from({ length: populationAt(plan, 0) }, (_, index) => ({
      index,
      beams: [START],
      chosen: null,
      lastScores: plan.guides.map(() => null),
    }));
    this.#oneShotLevel = oneShotFrom(plan);
    this.#chooser = new LevelChooser(plan, 0, this.#particles);
  }

  /** The level to choose next, or the number of levels when all are chosen. */
  get level(): number {
    return this.#level;
  }

  get status(): DescentStatus {
    return this.#status;
  }

  /** The reason for the status `failed`, otherwise null. */
  get error(): KandidError | null {
    return this.#error;
  }

  /** Sets the guides' weights, in the plan's order, from the next choice on. @throws {RangeError} */
  setWeights(weights: readonly number[]): void {
    if (weights.length !== this.#weights.length || !weights.every(Number.isFinite))
      throw new RangeError(`weights [${weights}] for ${this.#weights.length} guides`);
    this.#weights.splice(0, weights.length, ...weights);
    if (this.#cursor === 0) this.#span = undefined;
  }

  /** Events since the last call: one per level, and `done` or `cancelled` at the end. */
  drainEvents(): GenerateEvent[] {
    this.#cancelIfAborted();
    return this.#events.splice(0);
  }

  /**
   * Whether a single run samples all remaining levels (`prior-paths.ts`): then `nextNoise` replaces `nextSlice`, and
   * `acceptPaths` replaces `choose`.
   */
  get isOneShot(): boolean {
    return this.#level === this.#oneShotLevel;
  }

  /** Noise of the next results, at most `rows` of them, [L × K] each; empty unless the status is `ready`. */
  nextNoise(rows: number): Float32Array[] {
    this.#cancelIfAborted();
    if (this.#status !== 'ready') return [];
    const results = this.#particles.slice(this.#cursor, this.#cursor + rows);
    this.#cursor += results.length;
    this.#status = 'choosing';
    return results.map(({ index, beams }) => noiseOf(this.plan, index, beams[0]?.code ?? []));
  }

  /**
   * Accepts the paths sampled with the last noise. Its levels end once all results have their paths.
   *
   * @param ms duration of the run
   */
  acceptPaths(paths: readonly PriorPath[], ms: number): void {
    this.#paths.push(...paths);
    this.#addTimings({ network: ms, guides: 0, engine: 0 });
    this.#status = 'ready';
    this.#cancelIfAborted();
    if (this.#isOver || this.#cursor < this.#particles.length) return;
    const sampled = this.#paths.splice(0);
    this.#oneShotLevel = null;
    // Equal results are very unlikely. If there are any, the levels run one by one instead, which keeps results distinct.
    if (areDistinct(sampled))
      this.#finishLevels(sampled.map((path) => choicesOf(path, this.#level, this.plan.guides.length)));
    else this.#cursor = 0;
  }

  /**
   * The next states to run: those of as many results as fit into `rows`, at least one result. Null unless the status is
   * `ready`.
   */
  nextSlice(rows: number): Slice | null {
    this.#cancelIfAborted();
    if (this.#status !== 'ready') return null;
    const started = performance.now();
    let slice: Slice;
    try {
      slice = sliceOf(this.#particles.slice(this.#cursor), rows, this.#chooser.maxPools);
    } catch (thrown) {
      this.fail(thrown);
      return null;
    }
    this.#cursor += slice.results.length;
    this.#status = 'choosing';
    this.#timings.engine += performance.now() - started;
    return slice;
  }

  /** Requirements for the run of the next level. */
  get needs(): LevelNeeds {
    return this.#orFail(() => needsAt(this.plan, this.#weights, this.#level)) ?? NO_NEEDS;
  }

  /** The next levels, if quadratic forms decide several of them in one run: then `chooseSpan` replaces `choose`. */
  get span(): SpanForms | null {
    if (this.#span === undefined)
      this.#span = this.#orFail(() => spanAt(this.plan, this.#weights, this.#level, this.#particles));
    return this.#span;
  }

  /** Calls code of a guide; if it throws, the descent fails. */
  #orFail<T>(call: () => T): T | null {
    try {
      return call();
    } catch (thrown) {
      this.fail(thrown);
      return null;
    }
  }

  /**
   * Accepts the output of a run and chooses. Never rejects: see `status` and `error`.
   *
   * @param firstRow row of the slice's first state in the output
   * @param formGuides indices of the guides whose forms an undrawn output has evaluated
   */
  async choose(slice: Slice, output: RunOutput, firstRow: number, formGuides: readonly number[] = []): Promise<void> {
    const started = performance.now();
    const guidesBefore = this.#guideMs();
    const networkBefore = output.ms;
    const run = { output, firstRow, formGuides };
    try {
      const scores = await this.#chooser.score(slice, run, this.#weights);
      throwIfCancelled(this.plan.signal);
      this.#chooser.select(slice, scores, run);
    } catch (thrown) {
      return this.fail(thrown);
    }
    // Not after a failure: a guide that timed out may still read the candidates, or even modify them.
    output.releaseCandidates();
    this.#outputs.push(output);
    this.#status = 'ready';
    const isComplete = this.#cursor === this.#particles.length;
    const event = isComplete ? levelEvent(this.plan, this.#level, this.#results) : null;
    const guides = this.#guideMs() - guidesBefore;
    const drawing = output.ms - networkBefore;
    this.#addTimings({ network: output.ms, guides, engine: performance.now() - started - guides - drawing });
    if (event) this.#finishLevel(event);
  }

  /** Accepts the output of a run of several levels. Its levels end once all results have theirs. */
  chooseSpan(span: SpanForms, slice: Slice, output: SpanOutput, firstRow: number): void {
    if (this.#isOver) return;
    const started = performance.now();
    for (const [i, result] of slice.results.entries()) {
      const choices = choicesAlong(this.plan, span, result.beams[0] as State, output, firstRow + i);
      this.#spanChoices[this.#particles.indexOf(result)] = choices;
    }
    countScored(this.plan, span, slice.results.length);
    output.releaseCandidates();
    this.#outputs.push(output);
    this.#status = 'ready';
    this.#addTimings({ network: output.ms, guides: 0, engine: performance.now() - started });
    this.#cancelIfAborted();
    if (!this.#isOver && this.#cursor === this.#particles.length) this.#finishLevels(this.#spanChoices.splice(0));
  }

  /** Adds engine time that the driver spent for this descent, in milliseconds. */
  addEngineTime(ms: number): void {
    this.#addTimings({ network: 0, guides: 0, engine: ms });
  }

  /** Ends it with an error, or as cancelled if its signal was aborted. */
  fail(thrown: unknown): void {
    this.#cancelIfAborted();
    if (this.#isOver) return;
    this.#error = toKandidError(thrown);
    this.#end('failed');
  }

  /** Frees its guides. May be called more than once. */
  async dispose(): Promise<void> {
    await Promise.all(this.plan.guides.map((guide) => guide.dispose()));
  }

  get #isOver(): boolean {
    return this.#status !== 'ready' && this.#status !== 'choosing';
  }

  #beginLevel(): void {
    this.#cursor = 0;
    this.#span = undefined;
    this.#timings = noTimings();
    if (this.#level === this.plan.info.levels.length) {
      this.#events.push(doneEvent(this.plan, this.#particles, this.#weights, this.#totals));
      this.#end('done');
      return;
    }
    this.#chooser = new LevelChooser(this.plan, this.#level, this.#particles);
  }

  #finishLevel(event: ReturnType<typeof levelEvent>): void {
    this.#events.push({ ...event, timings: this.#timings });
    for (const result of this.#particles) {
      const { chosen } = result;
      if (chosen) {
        result.beams = chosen.beams;
        result.lastScores = result.lastScores.map((before, guide) => chosen.guideScores[guide] ?? before);
      }
      result.chosen = null;
    }
    for (const part of ['network', 'guides', 'engine'] as const) this.#totals[part] += this.#timings[part];
    for (const output of this.#previousOutputs) output.releaseFeatures();
    this.#previousOutputs = this.#outputs;
    this.#outputs = [];
    this.#level += 1;
    this.#particles = survivorsOf(this.#particles, this.plan, this.#weights, populationAt(this.plan, this.#level));
    this.#beginLevel();
  }

  /** Finishes several levels that one run has chosen. @param choices by particle, one per level */
  #finishLevels(choices: readonly (readonly LevelChoice[])[]): void {
    const levels = choices[0]?.length ?? 0;
    const outputs = this.#outputs.splice(0);
    for (let place = 0; place < levels && !this.#isOver; place++) {
      for (const [i, result] of this.#particles.entries()) result.chosen = choices[i]?.[place] ?? null;
      // The run's features are those of the last level.
      if (place === levels - 1) this.#outputs = outputs;
      this.#finishLevel(levelEvent(this.plan, this.#level, this.#results));
    }
  }

  /** The particles that currently represent the results. */
  get #results(): readonly ResultBeams[] {
    return this.#particles.slice(0, this.plan.count);
  }

  #guideMs(): number {
    return this.plan.guides.reduce((sum, guide) => sum + guide.use.ms, 0);
  }

  #addTimings(timings: Timings): void {
    for (const part of ['network', 'guides', 'engine'] as const) this.#timings[part] += timings[part];
  }

  #cancelIfAborted(): void {
    if (this.#isOver || !this.plan.signal.aborted) return;
    const best = survivorsOf(this.#particles, this.plan, this.#weights, this.plan.count);
    this.#events.push(cancelledEvent(this.plan, this.#level, best, this.#totals));
    this.#end('cancelled');
  }

  /** Also releases all large data, in case the descent is still referenced. */
  #end(status: DescentStatus): void {
    this.#status = status;
    this.#chooser.clear();
    for (const result of this.#particles) {
      result.beams = [];
      result.chosen = null;
    }
  }
}

function noTimings() {
  return { network: 0, guides: 0, engine: 0 };
}
