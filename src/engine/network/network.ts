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

/** The state of a descent between two levels: the inputs of the next level's graph. */
export interface State {
  readonly code: Code;
  /** The features of the run that proposed the chosen candidate, and its row in them; null before level 0. */
  readonly from: { readonly features: Tensor; readonly row: number } | null;
  /** The chosen candidate, [channels, side, side]. */
  readonly predict: Float32Array;
  /** Natural log-probability of the code, summed over the levels that used the prior. */
  readonly logPrior: number;
}

/** A state to run, with its request's condition, [channels, S, S], if the model is conditional. */
export interface Row {
  readonly state: State;
  readonly condition: Float32Array | null;
}

/** How undrawn candidates are scored. */
export interface UndrawnOptions {
  /** Per row, the forms of its guides; all rows with equal `Fused.key`s. */
  readonly forms: readonly (readonly GuideForm[])[];
  /** Weights of these guides, if only the best candidate by them is needed; null: the caller chooses by the scores. */
  readonly weights: readonly number[] | null;
  readonly usesPrior: boolean;
}

const NO_FEATURES: Tensor = { data: new Float32Array(0), dims: [0] };

/** The state before level 0. */
export const START: State = { code: [], from: null, predict: new Float32Array(0), logPrior: 0 };

/**
 * Size limit of the candidates and features of one run on the CPU: enough rows to fill the cores, few enough to stay in
 * the cache and not to trigger garbage collection (8 descents of 64 px on two cores: 46 ms per picture with 8 MiB, 51 with
 * 32).
 */
const RUN_BYTES = 8 * 2 ** 20;
/** The limit on a GPU, where starting a run is expensive, and of decoding, which draws one candidate per level. */
export const LARGE_RUN_BYTES = 32 * 2 ** 20;

export interface NetworkOptions {
  readonly prior?: Prior | null;
  /** Graphs that score candidates without drawing them. */
  readonly fused?: Fused | null;
  /** Size limit of the candidates and features of one run. @default 8 MiB */
  readonly runBytes?: number | undefined;
}

export class Network {
  readonly info: NetworkInfo;
  /** Null if the model has none. */
  readonly prior: Prior | null;
  /** Null if the model's graphs cannot be fused. */
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

  /** S, the side of finished pictures in pixels. */
  get finalSide(): number {
    return this.info.levels.at(-1)?.side ?? 0;
  }

  /** K of each level. */
  get candidateCounts(): number[] {
    return this.info.levels.map(({ candidateCount }) => candidateCount);
  }

