/** Hears what happens to jobs, for logs and metrics. */
import type { KandidError } from '../../errors.ts';
import type { JobEnd } from '../../worker/messages.ts';
import type { Job } from './job.ts';

export interface JobsObserver {
  submitted?(job: Job): void;
  refused?(error: KandidError): void;
  started?(job: Job): void;
  /** Its process is gone; it is run again, or has failed. */
  lost?(job: Job, reason: string): void;
  ended?(job: Job, event: JobEnd): void;
  /** Something went wrong that no job is to blame for; it goes on. */
  trouble?(error: unknown): void;
  /** A subscriber left, having been too slow for this many previews. */
  dropped?(previews: number): void;
}
