/** A learned prior over a network's choices (scripts/prior/): how likely each candidate is, and whole descents by it. */
import type { Code } from '../../contract/codes.ts';
import { integers, type Tensor, type TensorData } from '../../kit/tensor.ts';
import type { Graph, NetworkInfo } from './graph.ts';

/** The opened graphs of a prior. */
export interface PriorGraphs {
  /** prior-SIDE.onnx by side in pixels. */
  readonly sides: ReadonlyMap<number, Graph>;
  /** descend.onnx */
  readonly descend: Graph;
}

/** One descent that descend.onnx made. */
export interface PriorPath {
  readonly code: Code;
  /** Natural logarithm of each choice's probability. */
  readonly logPrior: readonly number[];
  /** The chosen candidate of every level, [channels, side, side]. */
  readonly images: readonly Float32Array[];
}

type Feeds = Readonly<Record<string, Tensor<TensorData>>>;

export class Prior {
  readonly #info: NetworkInfo;
  readonly #graphs: PriorGraphs;
  /** Of each level, its place among those of its side, as the graphs were trained. */
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
   * Natural logarithms of the probabilities of a level's candidates, [rows, K].
   *
   * @param features what the level's graph gave as next_features, [rows, width, side, side]
   * @param predict the candidates chosen before it, [rows, channels, s, s]; null at level 0
   * @param condition the feed of a conditional model, empty otherwise
   */
  async logPrior(level: number, features: Tensor, predict: Tensor | null, condition: Feeds): Promise<Tensor> {
    const { side } = this.#info.levels[level] as NetworkInfo['levels'][number];
    const graph = this.#graphs.sides.get(side);
    if (!graph) throw new RangeError(`no prior for the levels of ${side} px`);
    const dims = [features.dims[0] as number, this.#info.channels, side, side];
    const nothing = () => ({ data: new Float32Array(dims.reduce((size, dim) => size * dim, 1)), dims });
    const place = integers([this.#places[level] as number]);
    const { log_prior: found } = await graph.run({ features, predict: predict ?? nothing(), place, ...condition }, [
      'log_prior',
    ]);
    if (!found) throw new RangeError(`the prior's graph of ${side} px has no output "log_prior"`);
    return found;
  }

  /**
   * Whole descents: every level takes the candidate with the largest log-probability + noise (Gumbel noise draws one by
   * its probability: the Gumbel-max trick).
   *
   * @param noise of each descent, [L × K]; infinities are not allowed
   */
  async descend(noise: readonly Float32Array[], condition: Feeds): Promise<PriorPath[]> {
    const { levels } = this.#info;
    const rows = noise.length;
    const count = levels[0]?.candidateCount ?? 0;
    const data = new Float32Array(rows * levels.length * count);
    for (const [row, one] of noise.entries()) data.set(one, row * levels.length * count);
    const fed = { data, dims: [rows, levels.length, count] };
    const images = levels.map((_, level) => imageOutput(level));
    const found = await this.#graphs.descend.run({ noise: fed, ...condition }, ['codes', 'log_prior', ...images]);
    const of = (name: string, row: number) => rowOf(found[name], name, row);
    return noise.map((_, row) => ({
      code: [...of('codes', row)],
      logPrior: [...of('log_prior', row)],
      images: images.map((name) => of(name, row)),
    }));
  }
}

/** As scripts/prior/graphs.py names them. */
function imageOutput(level: number): string {
  return `level_${String(level).padStart(2, '0')}`;
}

function rowOf(found: Tensor | undefined, name: string, row: number): Float32Array {
  if (!found) throw new RangeError(`the graph has no output "${name}"`);
  const size = found.data.length / (found.dims[0] as number);
  return found.data.subarray(row * size, (row + 1) * size);
}
