/** Runs the graphs of a bundle: one level at a time (the step path), or whole codes at once. */

import type { Code } from '../../contract/codes.ts';
import type { Picture } from '../../guide.ts';
import { integers, sizeOf, type Tensor, type TensorData } from '../../kit/tensor.ts';
import { BufferPool } from './buffer-pool.ts';
import type { Fused, GuideForm, SpanForms, SpanRow } from './fused.ts';
import type { Graph, NetworkInfo } from './graph.ts';
import { DrawnLevel } from './level-output.ts';
import type { Prior, PriorPath } from './prior.ts';
import { SpanOutput } from './span-output.ts';
import { UndrawnLevel } from './undrawn.ts';

/** Where a descent stands: what the next level's graph needs to know of it. */
export interface State {
  readonly code: Code;
  /** The features of the run that the candidate comes from, and its row there; null before level 0. */
  readonly from: { readonly features: Tensor; readonly row: number } | null;
  /** The chosen candidate, [channels, side, side]. */
  readonly predict: Float32Array;
  /** Natural logarithm of the code's probability as far as it is known: the sum over the levels that asked the prior. */
  readonly logPrior: number;
}

/** A state to run, with its request's condition picture [channels, S, S] where the model has one. */
export interface Row {
  readonly state: State;
  readonly condition: Float32Array | null;
}

/** How candidates are scored that are not drawn. */
export interface UndrawnOptions {
  /** Of each row, of each guide that has a form; all rows with the same `Fused.key`. */
  readonly forms: readonly (readonly GuideForm[])[];
  /** Of these guides, where the best by them alone is what is wanted; null: the choice is made by the scores. */
  readonly weights: readonly number[] | null;
  readonly asksPrior: boolean;
}

const NO_FEATURES: Tensor = { data: new Float32Array(0), dims: [0] };

/** Where every descent begins. */
export const START: State = { code: [], from: null, predict: new Float32Array(0), logPrior: 0 };

/**
 * Bytes that the candidates and features of one run may take on the CPU: enough rows to fill the cores, few enough that
 * they stay in the cache and do not have the garbage collector called (8 descents of 64 px on two cores: 46 ms a picture
 * with 8 MiB, 51 with 32).
 */
const RUN_BYTES = 8 * 2 ** 20;
/** Elsewhere, where a run costs more to begin; and what a decoding run may take, which draws one candidate of each level. */
export const LARGE_RUN_BYTES = 32 * 2 ** 20;

export interface NetworkOptions {
  readonly prior?: Prior | null;
  /** Chooses without drawing. */
  readonly fused?: Fused | null;
  /** Of the candidates and features of one run. @default 8 MiB */
  readonly runBytes?: number | undefined;
}

export class Network {
  readonly info: NetworkInfo;
  /** Null where the model has none. */
  readonly prior: Prior | null;
  /** Null where nothing is chosen without drawing. */
  readonly fused: Fused | null;
  readonly #levels: readonly Graph[];
  readonly #decode: Graph;
  readonly #buffers = new BufferPool();
  readonly #runBytes: number;

  constructor(info: NetworkInfo, levels: readonly Graph[], decode: Graph, options: NetworkOptions = {}) {
    const { prior = null, fused = null, runBytes = RUN_BYTES } = options;
    this.info = info;
    this.prior = prior;
    this.fused = fused;
    this.#levels = levels;
    this.#decode = decode;
    this.#runBytes = runBytes;
  }

  /** S, in pixels. */
  get finalSide(): number {
    return this.info.levels.at(-1)?.side ?? 0;
  }

  /** K of each level. */
  get candidateCounts(): number[] {
    return this.info.levels.map(({ candidateCount }) => candidateCount);
  }

  /** Rows that one run of a level takes at most. */
  rowsAt(level: number): number {
    return this.#rowsIn(this.#runBytes, level);
  }

