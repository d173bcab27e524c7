/** The output of a run of several levels, in which every row has chosen. */
import type { Tensor } from '../../kit/tensor.ts';
import type { BufferPool } from './buffer-pool.ts';
import type { SpanPath, SpanRun } from './fused.ts';
import { RunMemory } from './level-output.ts';

export class SpanOutput extends RunMemory {
  /** Of each row. */
  readonly paths: readonly SpanPath[];
  /** Of the last level, [rows, width, side, side]. */
  readonly features: Tensor;
  readonly ms: number;

  constructor({ paths, features, ms }: SpanRun, buffers: BufferPool, users: number) {
    super({ candidates: [], features }, buffers, users);
    this.paths = paths;
    this.features = features;
    this.ms = ms;
  }
}
