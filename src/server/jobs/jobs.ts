/** All jobs: taken in, queued, run, watched, cancelled, kept for a while. */

import { KandidError } from '../../errors.ts';
import type { Clock } from '../../kit/clock.ts';
import type { Work } from '../../worker/messages.ts';
import type { ByteBudget } from '../bodies/budget.ts';
import { checkAdmission, checkPicks, type JobLimits } from './admission.ts';
import type { Cost } from './cost.ts';
import { Dispatcher } from './dispatcher.ts';
import { Pace } from './eta.ts';
import { fingerprint, IdempotencyKeys } from './idempotency.ts';
import { Job, type JobSpec, type JobState } from './job.ts';
import type { JobsObserver } from './observer.ts';
import { FairQueue, type JobQueue } from './queue.ts';
import { Shelf } from './retention.ts';
import type { Runner } from './runner.ts';
import { Viewer, type ViewerOptions } from './subscriber.ts';

export type { JobLimits };

export interface JobsOptions {
  readonly runner: Runner;
  readonly clock: Clock;
  readonly limits: JobLimits;
  /** What work costs. @throws {KandidError} not_ready, where nothing is known of the models yet */
  readonly price: (work: Work) => Cost;
  /** What bodies and answers may hold, and where large bodies wait. @default all of it, in memory */
  readonly storage?: JobStorage | undefined;
  /** @default in memory */
  readonly queue?: JobQueue | undefined;
  readonly observer?: JobsObserver | undefined;
}

export interface JobStorage {
  readonly bodies: ByteBudget;
  readonly answers: ByteBudget;
  readonly folder?: string | undefined;
}

export interface ListOptions {
  readonly client?: string | undefined;
  readonly state?: JobState | undefined;
  /** @default 50 */
  readonly limit?: number | undefined;
  /** @default 0 */
  readonly offset?: number | undefined;
}

const SHUTDOWN_RETRY_SECONDS = 10;

export class Jobs {
  readonly queue: JobQueue;
  readonly #options: JobsOptions;
  readonly #dispatcher: Dispatcher;
  readonly #shelf: Shelf;
  readonly #jobs = new Map<string, Job>();
  readonly #keys = new IdempotencyKeys();
  readonly #pace = new Pace();
  readonly #abandoning = new Map<Job, () => void>();
  #draining: Promise<void> | null = null;
  #checkDrained: () => void = () => {};