  /** Most rows of one run of a level. */
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
   * Runs one level's graph.
   *
   * @param rows states before this level
   * @param users number of descents that the rows belong to; each must release the output
   * @param usesPrior whether to compute the candidates' log-probabilities, if the network has a prior
   * @throws {RangeError} if a state is not at this level
   */
  async runLevel(level: number, rows: readonly Row[], users = 1, usesPrior = false): Promise<DrawnLevel> {
    const graph = this.#levels[level];
    if (!graph || rows.some(({ state }) => state.code.length !== level)) throw new RangeError(`rows at level ${level}`);
    const condition = this.#conditionFeed(rows.map((row) => row.condition));
    const inputs = this.#inputs(level, rows);
    const into = this.#memoryFor(level, rows.length, usesPrior);
    const started = performance.now();
    const found = await graph.run({ ...inputs, ...condition }, Object.keys(into), into);
    const { next_features: features = NO_FEATURES, candidates } = found;
    if (!candidates) throw new RangeError(`the graph of level ${level} has no output "candidates"`);
    const { predict = null } = inputs;
    const logPrior = usesPrior && this.prior ? await this.prior.logPrior(level, features, predict, condition) : null;
    const ms = performance.now() - started;
    return new DrawnLevel({ features, candidates, logPrior, ms }, this.#buffers, users);
  }

  /** Most rows of one run of `runUndrawn`. */
  rowsUndrawnAt(level: number): number {
    const { side, width } = this.info.levels[level] as NetworkInfo['levels'][number];
    return Math.max(1, Math.floor(this.#runBytes / 4 / (side * side * (width + 3 * this.info.channels))));
  }

  /**
   * Runs a level without drawing candidates: the output draws them on demand.
   *
   * @param rows states before this level
   * @param users number of descents that the rows belong to; each must release the output
   * @throws {RangeError} if the model has no fused graphs
   */
  async runUndrawn(level: number, rows: readonly Row[], users: number, options: UndrawnOptions): Promise<UndrawnLevel> {
    const { forms, weights, usesPrior } = options;
    if (!this.fused || rows.some(({ state }) => state.code.length !== level))
      throw new RangeError(`rows at level ${level}`);
    const condition = this.#conditionFeed(rows.map((row) => row.condition));
    const own = this.#inputs(level, rows);
    const inputs = { ...own, ...condition };
    const run = await this.fused.level({ level, rows: rows.length, inputs, forms, weights }, this.#buffers);
    const started = performance.now();
    const { predict = null } = own;
    const logPrior =
      usesPrior && this.prior ? await this.prior.logPrior(level, run.features, predict, condition) : null;
    const ms = run.ms + performance.now() - started;
    return new UndrawnLevel({ ...run, logPrior, ms }, this.#buffers, users);
  }

  /** Most rows of one run of `runSpan`, which cannot be interrupted. */
  rowsSpannedAt(level: number): number {
    const { side } = this.info.levels[level] as NetworkInfo['levels'][number];
    return Math.max(
      1,
      Math.min(MAX_SPAN_ROWS, this.rowsUndrawnAt(level), Math.floor((SPAN_ROWS_AT_64 * 64 ** 2) / side ** 2)),
    );
  }

  /**
   * Runs the levels of a span, each of which draws only the candidate chosen by the forms.
   *
   * @param rows states before the first level, with equal `Fused.spanKey`s
   * @param users number of descents that the rows belong to; each must release the output
   * @throws {RangeError} if the model has no fused graphs
   */
  async runSpan(rows: readonly (Row & SpanRow)[], users: number): Promise<SpanOutput> {
    const { first } = (rows[0] as SpanRow).forms as SpanForms;
    if (!this.fused || rows.some(({ state }) => state.code.length !== first))
      throw new RangeError(`rows at level ${first}`);
    const inputs = { ...this.#inputs(first, rows), ...this.#conditionFeed(rows.map((row) => row.condition)) };
    return new SpanOutput(await this.fused.span(rows, inputs, this.#buffers), this.#buffers, users);
  }

  /** Most rows of one run of `descend`. */
  get rowsPerDescend(): number {
    return Math.max(1, Math.min(MAX_DESCEND_ROWS, this.#rowsIn(LARGE_RUN_BYTES, this.info.levels.length - 1)));
  }

  /**
   * Samples whole descents from the prior.
   *
   * @param noise one [L × K] per descent: see `Prior.descend`
   * @param conditions one per descent
   * @param toSide last side to draw, in pixels. @default the final one
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

  /** Memory for the required outputs of a level, by name. */
  #memoryFor(level: number, rows: number, needsFeatures: boolean): Record<string, Tensor> {
    const { side, candidateCount, width } = this.info.levels[level] as NetworkInfo['levels'][number];
    const buffer = (dims: readonly number[]) => ({ data: this.#buffers.acquire(sizeOf(dims)), dims });
    const outputs = { candidates: buffer([rows, candidateCount, this.info.channels, side, side]) };
    if (level === this.info.levels.length - 1 && !needsFeatures) return outputs;
    return { ...outputs, next_features: buffer([rows, width, side, side]) };
  }

  /** The pictures of complete codes, drawn by a graph that computes only the chosen candidates. */
  async decode(codes: readonly Code[], conditions: readonly (Float32Array | null)[] = []): Promise<Picture[]> {
    const levels = this.info.levels.length;
    const side = this.finalSide;
    const { channels } = this.info;
    const maxRows = Math.max(1, Math.min(MAX_DECODE_ROWS, this.#rowsIn(LARGE_RUN_BYTES, levels - 1)));
    const pictures: Picture[] = [];
    for (let from = 0; from < codes.length; from += maxRows) {
      const part = codes.slice(from, from + maxRows);
      const feeds = {
        codes: integers(part.flat(), [part.length, levels]),
        ...this.#conditionFeed(part.map((_, i) => conditions[from + i] ?? null)),
      };
      const { image } = await this.#decode.run(feeds, ['image']);
      if (!image) throw new RangeError('the decode graph has no output "image"');
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

/** Feeds of a level's graph beside the condition: `batch` at level 0, the others after it. */
interface LevelInputs extends Record<string, Tensor<TensorData>> {
  predict?: Tensor;
}

const MAX_DECODE_ROWS = 32;
/**
 * A run of whole descents cannot be interrupted, and other requests wait for it: one takes 0.07 s (64 px) to 0.2 s (256 px)
 * on two cores. Two at once gain 15 % at 64 px, nothing at 256.
 */
const MAX_DESCEND_ROWS = 1;
/** Rows of a span's run at 64 px: one takes 5 ms, and 8 fill two cores. */
const SPAN_ROWS_AT_64 = 8;
const MAX_SPAN_ROWS = 32;

/** The states' rows of features, in their order; the run's own tensor if that is identical. */
function gatherFeatures(states: readonly State[]): Tensor {
  const sources = states.map(({ from }) => {
    if (!from) throw new RangeError('a state before level 0 has no features');
    return from;
  });
  const [first] = sources;
  if (!first) throw new RangeError('no rows');
  const { features } = first;
  const isIdentical = sources.every((source, i) => source.features === features && source.row === i);
  if (isIdentical && sources.length === features.dims[0]) return features;
  const shape = features.dims.slice(1);
  const size = sizeOf(shape);
  const data = new Float32Array(sources.length * size);
  for (const [i, source] of sources.entries())
    data.set(source.features.data.subarray(source.row * size, (source.row + 1) * size), i * size);
  return { data, dims: [sources.length, ...shape] };
}

/** The concatenated parts, which have equal lengths; no copy if they are adjacent in memory. */
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
