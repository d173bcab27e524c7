/** All jobs of the server: admits, queues, runs, streams, cancels and retains them for a while. */

import { KandidError } from '../../errors.ts';
import type { Clock } from '../../kit/clock.ts';
import type { JobEnd, Work } from '../../worker/messages.ts';
import type { ByteBudget } from '../bodies/budget.ts';
import { checkAdmission, checkPicks, type JobLimits } from './admission.ts';
import type { Cost } from './cost.ts';
import { Dispatcher } from './dispatcher.ts';
import { EtaEstimator } from './eta.ts';
import { fingerprint, IdempotencyKeys } from './idempotency.ts';
import { Job, type JobSpec, type Leases } from './job.ts';
import type { JobsObserver } from './observer.ts';
import { outlineOf } from './outline.ts';
import { FairQueue, type LocalQueue } from './queue.ts';
import { JobRetention } from './retention.ts';
import type { Runner } from './runner.ts';
import type { JobList, JobService, ListOptions } from './service.ts';
import { JobSubscriber, type SubscriberOptions } from './subscriber.ts';

export type { JobLimits };

export interface JobsOptions {
  readonly runner: Runner;
  readonly clock: Clock;
  readonly limits: JobLimits;
  /** Cost of some work. @throws {KandidError} not_ready while the models are unknown */
  readonly price: (work: Work) => Cost;
  /** Byte budgets of bodies and answers, and the folder for large bodies. @default unlimited, in memory */
  readonly storage?: JobStorage | undefined;
  /** @default in memory */
  readonly queue?: LocalQueue | undefined;
  readonly observer?: JobsObserver | undefined;
}

export interface JobStorage {
  readonly bodies: ByteBudget;
  readonly answers: ByteBudget;
  readonly folder?: string | undefined;
}

const SHUTDOWN_RETRY_SECONDS = 10;

export class Jobs implements JobService {
  readonly queue: LocalQueue;
  readonly #options: JobsOptions;
  readonly #dispatcher: Dispatcher;
  readonly #retention: JobRetention;
  readonly #jobs = new Map<string, Job>();
  readonly #keys = new IdempotencyKeys();
  readonly #eta = new EtaEstimator();
  readonly #abandoning = new Map<Job, () => void>();
  #draining: Promise<void> | null = null;
  #checkDrained: () => void = () => {};

