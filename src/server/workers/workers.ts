/** The workers as the routes know them: processes of this server (`WorkerPool`), or those of a cluster. */
import type { KandidError } from '../../errors.ts';
import type { WorkerInfo } from '../../worker/messages.ts';
import type { WorkerStatus } from './worker-supervisor.ts';

export interface Workers {
  /** Models, guides and device; null before that is known. */
  readonly info: WorkerInfo | null;
  readonly ready: boolean;
  /** Why nothing can be run, now or soon; null where it can. */
  problem(): KandidError | null;
  status(): readonly WorkerStatus[];
  /** Resolves when requests can be run. @throws {KandidError} where that is not to be expected */
  start(): Promise<unknown>;
  stop(): Promise<void>;
}
