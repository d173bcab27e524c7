/** The nearest of many points, by a grid over the unit square. */

/** Points per cell, on average. */
const CROWD = 2;

export class Nearest {
  readonly #points: Float64Array;
  readonly #side: number;
  /** First entry of each cell in `#order`, and one past the last. */
  readonly #starts: Uint32Array;
  readonly #order: Uint32Array;

  /** @param points x and y alternating; those outside the square are moved to its border */
  constructor(points: Float64Array) {
    const count = points.length / 2;
    this.#points = points;
    this.#side = Math.max(1, Math.floor(Math.sqrt(count / CROWD)));
    this.#starts = new Uint32Array(this.#side ** 2 + 1);
    this.#order = new Uint32Array(count);
    const cells = Uint32Array.from({ length: count }, (_, i) => this.#cell(i));
    for (const cell of cells) this.#starts[cell + 1] = (this.#starts[cell + 1] as number) + 1;
    for (let i = 1; i < this.#starts.length; i++)
      this.#starts[i] = (this.#starts[i] as number) + (this.#starts[i - 1] as number);
    const next = this.#starts.slice();
    for (let i = 0; i < count; i++) {
      const cell = cells[i] as number;
      this.#order[next[cell] as number] = i;
      next[cell] = (next[cell] as number) + 1;
    }
  }

  /** The index of the point nearest to x, y, a place in the square; the lowest index among equals. */
  of(x: number, y: number): number {
    const [column, row] = [this.#axis(x), this.#axis(y)];
    let best = { at: -1, far: Number.POSITIVE_INFINITY };
    for (let ring = 0; ring < this.#side; ring++) {
      // Points in the next ring are at least this far away.
      if (best.at >= 0 && ((ring - 1) / this.#side) ** 2 > best.far) break;
      best = this.#searchRing(x, y, column, row, ring, best);
    }
    return best.at;
  }

  #searchRing(x: number, y: number, column: number, row: number, ring: number, best: { at: number; far: number }) {
    const last = this.#side - 1;
    let { at, far } = best;
    for (let r = Math.max(0, row - ring); r <= Math.min(last, row + ring); r++) {
      const step = Math.abs(r - row) === ring || ring === 0 ? 1 : 2 * ring;
      for (let c = column - ring; c <= column + ring; c += step) {
        if (c < 0 || c > last) continue;
        const cell = r * this.#side + c;
        for (let i = this.#starts[cell] as number; i < (this.#starts[cell + 1] as number); i++) {
          const point = this.#order[i] as number;
          const dx = (this.#points[2 * point] as number) - x;
          const dy = (this.#points[2 * point + 1] as number) - y;
          const d = dx * dx + dy * dy;
          if (d < far || (d === far && point < at)) [at, far] = [point, d];
        }
      }
    }
    return { at, far };
  }

  #axis(value: number): number {
    return Math.min(this.#side - 1, Math.max(0, Math.floor(value * this.#side)));
  }

  #cell(i: number): number {
    return this.#axis(this.#points[2 * i + 1] as number) * this.#side + this.#axis(this.#points[2 * i] as number);
  }
}
