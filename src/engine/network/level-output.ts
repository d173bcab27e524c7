/** What a run of a level's graph gives to the descents that took part in it. */
import { sizeOf, type Tensor } from '../../kit/tensor.ts';
import type { BufferPool } from './buffer-pool.ts';

/** Memory of a run, which is reused once every descent that took part has released it. */
export class RunMemory {
  readonly #buffers: BufferPool;
  readonly #candidates: readonly Tensor[];
  readonly #features: Tensor;
  #candidateUsers: number;
  #featureUsers: number;

  /** @param users descents that have rows in it */
  constructor(
    parts: { readonly candidates: readonly Tensor[]; readonly features: Tensor },
    buffers: BufferPool,
    users: number,
  ) {
    this.#candidates = parts.candidates;
    this.#features = parts.features;
    this.#buffers = buffers;
    this.#candidateUsers = users;
    this.#featureUsers = users;
  }

  /** Called once by each descent: neither it nor its guides read the candidates any more. */
  releaseCandidates(): void {
    this.#candidateUsers -= 1;
    if (this.#candidateUsers === 0) for (const { data } of this.#candidates) this.#buffers.release(data);
  }

  /** Called once by each descent: none of its states needs these features any more. */
  releaseFeatures(): void {
    this.#featureUsers -= 1;
    if (this.#featureUsers === 0) this.#buffers.release(this.#features.data);
  }
}

/** What a descent chooses of. */
export interface LevelOutput {
  /** [rows, width, side, side]; empty at a last level, whose features lead nowhere. */
  readonly features: Tensor;
  /** Natural logarithms of the candidates' probabilities, [rows, K]; null where the prior was not asked. */
  readonly logPrior: Tensor | null;
  /** Time inside ONNX Runtime. */
  readonly ms: number;
  readonly candidateCount: number;
  /** Numbers of one candidate. */
  readonly size: number;
  /** Writes a candidate into `picture`. */
  drawInto(picture: Float32Array, row: number, choice: number): void;
  releaseCandidates(): void;
  releaseFeatures(): void;
}

interface LevelRun {
  readonly features: Tensor;
  readonly candidates: Tensor;
  readonly logPrior: Tensor | null;
  readonly ms: number;
}

/** All candidates, drawn. */
export class DrawnLevel extends RunMemory implements LevelOutput {
  readonly features: Tensor;
  /** [rows, K, channels, side, side] */
  readonly candidates: Tensor;
  readonly logPrior: Tensor | null;
  readonly ms: number;

  constructor({ features, candidates, logPrior, ms }: LevelRun, buffers: BufferPool, users: number) {
    super({ candidates: [candidates], features }, buffers, users);
    this.features = features;
    this.candidates = candidates;
    this.logPrior = logPrior;
    this.ms = ms;
  }

  get candidateCount(): number {
    return this.candidates.dims[1] as number;
  }

  get size(): number {
    return sizeOf(this.candidates.dims.slice(2));
  }

  drawInto(picture: Float32Array, row: number, choice: number): void {
    const from = (row * this.candidateCount + choice) * this.size;
    picture.set(this.candidates.data.subarray(from, from + this.size));
  }
}
