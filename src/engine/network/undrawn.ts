/** The output of a level that drew no candidates, except the best one if quadratic forms alone decide. */
import type { LinearForm } from '../../guide.ts';
import type { Tensor } from '../../kit/tensor.ts';
import type { BufferPool } from './buffer-pool.ts';
import type { Graph } from './graph.ts';
import { type LevelOutput, RunMemory } from './level-output.ts';

export interface UndrawnParts {
  readonly features: Tensor;
  /** p, to which candidates are added, [rows, channels, side, side]. */
  readonly base: Tensor;
  /** W, [K, channels, width], from which candidates are drawn: W_k F + p. */
  readonly nodes: Float32Array;
  /** K */
  readonly count: number;
  /** Per guide: its form for each row; `shift` + `rest` are the squared errors of the candidates. */
  readonly forms: readonly {
    readonly ofRows: readonly LinearForm[];
    /** The part that depends on the candidate, [rows, K]. */
    readonly shift: Tensor;
    /** The part that all candidates share, [rows]. */
    readonly rest: Tensor;
  }[];
  /** The best candidates by all forms, [rows, channels, side, side], and their choices, [rows]; null if not requested. */
  readonly best: { readonly pictures: Tensor; readonly choices: Tensor } | null;
  readonly logPrior: Tensor | null;
  readonly ms: number;
  /** Draws candidates (draw-graph.ts). */
  readonly draw: Graph;
  /** Those of these tensors, beside the features, whose memory can be reused. */
  readonly owned: readonly Tensor[];
}

export class UndrawnLevel extends RunMemory implements LevelOutput {
  readonly features: Tensor;
  readonly logPrior: Tensor | null;
  readonly candidateCount: number;
  readonly size: number;
  readonly channels: number;
  readonly side: number;
  readonly #parts: UndrawnParts;
  /** Candidates that were drawn, by row · K + choice. */
  readonly #drawn = new Map<number, Float32Array>();
  #ms: number;

  constructor(parts: UndrawnParts, buffers: BufferPool, users: number) {
    const { features, base, count, logPrior, ms, owned } = parts;
    super({ candidates: owned, features }, buffers, users);
    const [, channels, side] = base.dims as [number, number, number];
    this.#parts = parts;
    this.features = features;
    this.logPrior = logPrior;
    this.candidateCount = count;
    this.channels = channels;
    this.side = side;
    this.size = channels * side * side;
    this.#ms = ms;
  }

  get ms(): number {
    return this.#ms;
  }

  /** p, to which candidates are added, [rows, channels, side, side]. */
  get base(): Float32Array {
    return this.#parts.base.data;
  }

  /** Scores of all candidates of a row, as if they had been drawn. @param form its index in the run */
  scoresOf(form: number, row: number): Float64Array {
    const { ofRows, shift, rest } = this.#parts.forms[form] as UndrawnParts['forms'][number];
    const { scale } = ofRows[row] as LinearForm;
    const common = rest.data[row] as number;
    const own = shift.data.subarray(row * this.candidateCount, (row + 1) * this.candidateCount);
    return Float64Array.from(own, (value) => -scale * (common + value));
  }

  drawInto(picture: Float32Array, row: number, choice: number): void {
    const { best } = this.#parts;
    const known = this.#drawn.get(row * this.candidateCount + choice);
    if (known) picture.set(known);
    else if (best && best.choices.data[row] === choice)
      picture.set(best.pictures.data.subarray(row * this.size, (row + 1) * this.size));
    else this.#mixInto(picture, row, choice);
  }

  /** Draws candidates of a row, [choices, channels, side, side], and keeps them. */
  async draw(row: number, choices: readonly number[]): Promise<Float32Array> {
    const drawn = await this.#drawnAt(row, choices);
    for (const [i, choice] of choices.entries())
      this.#drawn.set(row * this.candidateCount + choice, drawn.subarray(i * this.size, (i + 1) * this.size));
    return drawn;
  }

  /** Draws all candidates of a row, [K, channels, side, side], without keeping them. */
  async drawAll(row: number): Promise<Float32Array> {
    return await this.#drawnAt(row, this.#all);
  }

  /** All candidates of a row, reduced by `shrink`. Since that is linear, it is applied to the features instead. */
  async drawShrunk(row: number, shrink: (planes: Float32Array) => Float32Array): Promise<Float32Array> {
    const { width, plane } = this.#dims;
    const from = row * (this.features.dims[1] as number) * plane;
    const base = shrink(this.#parts.base.data.subarray(row * this.size, (row + 1) * this.size));
    const features = shrink(this.features.data.subarray(from, from + width * plane));
    return await this.#drawnOf(this.#all, { features, base, plane: base.length / this.channels });
  }

  async #drawnAt(row: number, choices: readonly number[]): Promise<Float32Array> {
    const { width, plane } = this.#dims;
    const { features, base } = this.#parts;
    const from = row * (features.dims[1] as number) * plane;
    const started = performance.now();
    const drawn = await this.#drawnOf(choices, {
      features: features.data.subarray(from, from + width * plane),
      base: base.data.subarray(row * this.size, (row + 1) * this.size),
      plane,
    });
    this.#ms += performance.now() - started;
    return drawn;
  }

  async #drawnOf(
    choices: readonly number[],
    { features, base, plane }: { readonly features: Float32Array; readonly base: Float32Array; readonly plane: number },
  ): Promise<Float32Array> {
    const { width } = this.#dims;
    const { nodes, draw } = this.#parts;
    const each = this.channels * width;
    const rows = new Float32Array(choices.length * each);
    for (const [i, choice] of choices.entries()) rows.set(nodes.subarray(choice * each, (choice + 1) * each), i * each);
    const { candidates } = await draw.run({
      nodes: { data: rows, dims: [1, choices.length * this.channels, width] },
      features: { data: features, dims: [1, width, plane] },
      base: { data: base, dims: [1, 1, this.channels, plane] },
    });
    if (!candidates) throw new RangeError('the drawing graph has no output "candidates"');
    return candidates.data;
  }

  get #all(): number[] {
    return Array.from({ length: this.candidateCount }, (_, choice) => choice);
  }

  get #dims(): { readonly width: number; readonly plane: number } {
    const { nodes, count } = this.#parts;
    return { width: nodes.length / (count * this.channels), plane: this.side * this.side };
  }

  /** W_k F + p */
  #mixInto(picture: Float32Array, row: number, choice: number): void {
    const { width, plane } = this.#dims;
    const { nodes, base } = this.#parts;
    picture.set(base.data.subarray(row * this.size, (row + 1) * this.size));
    const from = row * (this.features.dims[1] as number) * plane;
    for (let c = 0; c < this.channels; c++) {
      const out = picture.subarray(c * plane, (c + 1) * plane);
      const weights = nodes.subarray((choice * this.channels + c) * width, (choice * this.channels + c + 1) * width);
      for (let d = 0; d < width; d++) add(out, this.features.data, from + d * plane, weights[d] as number);
    }
  }
}

function add(out: Float32Array, values: Float32Array, from: number, weight: number): void {
  for (let p = 0; p < out.length; p++) out[p] = (out[p] as number) + weight * (values[from + p] as number);
}
