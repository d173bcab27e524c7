/** A toy network as the page animates it: one training step at a time. */
import { Random } from '../../kit/random.ts';
import { type Density, densityOf, sample } from './density.ts';
import { toyFigures } from './figures.ts';
import { Nodes } from './nodes.ts';

/** Samples per node in a step: more are steadier, fewer are faster. */
const SAMPLES = 4;

export interface PlayFrame {
  /** Steps so far. */
  readonly step: number;
  /** x and y alternating, in the unit square. */
  readonly points: Float64Array;
  /** Nodes split in this step, and the pruned nodes that became their twins. */
  readonly split: readonly number[];
  readonly pruned: readonly number[];
  /** Share of unused nodes. */
  readonly dead: number;
  /** Jensen-Shannon divergence of the nodes from the density, 0 … ln 2; null without a density. */
  readonly js: number | null;
}

export class Play {
  readonly #random: Random;
  readonly #nodes: Nodes;
  #density: Density | null = null;
  #step = 0;

  /** @param count of nodes */
  constructor(count: number, seed: number) {
    this.#random = Random.of(seed);
    this.#nodes = new Nodes(count, this.#random);
  }

  set split(value: boolean) {
    this.#nodes.split = value;
  }

  /** Rows from the top; all zeros: no density, and steps do nothing. @throws {RangeError} if it is not a density */
  paint(light: ArrayLike<number>, bins: number): void {
    const isBlank = Array.from(light).every((value) => value === 0);
    this.#density = isBlank ? null : densityOf(light, bins);
  }

  step(): PlayFrame {
    const moves = this.#density
      ? this.#nodes.step(sample(this.#density, SAMPLES * this.#nodes.count, this.#random))
      : { split: [], pruned: [] };
    if (this.#density) this.#step++;
    return { ...this.frame(), ...moves };
  }

  /** The current frame, without a step. */
  frame(): PlayFrame {
    const { points, dead } = this.#nodes;
    const js = this.#density && toyFigures(points, this.#density).js;
    return { step: this.#step, points: points.slice(), split: [], pruned: [], dead: this.#step > 0 ? dead : 0, js };
  }
}
