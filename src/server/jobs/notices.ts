/** Decides which process calls webhooks. */
import type { Logger } from '../log.ts';
import type { Job } from './job.ts';
import type { JobService } from './service.ts';

/**
 * Calls the webhook of an ended job. @param onTry called before each attempt. @throws {KandidError} params_invalid,
 * job_unknown
 */
export type Notify = (job: Job, onTry: () => void) => Promise<void>;

export interface Notices {
  /** Starts calling webhooks, with `notify`. */
  begin(notify: Notify): void;
  /** Registers a job that was admitted here and has a webhook. */
  expect(job: Job): void;
}

/** Webhooks of the jobs of one process; they are lost with it, as the jobs are. */
export class LocalNotices implements Notices {
  readonly #jobs: Pick<JobService, 'endOf'>;
  readonly #log: Logger;
  #notify: Notify | null = null;

  constructor(jobs: Pick<JobService, 'endOf'>, log: Logger) {
    this.#jobs = jobs;
    this.#log = log;
  }

  begin(notify: Notify): void {
    this.#notify = notify;
  }

  expect(job: Job): void {
    const notifying = this.#jobs.endOf(job).then(() => this.#notify?.(job, () => {}));
    notifying.catch((err: unknown) => this.#log.error({ err, job: job.id }, 'not notified'));
  }
}
