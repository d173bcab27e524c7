/** The interface between jobs and whatever runs them. */
import type { KandidError } from '../../errors.ts';
import type { JobEvent, JobMessage, Ticket } from '../../worker/messages.ts';

export interface RunListener {
  /** The last is `done`, `cancelled` or `failed`. */
  event(event: JobEvent): void;
  /** The process that ran it is gone; nothing more comes. */
  lost(reason: string): void;
}

/** What a job needs of whoever runs it. */
export interface Need {
  /** Whose turn it counts as. */
  readonly client: string;
  readonly slots: number;
  /** Of memory. */
  readonly bytes: number;
  /** One that was lost before: no two of them share a process, so that one that kills its process kills no other twice. */
  readonly retried: boolean;
  /** Names of the guides that it asks. @default none */
  readonly guides?: readonly string[] | undefined;
}

export interface Assignment extends Need {
  readonly ticket: Ticket;
}

export interface Runner {
  /** Why nothing can be run, now or soon; null where it can. */
  problem(): KandidError | null;
  hasRoom(need: Need): boolean;
  /** Begins a job; only while there is room. */
  run(assignment: Assignment, listener: RunListener): void;
  /** Says something to a running job; dropped where it does not run any more. */
  tell(job: string, message: JobMessage): void;
  /** Calls back when there is room again. */
  listen(listener: () => void): void;
}
