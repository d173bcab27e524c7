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
  /** x and y by turns, in the unit square. */
  readonly points: Float64Array;
  /** Nodes that were split in this step, and those that died to be their twins. */
  readonly split: readonly number[];
  readonly pruned: readonly number[];
  /** Of the nodes, the share that wins next to nothing. */
  readonly dead: number;
  /** Jensen-Shannon divergence of the nodes from the density, 0 … ln 2; null where there is no density. */
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

  /** Rows from the top; all zeros: there is none, and steps do nothing. @throws {RangeError} where it is no density */
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

  /** As it stands. */
  frame(): PlayFrame {
    const { points, dead } = this.#nodes;
    const js = this.#density && toyFigures(points, this.#density).js;
    return { step: this.#step, points: points.slice(), split: [], pruned: [], dead: this.#step > 0 ? dead : 0, js };
  }
}
