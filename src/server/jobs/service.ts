/** The interface between the routes and the jobs: those of this process (`Jobs`), or those of a cluster. */
import type { JobEnd } from '../../worker/messages.ts';
import type { Job, JobSpec, JobState } from './job.ts';
import type { JobSubscriber, SubscriberOptions } from './subscriber.ts';

/** At once, or from elsewhere. */
export type Awaitable<T> = T | Promise<T>;

export interface ListOptions {
  readonly client?: string | undefined;
  readonly state?: JobState | undefined;
  /** @default 50 */
  readonly limit?: number | undefined;
  /** @default 0 */
  readonly offset?: number | undefined;
}

export interface JobList {
  readonly jobs: Job[];
  readonly hasMore: boolean;
}

export interface JobService {
  /** Jobs that wait. */
  readonly waiting: number;
  readonly running: number;
  readonly draining: boolean;
  /** Ended jobs that are kept, and the bytes of their pictures. */
  readonly kept: { readonly jobs: number; readonly bytes: number };
  /**
   * Takes a job in; or gives the one that was made with the same idempotency key.
   *
   * @throws {KandidError} queue_full, client_busy, request_too_large, draining, worker_unavailable, idempotency_conflict, and
   * in a cluster model_unknown, bytes_full, client_bytes_full, redis_unavailable
   */
  submit(spec: JobSpec): Promise<Job>;
  /** @throws {KandidError} job_unknown, redis_unavailable */
  get(id: string): Awaitable<Job>;
  /** Newest first. */
  list(options?: ListOptions): Awaitable<JobList>;
  /** Seconds until its results, by measured time; null where nothing is measured, or it runs already. */
  estimateSeconds(job: Job): number | null;
  /** Ends a job: at once where it waits, within a level where it runs, with the best pictures so far. Again: nothing. */
  cancel(job: Job): Promise<void>;
  /** Answers the question that is open. @throws {KandidError} question_closed, option_invalid */
  choose(job: Job, question: number, picks: readonly number[]): Awaitable<void>;
  /** Weights of the guides for the levels that are left. @throws {KandidError} option_invalid */
  weigh(job: Job, weights: readonly number[]): Awaitable<void>;
  /** How a job ends, whether anybody watches it or not. */
  endOf(job: Job): Promise<JobEnd>;
  /** Follows a job from an event on. Close it when done. */
  watch(job: Job, options?: Pick<SubscriberOptions, 'since' | 'onEvent'>): JobSubscriber;
  /** Somebody is being sent a job's answer: what it takes counts until they say, by what this gives, that it is sent. */
  hold(job: Job): () => void;
  /** Takes no more jobs; resolves when nothing is left to do here, after so many seconds at the latest. */
  drain(seconds: number): Promise<void>;
}
