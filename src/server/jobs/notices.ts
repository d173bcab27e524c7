/** Who sees to it that webhooks are called. */
import type { Logger } from '../log.ts';
import type { Job } from './job.ts';
import type { JobService } from './service.ts';

/** Calls the webhook of a job that has ended. @param onTry called before each attempt. @throws {KandidError} params_invalid, job_unknown */
export type Tell = (job: Job, onTry: () => void) => Promise<void>;

export interface Notices {
  /** From now on webhooks are called, by `tell`. */
  begin(tell: Tell): void;
  /** A job with a webhook was taken in here. */
  expect(job: Job): void;
}

/** Of the jobs of one process: they end with it, and so do their webhooks. */
export class OwnNotices implements Notices {
  readonly #jobs: Pick<JobService, 'endOf'>;
  readonly #log: Logger;
  #tell: Tell | null = null;

  constructor(jobs: Pick<JobService, 'endOf'>, log: Logger) {
    this.#jobs = jobs;
    this.#log = log;
  }

  begin(tell: Tell): void {
    this.#tell = tell;
  }

  expect(job: Job): void {
    const telling = this.#jobs.endOf(job).then(() => this.#tell?.(job, () => {}));
    telling.catch((err: unknown) => this.#log.error({ err, job: job.id }, 'not notified'));
  }
}
