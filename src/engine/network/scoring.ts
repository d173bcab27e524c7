/** Scoring without drawing: graphs of a bundle that score a level's candidates by a quadratic form (METHOD.md §3.4). */
import type { LinearForm } from '../../guide.ts';
import { sizeOf, type Tensor, type TensorData } from '../../kit/tensor.ts';
import type { BufferPool } from './buffer-pool.ts';
import type { Graph, NetworkInfo } from './graph.ts';

export interface ScoringParts {
  /** One per level. */
  readonly graphs: readonly Graph[];
  /** W of a level, [K, channels, width / 2]: what candidates are drawn with. */
  nodes(level: number): Promise<Float32Array>;
}

type Feeds = Readonly<Record<string, Tensor<TensorData>>>;

export class Scoring {
  readonly #info: NetworkInfo;
  readonly #parts: ScoringParts;
  readonly #nodes = new Map<number, Promise<Float32Array>>();

  constructor(info: NetworkInfo, parts: ScoringParts) {
    this.#info = info;
    this.#parts = parts;
  }

  /** @param inputs of the level's graph, for one row or more */
  async run(level: number, inputs: Feeds, form: LinearForm, rows: number, buffers: BufferPool): Promise<ScoredLevel> {
    const { side, width, candidateCount } = this.#info.levels[level] as NetworkInfo['levels'][number];
    const { channels } = this.#info;
    const buffer = (dims: readonly number[]) => ({ data: buffers.acquire(sizeOf(dims)), dims });
    const into = {
      next_features: buffer([rows, width, side, side]),
      base: buffer([rows, channels, side, side]),
      scores: buffer([rows, candidateCount]),
    };
    const nodes = await this.#nodesOf(level);
    const started = performance.now();
    const graph = this.#parts.graphs[level] as Graph;
    await graph.run({ ...inputs, ...feedsOf(form, side, channels) }, Object.keys(into), into);
    const ms = performance.now() - started;
    return new ScoredLevel({ features: into.next_features, base: into.base, scores: into.scores, nodes, ms }, buffers);
  }

  #nodesOf(level: number): Promise<Float32Array> {
    const known = this.#nodes.get(level) ?? this.#parts.nodes(level);
    this.#nodes.set(level, known);
    known.catch(() => this.#nodes.delete(level));
    return known;
  }
}

interface ScoredParts {
  readonly features: Tensor;
  /** What candidates are added to, [rows, channels, side, side]. */
  readonly base: Tensor;
  /** [rows, K] */
  readonly scores: Tensor;
  readonly nodes: Float32Array;
  readonly ms: number;
}

/** The output of a run that scored: a candidate is drawn when it is chosen. Its memory is reused once it is released. */
export class ScoredLevel {
  readonly features: Tensor;
  readonly scores: Tensor;
  readonly logPrior = null;
  readonly ms: number;
  readonly candidateCount: number;
  /** Numbers of one candidate. */
  readonly size: number;
  readonly #base: Tensor;
  readonly #nodes: Float32Array;
  readonly #buffers: BufferPool;

  constructor({ features, base, scores, nodes, ms }: ScoredParts, buffers: BufferPool) {
    this.features = features;
    this.scores = scores;
    this.ms = ms;
    this.candidateCount = scores.dims[1] as number;
    this.size = sizeOf(base.dims.slice(1));
    this.#base = base;
    this.#nodes = nodes;
    this.#buffers = buffers;
  }

  /** W_k F + p */
  drawInto(picture: Float32Array, row: number, choice: number): void {
    const [, channels, side] = this.#base.dims as [number, number, number];
    const plane = side * side;
    picture.set(this.#base.data.subarray(row * this.size, (row + 1) * this.size));
    const width = this.#nodes.length / (this.candidateCount * channels);
    const from = row * (this.features.dims[1] as number) * plane;
    for (let c = 0; c < channels; c++) {
      const out = picture.subarray(c * plane, (c + 1) * plane);
      for (let d = 0; d < width; d++)
        add(out, this.features.data, from + d * plane, this.#nodes[(choice * channels + c) * width + d] as number);
    }
  }

  releaseCandidates(): void {
    this.#buffers.release(this.#base.data);
    this.#buffers.release(this.scores.data);
  }

  releaseFeatures(): void {
    this.#buffers.release(this.features.data);
  }
}

function add(out: Float32Array, values: Float32Array, from: number, weight: number): void {
  for (let p = 0; p < out.length; p++) out[p] = (out[p] as number) + weight * (values[from + p] as number);
}

/** A form as the graphs take it: with all of its matrices, columns transposed. */
function feedsOf(form: LinearForm, side: number, channels: number): Feeds {
  const { outChannels: out, height, width } = form;
  const pixels = height * width;
  const ones = () => new Float32Array(pixels).fill(1);
  const tensor = (data: Float32Array, dims: readonly number[]) => ({ data, dims });
  return {
    form_rows: tensor(form.rows ?? identity(side), [height, side]),
    form_columns: tensor(form.columns ? transposed(form.columns, width, side) : identity(side), [side, width]),
    form_color: tensor(form.color ?? identity(channels), [out, channels]),
    form_weight: tensor(form.weight ?? ones(), [pixels]),
    form_target: tensor(form.target, [out, pixels]),
    form_scale: tensor(Float32Array.of(form.scale), [1]),
  };
}

function identity(size: number): Float32Array {
  const matrix = new Float32Array(size * size);
  for (let i = 0; i < size; i++) matrix[i * size + i] = 1;
  return matrix;
}

function transposed(matrix: Float32Array, rows: number, columns: number): Float32Array {
  const turned = new Float32Array(matrix.length);
  for (let i = 0; i < rows; i++)
    for (let j = 0; j < columns; j++) turned[j * rows + i] = matrix[i * columns + j] as number;
  return turned;
}
