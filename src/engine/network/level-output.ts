/** The output of a run of a level's graph, shared by its users: the descents with rows in it. */
import { sizeOf, type Tensor } from '../../kit/tensor.ts';
import type { BufferPool } from './buffer-pool.ts';

/** Memory of a run, reused once every user has released it. */
export class RunMemory {
  readonly #buffers: BufferPool;
  readonly #candidates: readonly Tensor[];
  readonly #features: Tensor;
  #candidateUsers: number;
  #featureUsers: number;

  /** @param users number of descents that must release it */
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

  /** To be called once by each user, when neither it nor its guides read the candidates any more. */
  releaseCandidates(): void {
    this.#candidateUsers -= 1;
    if (this.#candidateUsers === 0) for (const { data } of this.#candidates) this.#buffers.release(data);
  }

  /** To be called once by each user, when none of its states needs these features any more. */
  releaseFeatures(): void {
    this.#featureUsers -= 1;
    if (this.#featureUsers === 0) this.#buffers.release(this.#features.data);
  }
}

/** The candidates of a level, drawn or not, and the features for the next one. */
export interface LevelOutput {
  /** [rows, width, side, side]; empty at the last level, unless the prior needed them. */
  readonly features: Tensor;
  /** Natural log-probabilities of the candidates, [rows, K]; null if they were not requested. */
  readonly logPrior: Tensor | null;
  /** Time inside ONNX Runtime. */
  readonly ms: number;
  /** K */
  readonly candidateCount: number;
  /** Length of one candidate: channels · side². */
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

/** A level that drew all candidates. */
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
