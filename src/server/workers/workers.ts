/** The workers as the routes see them: processes of this server (`WorkerPool`), or those of a cluster. */
import type { KandidError } from '../../errors.ts';
import type { WorkerInfo } from '../../worker/messages.ts';
import type { WorkerStatus } from './worker-supervisor.ts';

export interface Workers {
  /** Models, guides and device; null until known. */
  readonly info: WorkerInfo | null;
  readonly ready: boolean;
  /** Why nothing can be run now or soon; null if it can. */
  problem(): KandidError | null;
  status(): readonly WorkerStatus[];
  /** Resolves when requests can be run. @throws {KandidError} if that cannot be expected */
  start(): Promise<unknown>;
  stop(): Promise<void>;
}