  #rowsIn(bytes: number, level: number): number {
    const at = this.info.levels[level];
    if (!at) throw new RangeError(`level ${level} of ${this.info.levels.length}`);
    const floats = at.side * at.side * (at.candidateCount * this.info.channels + at.width);
    return Math.max(1, Math.floor(bytes / 4 / floats));
  }

  /**
   * Runs one level's graph on states that have chosen at all levels before it.
   *
   * @param users descents whose states they are: each must release the output
   * @param askPrior whether the candidates' probabilities are wanted too, of a network that has a prior
   */
  async runLevel(level: number, rows: readonly Row[], users = 1, askPrior = false): Promise<DrawnLevel> {
    const graph = this.#levels[level];
    if (!graph || rows.some(({ state }) => state.code.length !== level)) throw new RangeError(`rows at level ${level}`);
    const condition = this.#conditionFeed(rows.map((row) => row.condition));
    const inputs = this.#inputs(level, rows);
    const into = this.#memoryFor(level, rows.length, askPrior);
    const started = performance.now();
    const ran = await graph.run({ ...inputs, ...condition }, Object.keys(into), into);
    const { next_features: features = NO_FEATURES, candidates } = ran;
    if (!candidates) throw new RangeError(`the graph of level ${level} has no output "candidates"`);
    const { predict = null } = inputs;
    const logPrior = askPrior && this.prior ? await this.prior.logPrior(level, features, predict, condition) : null;
    const ms = performance.now() - started;
    return new DrawnLevel({ features, candidates, logPrior, ms }, this.#buffers, users);
  }

  /** Rows that one run of `runUndrawn` takes at most. */
  rowsUndrawnAt(level: number): number {
    const { side, width } = this.info.levels[level] as NetworkInfo['levels'][number];
    return Math.max(1, Math.floor(this.#runBytes / 4 / (side * side * (width + 3 * this.info.channels))));
  }

  /**
   * Runs a level that draws no candidate before it is chosen or asked for.
   *
   * @param users descents whose states they are: each must release the output
   * @throws {RangeError} where the model has no graphs for it
   */
  async runUndrawn(level: number, rows: readonly Row[], users: number, options: UndrawnOptions): Promise<UndrawnLevel> {
    const { forms, weights, asksPrior } = options;
    if (!this.fused || rows.some(({ state }) => state.code.length !== level))
      throw new RangeError(`rows at level ${level}`);
    const condition = this.#conditionFeed(rows.map((row) => row.condition));
    const own = this.#inputs(level, rows);
    const inputs = { ...own, ...condition };
    const run = await this.fused.level({ level, rows: rows.length, inputs, forms, weights }, this.#buffers);
    const started = performance.now();
    const { predict = null } = own;
    const logPrior =
      asksPrior && this.prior ? await this.prior.logPrior(level, run.features, predict, condition) : null;
    const ms = run.ms + performance.now() - started;
    return new UndrawnLevel({ ...run, logPrior, ms }, this.#buffers, users);
  }

  /** Rows that one run of `runSpan` takes at most: such a run cannot be interrupted. */
  rowsSpannedAt(level: number): number {
    const { side } = this.info.levels[level] as NetworkInfo['levels'][number];
    return Math.max(
      1,
      Math.min(MOST_SPANNED, this.rowsUndrawnAt(level), Math.floor((SPANNED_AT_64 * 64 ** 2) / side ** 2)),
    );
  }

  /**
   * Runs several levels of one side, each of which draws the candidate that forms choose, and no other.
   *
   * @param rows states at the first of them, all with the same `Fused.spanKey`
   * @param users descents whose states they are: each must release the output
   * @throws {RangeError} where the model has no graphs for it
   */
  async runSpan(rows: readonly (Row & SpanRow)[], users: number): Promise<SpanOutput> {
    const { first } = (rows[0] as SpanRow).forms as SpanForms;
    if (!this.fused || rows.some(({ state }) => state.code.length !== first))
      throw new RangeError(`rows at level ${first}`);
    const inputs = { ...this.#inputs(first, rows), ...this.#conditionFeed(rows.map((row) => row.condition)) };
    return new SpanOutput(await this.fused.span(rows, inputs, this.#buffers), this.#buffers, users);
  }

  /** Rows that one run of `descend` takes at most. */
  get rowsPerDescend(): number {
    return Math.max(1, Math.min(MOST_DESCENDING, this.#rowsIn(LARGE_RUN_BYTES, this.info.levels.length - 1)));
  }

  /**
   * Whole descents by the prior.
   *
   * @param noise of each, [L × K]: see `Prior.descend`
   * @param toSide levels of larger sides are left out. @default all are drawn
   * @throws {RangeError} without a prior
   */
  async descend(
    noise: readonly Float32Array[],
    conditions: readonly (Float32Array | null)[],
    toSide = this.finalSide,
  ): Promise<PriorPath[]> {
    if (!this.prior) throw new RangeError(`${this.info.name} has no prior`);
    return await this.prior.descend(noise, this.#conditionFeed(conditions), toSide);
  }

  /** The outputs wanted of a level, and where to write them. */
  #memoryFor(level: number, rows: number, needsFeatures: boolean): Record<string, Tensor> {
    const { side, candidateCount, width } = this.info.levels[level] as NetworkInfo['levels'][number];
    const buffer = (dims: readonly number[]) => ({ data: this.#buffers.acquire(sizeOf(dims)), dims });
    const outputs = { candidates: buffer([rows, candidateCount, this.info.channels, side, side]) };
    if (level === this.info.levels.length - 1 && !needsFeatures) return outputs;
    return { ...outputs, next_features: buffer([rows, width, side, side]) };
  }

  /** Pictures of whole codes, by the graph that draws the chosen candidates only. */
  async decode(codes: readonly Code[], conditions: readonly (Float32Array | null)[] = []): Promise<Picture[]> {
    const levels = this.info.levels.length;
    const side = this.finalSide;
    const { channels } = this.info;
    const most = Math.max(1, Math.min(MOST_DECODED, this.#rowsIn(LARGE_RUN_BYTES, levels - 1)));
    const pictures: Picture[] = [];
    for (let from = 0; from < codes.length; from += most) {
      const part = codes.slice(from, from + most);
      const feeds = {
        codes: integers(part.flat(), [part.length, levels]),
        ...this.#conditionFeed(part.map((_, i) => conditions[from + i] ?? null)),
      };
      const { image } = await this.#decode.run(feeds, ['image']);
      if (!image) throw new RangeError('the decode graph lacks its image');
      const size = channels * side * side;
      for (let i = 0; i < part.length; i++)
        pictures.push({ data: image.data.slice(i * size, (i + 1) * size), channels, width: side, height: side });
    }
    return pictures;
  }

  #inputs(level: number, rows: readonly Row[]): LevelInputs {
    if (level === 0) return { batch: integers([rows.length]) };
    const { side } = this.info.levels[level - 1] as NetworkInfo['levels'][number];
    const states = rows.map(({ state }) => state);
    return {
      features: gatherFeatures(states),
      predict: {
        data: joined(states.map(({ predict }) => predict)),
        dims: [rows.length, this.info.channels, side, side],
      },
      choice: integers(states.map(({ code }) => code[level - 1] as number)),
    };
  }

  #conditionFeed(conditions: readonly (Float32Array | null)[]): Record<string, Tensor<TensorData>> {
    const { condition } = this.info;
    if (!condition) return {};
    const side = this.finalSide;
    const parts = conditions.map((one) => {
      if (!one) throw new RangeError(`${this.info.name} needs a condition`);
      return one;
    });
    return { condition: { data: joined(parts), dims: [conditions.length, condition.channels, side, side] } };
  }
}

/** What a level's graph is fed beside the condition: `batch` at level 0, the others after it. */
interface LevelInputs extends Record<string, Tensor<TensorData>> {
  predict?: Tensor;
}

const MOST_DECODED = 32;
/**
 * A run of whole descents cannot be interrupted, and somebody else's request waits for it: one takes 0.07 s (64 px) to 0.2 s
 * (256 px) on two cores. Two at once gain 15 % at 64 px, nothing at 256.
 */
const MOST_DESCENDING = 1;
/** Rows of a run of all levels of a side: one of 64 px takes 5 ms, and 8 of them fill two cores. */
const SPANNED_AT_64 = 8;
const MOST_SPANNED = 32;

/** Rows of features in the states' order; the run's own tensor where that is just what they are. */
function gatherFeatures(states: readonly State[]): Tensor {
  const sources = states.map(({ from }) => {
    if (!from) throw new RangeError('a state before level 0 has no features');
    return from;
  });
  const [first] = sources;
  if (!first) throw new RangeError('no rows');
  const { features } = first;
  const untouched = sources.every((source, i) => source.features === features && source.row === i);
  if (untouched && sources.length === features.dims[0]) return features;
  const shape = features.dims.slice(1);
  const size = sizeOf(shape);
  const data = new Float32Array(sources.length * size);
  for (const [i, source] of sources.entries())
    data.set(source.features.data.subarray(source.row * size, (source.row + 1) * size), i * size);
  return { data, dims: [sources.length, ...shape] };
}

/** Equal parts after one another; no copy where they already lie so in memory. */
function joined(parts: readonly Float32Array[]): Float32Array {
  const [first] = parts;
  if (!first || parts.length === 1) return first ?? new Float32Array(0);
  const { length } = first;
  const adjacent = parts.every(
    (part, i) => part.buffer === first.buffer && part.byteOffset === first.byteOffset + 4 * i * length,
  );
  if (adjacent) return new Float32Array(first.buffer, first.byteOffset, length * parts.length);
  const data = new Float32Array(length * parts.length);
  for (const [i, part] of parts.entries()) data.set(part, i * length);
  return data;
}
