/** Observes jobs, for logs and metrics. */
import type { KandidError } from '../../errors.ts';
import type { JobEnd } from '../../worker/messages.ts';
import type { Job } from './job.ts';

export interface JobsObserver {
  submitted?(job: Job): void;
  refused?(error: KandidError): void;
  started?(job: Job): void;
  /** Its process is gone; the job is retried, or has failed. */
  lost?(job: Job, reason: string): void;
  ended?(job: Job, event: JobEnd): void;
  /** An error that belongs to no job; jobs continue. */
  trouble?(error: unknown): void;
  /** A subscriber left, having been too slow for this many previews. */
  dropped?(previews: number): void;
}
