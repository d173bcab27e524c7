/** A learned prior over a network's choices (scripts/prior/): probabilities of candidates, and whole descents sampled from it. */
import type { Code } from '../../contract/codes.ts';
import { integers, type Tensor, type TensorData } from '../../kit/tensor.ts';
import type { Graph, NetworkInfo } from './graph.ts';

/** The opened graphs of a prior. */
export interface PriorGraphs {
  /** prior-SIDE.onnx by side in pixels. */
  readonly sides: ReadonlyMap<number, Graph>;
  /** descend-SIDE.onnx by side in pixels, coarse to fine. */
  readonly descend: ReadonlyMap<number, Graph>;
}

/** One descent sampled from the prior. */
export interface PriorPath {
  readonly code: Code;
  /** Natural log-probability of each choice. */
  readonly logPrior: readonly number[];
  /** The chosen candidate of every level, [channels, side, side]. */
  readonly images: readonly Float32Array[];
}

type Feeds = Readonly<Record<string, Tensor<TensorData>>>;

export class Prior {
  readonly #info: NetworkInfo;
  readonly #graphs: PriorGraphs;
  /** Per level, the `place` input of the graphs as they were trained: the index of the level within its side. */
  readonly #places: readonly number[];

  constructor(info: NetworkInfo, graphs: PriorGraphs, isRecurrent = false) {
    this.#info = info;
    this.#graphs = graphs;
    const { levels } = info;
    this.#places = levels.map(({ side }, level) =>
      isRecurrent ? Math.min(level, 1) : levels.slice(0, level).filter((before) => before.side === side).length,
    );
  }

  /**
   * Natural log-probabilities of a level's candidates, [rows, K].
   *
   * @param features the output next_features of the level's graph, [rows, width, side, side]
   * @param predict the candidates chosen at the previous level, [rows, channels, s, s]; null at level 0
   * @param condition the condition's feed; empty for an unconditional model
   * @throws {RangeError} if a graph or an output is missing
   */
  async logPrior(level: number, features: Tensor, predict: Tensor | null, condition: Feeds): Promise<Tensor> {
    const { side } = this.#info.levels[level] as NetworkInfo['levels'][number];
    const graph = this.#graphs.sides.get(side);
    if (!graph) throw new RangeError(`no prior for the levels of ${side} px`);
    const dims = [features.dims[0] as number, this.#info.channels, side, side];
    const zeros = () => ({ data: new Float32Array(dims.reduce((size, dim) => size * dim, 1)), dims });
    const place = integers([this.#places[level] as number]);
    const feeds = { features, predict: predict ?? zeros(), place, ...condition };
    const { log_prior: found } = await graph.run(feeds, ['log_prior']);
    if (!found) throw new RangeError(`the prior's graph of ${side} px has no output "log_prior"`);
    return found;
  }

  /**
   * Whole descents: every level chooses the candidate with the largest log-probability + noise. Gumbel noise samples
   * candidates by their probability (the Gumbel-max trick).
   *
   * @param noise one [L × K] per descent; finite
   * @param toSide last side to draw, in pixels. @default the final one
   */
  async descend(
    noise: readonly Float32Array[],
    condition: Feeds,
    toSide = Number.POSITIVE_INFINITY,
  ): Promise<PriorPath[]> {
    const parts: SidePart[] = [];
    let before: Feeds = {};
    for (const [side, graph] of this.#graphs.descend) {
      if (side > toSide) break;
      const part = await this.#descendSide(side, graph, noise, { ...before, ...condition });
      parts.push(part);
      before = part.next;
    }
    return noise.map((_, row) => ({
      code: parts.flatMap(({ codes }) => [...rowOf(codes, row)]),
      logPrior: parts.flatMap(({ logPrior }) => [...rowOf(logPrior, row)]),
      images: parts.flatMap(({ images }) => images.map((image) => rowOf(image, row))),
    }));
  }

  /** Runs all levels of a side. @param before features, predict and choice of the previous level; empty at the first side */
  async #descendSide(side: number, graph: Graph, noise: readonly Float32Array[], before: Feeds): Promise<SidePart> {
    const { levels } = this.#info;
    const first = levels.findIndex((level) => level.side === side);
    const own = levels.filter((level) => level.side === side);
    const count = own[0]?.candidateCount ?? 0;
    const [from, length] = [first * count, own.length * count];
    const data = new Float32Array(noise.length * length);
    for (const [row, one] of noise.entries()) data.set(one.subarray(from, from + length), row * length);
    const names = own.map((_, at) => imageOutput(first + at));
    const fed = { noise: { data, dims: [noise.length, own.length, count] }, ...before };
    const found = await graph.run(fed, ['codes', 'log_prior', 'next_features', ...names]);
    const output = (name: string): Tensor => {
      const tensor = found[name];
      if (!tensor) throw new RangeError(`the graph of ${side} px has no output "${name}"`);
      return tensor;
    };
    const codes = output('codes');
    const images = names.map(output);
    const last = Array.from(noise, (_, row) => rowOf(codes, row).at(-1) as number);
    const next = { features: output('next_features'), predict: images.at(-1) as Tensor, choice: integers(last) };
    return { codes, logPrior: output('log_prior'), images, next };
  }
}

/** The output of descend-SIDE.onnx. */
interface SidePart {
  /** [rows, levels of the side] */
  readonly codes: Tensor;
  /** [rows, levels of the side] */
  readonly logPrior: Tensor;
  /** One per level, [rows, channels, side, side]. */
  readonly images: readonly Tensor[];
  /** Inputs of the next side. */
  readonly next: Feeds;
}

/** Name of an image output, as defined in scripts/prior/graphs.py. */
function imageOutput(level: number): string {
  return `level_${String(level).padStart(2, '0')}`;
}

function rowOf({ data, dims }: Tensor, row: number): Float32Array {
  const size = data.length / (dims[0] as number);
  return data.subarray(row * size, (row + 1) * size);
}