  constructor(options: JobsOptions) {
    const { limits, clock, runner, observer = {} } = options;
    this.#options = options;
    this.queue = options.queue ?? new FairQueue({ most: limits.waiting, retrySeconds: () => this.#retrySeconds() });
    this.#shelf = new Shelf({
      ...{ clock, seconds: limits.keptSeconds, jobs: limits.kept, bytes: limits.keptBytes },
      onForget: (job) => this.#forget(job),
    });
    this.#dispatcher = new Dispatcher({
      ...{ runner, clock, queue: this.queue, pace: this.#pace, observer },
      find: (id) => this.#jobs.get(id) ?? null,
      onEnd: (job) => this.#ended(job),
    });
  }

  /** Jobs that wait. */
  get waiting(): number {
    return this.#dispatcher.waiting;
  }

  get running(): number {
    return this.#dispatcher.running;
  }

  get draining(): boolean {
    return this.#draining !== null;
  }

  /** Ended jobs that are kept, and the bytes of their pictures. */
  get kept(): { readonly jobs: number; readonly bytes: number } {
    return { jobs: this.#shelf.size, bytes: this.#shelf.bytes };
  }

  /**
   * Takes a job in; or gives the one that was made with the same idempotency key.
   *
   * @throws {KandidError} queue_full, client_busy, request_too_large, draining, worker_unavailable, idempotency_conflict
   */
  async submit(spec: JobSpec): Promise<Job> {
    try {
      return this.#known(spec) ?? (await this.#add(spec));
    } catch (error) {
      if (error instanceof KandidError) this.#options.observer?.refused?.(error);
      throw error;
    }
  }

  /** @throws {KandidError} job_unknown */
  get(id: string): Job {
    const job = this.#jobs.get(id);
    if (!job) throw new KandidError('job_unknown', { job: id.slice(0, 100) });
    return job;
  }

  /** Newest first. */
  list({ client, state, limit = 50, offset = 0 }: ListOptions = {}): { jobs: Job[]; hasMore: boolean } {
    const found = [...this.#jobs.values()]
      .filter((job) => (client === undefined || job.client === client) && (state === undefined || job.state === state))
      .reverse();
    return { jobs: found.slice(offset, offset + limit), hasMore: found.length > offset + limit };
  }

  /** Seconds until its results, by measured time; null where nothing is measured, or it runs already. */
  estimateSeconds(job: Job): number | null {
    return job.state === 'queued' ? this.#pace.estimate(job.position) : null;
  }

  /** Ends a job: at once where it waits, within a level where it runs, with the best pictures so far. Again: nothing. */
  async cancel(job: Job): Promise<void> {
    await this.#dispatcher.cancel(job);
  }

  #cancelSoon(job: Job, how: 'cancel' | 'drop'): void {
    this.#dispatcher.cancel(job, how).catch((error: unknown) => this.#options.observer?.trouble?.(error));
  }

  /** Answers the question that is open. @throws {KandidError} question_closed, option_invalid */
  choose(job: Job, question: number, picks: readonly number[]): void {
    checkPicks(job, question, picks);
    this.#options.runner.tell(job.id, { type: 'answer', question, picks });
  }

  /** Weights of the guides for the levels that are left. @throws {KandidError} option_invalid */
  weigh(job: Job, weights: readonly number[]): void {
    job.weigh(weights);
    this.#options.runner.tell(job.id, { type: 'weights', weights });
  }

  /** Follows a job from an event on. Close it when done. */
  watch(job: Job, { since, onEvent }: Pick<ViewerOptions, 'since' | 'onEvent'> = {}): Viewer {
    job.viewers += 1;
    this.#abandoning.get(job)?.();
    this.#abandoning.delete(job);
    const viewer = new Viewer(job.log, {
      ...{ since, onEvent },
      onPreview: (level) => this.#options.runner.tell(job.id, { type: 'taken', level }),
      onClose: () => {
        job.viewers -= 1;
        this.#options.observer?.dropped?.(viewer.dropped);
        job.settle();
        this.#abandonIfAlone(job);
      },
    });
    return viewer;
  }

  /** Takes no more jobs; resolves when all have ended, those left after so many seconds being cancelled. */
  async drain(seconds: number): Promise<void> {
    this.#draining ??= this.#drain(seconds);
    await this.#draining;
  }

  async #drain(seconds: number): Promise<void> {
    const open = () => [...this.#jobs.values()].filter(({ isOpen }) => isOpen);
    const stopTimer = this.#options.clock.after(seconds * 1000, () => {
      for (const job of open()) this.#cancelSoon(job, job.viewers > 0 ? 'cancel' : 'drop');
    });
    await new Promise<void>((resolve) => {
      this.#checkDrained = () => {
        if (open().length === 0) resolve();
      };
      this.#checkDrained();
    });
    stopTimer();
    this.#shelf.close();
    this.#dispatcher.close();
  }

  #known({ client, idempotencyKey, work }: JobSpec): Job | null {
    if (idempotencyKey === undefined) return null;
    const id = this.#keys.find(client, idempotencyKey, fingerprint(work));
    return id === null ? null : (this.#jobs.get(id) ?? null);
  }

  async #add(spec: JobSpec): Promise<Job> {
    const { clock, limits, observer, price, runner, storage } = this.#options;
    const problem = runner.problem();
    if (problem) throw problem;
    const cost = price(spec.work);
    const leases = this.#leasesOf(spec);
    const job = new Job(spec, { created: clock.date(), events: limits.events, cost, leases });
    this.#check(job);
    const { client, idempotencyKey: key } = spec;
    this.#jobs.set(job.id, job);
    if (key !== undefined) this.#keys.add(client, key, { fingerprint: fingerprint(spec.work), job: job.id });
    try {
      leases?.body.grow(job.bodyBytes);
      leases?.answer.grow(cost.answerBytes);
      if (storage) await job.store(storage.folder);
      if (job.isOpen) await this.#dispatcher.add(job);
    } catch (error) {
      this.#refuse(job);
      throw error;
    }
    observer?.submitted?.(job);
    return job;
  }

  #leasesOf({ client }: JobSpec): Job['leases'] {
    const { storage } = this.#options;
    return storage ? { body: storage.bodies.lease(client), answer: storage.answers.lease(client) } : null;
  }

  #refuse(job: Job): void {
    this.#forget(job);
    job.leases?.body.release();
    job.leases?.answer.release();
    void job.stored?.close();
  }

  /** Somebody is being sent a job's answer: what it takes counts until they say, by what this gives, that it is sent. */
  hold(job: Job): () => void {
    job.holders += 1;
    let isHeld = true;
    return () => {
      if (isHeld) job.holders -= 1;
      isHeld = false;
      job.settle();
    };
  }

  /** @throws {KandidError} draining, and what `checkAdmission` throws */
  #check(job: Job): void {
    const { limits } = this.#options;
    if (this.draining) throw new KandidError('draining', { retrySeconds: SHUTDOWN_RETRY_SECONDS });
    checkAdmission(job, { limits, jobs: this.#jobs.values(), retrySeconds: this.#retrySeconds() });
  }

  #retrySeconds(): number {
    return this.#pace.retrySeconds(this.waiting);
  }

  #ended(job: Job): void {
    const estimate = job.cost.answerBytes;
    job.leases?.answer.shrink(Math.max(0, estimate - job.log.bytes));
    job.settle();
    this.#abandoning.get(job)?.();
    this.#abandoning.delete(job);
    if (job.spec.keep ?? true) this.#shelf.add(job);
    else this.#forget(job);
    this.#checkDrained();
  }

  #forget(job: Job): void {
    this.#jobs.delete(job.id);
    const { client, idempotencyKey } = job.spec;
    if (idempotencyKey !== undefined) this.#keys.delete(client, idempotencyKey);
  }

  #abandonIfAlone(job: Job): void {
    const { abandonSeconds } = job.spec;
    if (abandonSeconds === undefined || job.viewers > 0 || !job.isOpen) return;
    const abandon = () => this.#cancelSoon(job, 'drop');
    if (abandonSeconds === 0) abandon();
    else this.#abandoning.set(job, this.#options.clock.after(abandonSeconds * 1000, abandon));
  }
}
