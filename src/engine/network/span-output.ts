/** The output of a span's run: choices of every row at all its levels. */
import type { Tensor } from '../../kit/tensor.ts';
import type { BufferPool } from './buffer-pool.ts';
import type { SpanPath, SpanRun } from './fused.ts';
import { RunMemory } from './level-output.ts';

export class SpanOutput extends RunMemory {
  /** One per row. */
  readonly paths: readonly SpanPath[];
  /** Features after the last level, [rows, width, side, side]. */
  readonly features: Tensor;
  readonly ms: number;

  constructor({ paths, features, ms }: SpanRun, buffers: BufferPool, users: number) {
    super({ candidates: [], features }, buffers, users);
    this.paths = paths;
    this.features = features;
    this.ms = ms;
  }
}
