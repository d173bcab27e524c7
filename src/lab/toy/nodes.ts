/**
 * A DDN of one level in two dimensions: of K nodes, the one nearest to a sample moves towards it. Gradient descent alone
 * leaves dead nodes that are never nearest; Split-and-Prune moves them to where nodes win too often (Yang 2025, Algorithm 1).
 */
import type { Random } from '../../kit/random.ts';
import { Nearest } from './nearest.ts';

export interface NodesOptions {
  /** Fraction of the distance to its samples' mean that a node of average share moves per step, above 0, at most 1. @default 0.3 */
  readonly rate?: number;
  /** Decay per step of the counts of Split-and-Prune, below 1. @default 0.9 */
  readonly memory?: number;
  /** @default true */
  readonly split?: boolean;
}

/** The changes of one step, for display. */
export interface Moves {
  /** Nodes that were split, and, pair by pair, the pruned nodes that became their twins. */
  readonly split: readonly number[];
  readonly pruned: readonly number[];
}

const NO_MOVES: Moves = { split: [], pruned: [] };
/** Samples per node that must be counted before shares are significant. */
const ENOUGH = 4;

export class Nodes {
  /** x and y alternating, in the unit square. */
  readonly points: Float64Array;
  /** Decaying count of samples that each node won. */
  readonly counts: Float64Array;
  /** Whether to split and prune, from now on. */
  split: boolean;
  readonly #rate: number;
  readonly #memory: number;

  /** `count` nodes, spread evenly at random. */
  constructor(count: number, random: Random, { rate = 0.3, memory = 0.9, split = true }: NodesOptions = {}) {
    if (!(Number.isInteger(count) && count >= 1)) throw new RangeError(`${count} nodes`);
    this.points = Float64Array.from({ length: 2 * count }, () => random.uniform());
    this.counts = new Float64Array(count);
    this.split = split;
    this.#rate = rate;
    this.#memory = memory;
  }

  get count(): number {
    return this.counts.length;
  }

  /** Share of nodes that recently won less than a twentieth of the average. */
  get dead(): number {
    const due = this.counts.reduce((sum, value) => sum + value, 0) / this.count;
    return this.counts.reduce((dead, value) => dead + (value < due / 20 ? 1 : 0), 0) / this.count;
  }

  /** One step of gradient descent on samples, x and y alternating; no node moves beyond the mean of the samples it won. */
  step(samples: Float64Array): Moves {
    const { points, counts, count } = this;
    const total = samples.length / 2;
    const won = new Float64Array(count);
    const sums = new Float64Array(2 * count);
    const nearest = new Nearest(points);
    for (let i = 0; i < total; i++) {
      const [x, y] = [samples[2 * i] as number, samples[2 * i + 1] as number];
      const node = nearest.of(x, y);
      won[node] = (won[node] as number) + 1;
      sums[2 * node] = (sums[2 * node] as number) + x;
      sums[2 * node + 1] = (sums[2 * node + 1] as number) + y;
    }
    for (let i = 0; i < 2 * count; i++) {
      const times = won[i >> 1] as number;
      if (times === 0) continue;
      const part = Math.min(1, (this.#rate * times * count) / total);
      points[i] = (points[i] as number) + part * ((sums[i] as number) / times - (points[i] as number));
    }
    for (let i = 0; i < count; i++) counts[i] = (counts[i] as number) * this.#memory + (won[i] as number);
    return this.split ? this.#splitAndPrune() : NO_MOVES;
  }

  /** Pairs the most used node with the least used one while the rule applies. */
  #splitAndPrune(): Moves {
    const { points, counts, count } = this;
    const due = counts.reduce((sum, value) => sum + value, 0) / count;
    if (due < ENOUGH) return NO_MOVES;
    const order = Uint32Array.from(counts, (_, i) => i).sort(
      (a, b) => (counts[a] as number) - (counts[b] as number) || a - b,
    );
    const moves = { split: [] as number[], pruned: [] as number[] };
    for (let i = 0; i < count >> 1; i++) {
      const [low, high] = [order[i] as number, order[count - 1 - i] as number];
      if (!callsFor((counts[high] as number) / due, (counts[low] as number) / due)) break;
      points[2 * low] = points[2 * high] as number;
      points[2 * low + 1] = points[2 * high + 1] as number;
      counts[high] = (counts[high] as number) / 2;
      counts[low] = counts[high] as number;
      moves.split.push(high);
      moves.pruned.push(low);
    }
    return moves;
  }
}

/** The test of the published code, shares being in multiples of 1/K (scripts/training/split_prune.py, `variation`). */
function callsFor(most: number, least: number): boolean {
  return most > least && ((most > 2 && least < 1) || most - least > 1 || least < 0.5);
}
