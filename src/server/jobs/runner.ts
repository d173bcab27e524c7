/** The interface between jobs and the processes that run them. */
import type { KandidError } from '../../errors.ts';
import type { JobEvent, JobMessage, Ticket } from '../../worker/messages.ts';

export interface RunListener {
  /** The last event is `done`, `cancelled` or `failed`. */
  event(event: JobEvent): void;
  /** The process that ran it is gone; no more events follow. */
  lost(reason: string): void;
}

/** The resources that a job needs. */
export interface Need {
  /** The client that it is scheduled for. */
  readonly client: string;
  readonly slots: number;
  /** Bytes of memory. */
  readonly bytes: number;
  /**
   * Whether an earlier run was lost. Two such jobs never share a process, so that a job that kills its process takes no
   * other down twice.
   */
  readonly retried: boolean;
  /** Names of the guides that it uses. @default none */
  readonly guides?: readonly string[] | undefined;
}

export interface Assignment extends Need {
  readonly ticket: Ticket;
}

export interface Runner {
  /** Why nothing can be run now or soon; null if it can. */
  problem(): KandidError | null;
  hasRoom(need: Need): boolean;
  /** Starts a job; call only while there is room. */
  run(assignment: Assignment, listener: RunListener): void;
  /** Sends a message to a running job; dropped if it is not running. */
  sendTo(job: string, message: JobMessage): void;
  /** Calls `listener` when there is room again. */
  listen(listener: () => void): void;
}