  constructor(options: JobsOptions) {
    const { limits, clock, runner, observer = {} } = options;
    this.#options = options;
    this.queue = options.queue ?? new FairQueue({ most: limits.waiting, retrySeconds: () => this.#retrySeconds() });
    this.#retention = new JobRetention({
      clock,
      seconds: limits.keptSeconds,
      jobs: limits.kept,
      bytes: limits.keptBytes,
      onForget: (job) => this.#forget(job),
    });
    this.#dispatcher = new Dispatcher({
      runner,
      clock,
      queue: this.queue,
      eta: this.#eta,
      observer,
      find: (id) => this.#jobs.get(id) ?? null,
      onEnd: (job) => this.#ended(job),
    });
  }

  /** Number of waiting jobs. */
  get waiting(): number {
    return this.#dispatcher.waiting;
  }

  get running(): number {
    return this.#dispatcher.running;
  }

  get draining(): boolean {
    return this.#draining !== null;
  }

  /** Retained ended jobs, and the bytes of their pictures. */
  get kept(): { readonly jobs: number; readonly bytes: number } {
    return { jobs: this.#retention.size, bytes: this.#retention.bytes };
  }

  /**
   * Admits a job, or returns the one created with the same idempotency key.
   *
   * @throws {KandidError} queue_full, client_busy, request_too_large, draining, worker_unavailable,
   * idempotency_conflict
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
  list({ client, state, limit = 50, offset = 0 }: ListOptions = {}): JobList {
    const found = [...this.#jobs.values()]
      .filter((job) => (client === undefined || job.client === client) && (state === undefined || job.state === state))
      .reverse();
    return { jobs: found.slice(offset, offset + limit), hasMore: found.length > offset + limit };
  }

  /** Estimated seconds until its results, from measured run times; null if nothing was measured, or it is running. */
  estimateSeconds(job: Job): number | null {
    return job.state === 'queued' ? this.#eta.estimate(job.position) : null;
  }

  /**
   * Cancels a job: a waiting one ends at once, a running one within a level, with its best pictures so far. Idempotent.
   */
  async cancel(job: Job): Promise<void> {
    await this.#dispatcher.cancel(job);
  }

  #cancelSoon(job: Job, how: 'cancel' | 'drop'): void {
    this.#dispatcher.cancel(job, how).catch((error: unknown) => this.#options.observer?.trouble?.(error));
  }

  /** Answers the open question. @throws {KandidError} question_closed, option_invalid */
  choose(job: Job, question: number, picks: readonly number[]): void {
    checkPicks(job, question, picks);
    this.#options.runner.sendTo(job.id, { type: 'answer', question, picks });
  }

  /** Sets the guide weights for the remaining levels. @throws {KandidError} option_invalid */
  weigh(job: Job, weights: readonly number[]): void {
    job.setWeights(weights);
    this.#options.runner.sendTo(job.id, { type: 'weights', weights });
  }

  endOf(job: Job): Promise<JobEnd> {
    return job.ended;
  }

  /** Subscribes to a job's events after `since`. Close the subscriber when done. */
  watch(job: Job, { since, onEvent }: Pick<SubscriberOptions, 'since' | 'onEvent'> = {}): JobSubscriber {
    const unsubscribe = job.subscribe();
    this.#abandoning.get(job)?.();
    this.#abandoning.delete(job);
    const subscriber = new JobSubscriber(job.log, {
      since,
      onEvent,
      onPreview: (level) => this.#options.runner.sendTo(job.id, { type: 'taken', level }),
      onClose: () => {
        unsubscribe();
        this.#options.observer?.dropped?.(subscriber.dropped);
        this.#abandonIfAlone(job);
      },
    });
    return subscriber;
  }

  /** Accepts no more jobs; resolves when all have ended. Jobs still open after `seconds` are cancelled. */
  async drain(seconds: number): Promise<void> {
    this.#draining ??= this.#drain(seconds);
    await this.#draining;
  }

  async #drain(seconds: number): Promise<void> {
    const open = () => [...this.#jobs.values()].filter(({ isOpen }) => isOpen);
    const stopTimer = this.#options.clock.after(seconds * 1000, () => {
      for (const job of open()) this.#cancelSoon(job, job.subscribers > 0 ? 'cancel' : 'drop');
    });
    await new Promise<void>((resolve) => {
      this.#checkDrained = () => {
        if (open().length === 0) resolve();
      };
      this.#checkDrained();
    });
    stopTimer();
    this.#retention.close();
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
    const { work, ...asked } = spec;
    const outline = outlineOf(work);
    const job = new Job(asked, { outline, work, created: clock.date(), events: limits.events, cost, leases });
    this.#check(job);
    const { client, idempotencyKey: key } = spec;
    this.#jobs.set(job.id, job);
    if (key !== undefined) this.#keys.add(client, key, { fingerprint: fingerprint(work), job: job.id });
    try {
      leases?.body.grow(outline.bytes);
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

  #leasesOf({ client }: JobSpec): Leases | null {
    const { storage } = this.#options;
    return storage ? { body: storage.bodies.lease(client), answer: storage.answers.lease(client) } : null;
  }

  #refuse(job: Job): void {
    this.#forget(job);
    job.release();
  }

  /** Keeps a job's answer accounted for while a response is being sent; the returned function ends that. */
  hold(job: Job): () => void {
    return job.hold();
  }

  /** @throws {KandidError} draining, and the errors of `checkAdmission` */
  #check(job: Job): void {
    const { limits } = this.#options;
    if (this.draining) throw new KandidError('draining', { retrySeconds: SHUTDOWN_RETRY_SECONDS });
    checkAdmission(job, { limits, jobs: this.#jobs.values(), retrySeconds: this.#retrySeconds() });
  }

  #retrySeconds(): number {
    return this.#eta.retrySeconds(this.waiting);
  }

  #ended(job: Job): void {
    const estimate = job.cost.answerBytes;
    job.leases?.answer.shrink(Math.max(0, estimate - job.log.bytes));
    job.settle();
    this.#abandoning.get(job)?.();
    this.#abandoning.delete(job);
    if (job.spec.keep ?? true) this.#retention.add(job);
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
    if (abandonSeconds === undefined || job.subscribers > 0 || !job.isOpen) return;
    const abandon = () => this.#cancelSoon(job, 'drop');
    if (abandonSeconds === 0) abandon();
    else this.#abandoning.set(job, this.#options.clock.after(abandonSeconds * 1000, abandon));
  }
}
