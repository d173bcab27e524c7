/** The interface between the routes and the jobs: those of this process (`Jobs`), or those of a cluster. */
import type { JobEnd } from '../../worker/messages.ts';
import type { Job, JobSpec, JobState } from './job.ts';
import type { JobSubscriber, SubscriberOptions } from './subscriber.ts';

/** A local value, or the promise of a remote one. */
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
  /** Number of waiting jobs. */
  readonly waiting: number;
  readonly running: number;
  readonly draining: boolean;
  /** Retained ended jobs, and the bytes of their pictures. */
  readonly kept: { readonly jobs: number; readonly bytes: number };
  /**
   * Admits a job, or returns the one created with the same idempotency key.
   *
   * @throws {KandidError} queue_full, client_busy, request_too_large, draining, worker_unavailable,
   * idempotency_conflict, and in a cluster model_unknown, bytes_full, client_bytes_full, redis_unavailable
   */
  submit(spec: JobSpec): Promise<Job>;
  /** @throws {KandidError} job_unknown, redis_unavailable */
  get(id: string): Awaitable<Job>;
  /** Newest first. */
  list(options?: ListOptions): Awaitable<JobList>;
  /** Estimated seconds until its results, from measured run times; null if nothing was measured, or it is running. */
  estimateSeconds(job: Job): number | null;
  /**
   * Cancels a job: a waiting one ends at once, a running one within a level, with its best pictures so far. Idempotent.
   */
  cancel(job: Job): Promise<void>;
  /** Answers the open question. @throws {KandidError} question_closed, option_invalid */
  choose(job: Job, question: number, picks: readonly number[]): Awaitable<void>;
  /** Sets the guide weights for the remaining levels. @throws {KandidError} option_invalid */
  weigh(job: Job, weights: readonly number[]): Awaitable<void>;
  /** Resolves to how a job ends, with or without subscribers. */
  endOf(job: Job): Promise<JobEnd>;
  /** Subscribes to a job's events after `since`. Close the subscriber when done. */
  watch(job: Job, options?: Pick<SubscriberOptions, 'since' | 'onEvent'>): JobSubscriber;
  /** Keeps a job's answer accounted for while a response is being sent; the returned function ends that. */
  hold(job: Job): () => void;
  /** Accepts no more jobs; resolves when no work is left here, after `seconds` at the latest. */
  drain(seconds: number): Promise<void>;
}
