/** Moves jobs from the queue to the workers, and ends each exactly once. */

import { KandidError, toKandidError } from '../../errors.ts';
import type { Clock } from '../../kit/clock.ts';
import { isEnd, type JobEnd, type JobEvent, type Work } from '../../worker/messages.ts';
import type { EtaEstimator } from './eta.ts';
import type { Job } from './job.ts';
import type { JobsObserver } from './observer.ts';
import type { Claim, LocalQueue, Settlement } from './queue.ts';
import type { Need, Runner } from './runner.ts';

export interface DispatcherOptions {
  readonly runner: Runner;
  readonly queue: LocalQueue;
  readonly clock: Clock;
  readonly eta: EtaEstimator;
  readonly observer: JobsObserver;
  readonly find: (id: string) => Job | null;
  readonly onEnd: (job: Job) => void;
}

/** Number of times a job may be started. */
const MAX_ATTEMPTS = 2;
/** Minimum interval between queue-position updates. */
const ANNOUNCE_MS = 1000;

export class Dispatcher {
  readonly #options: DispatcherOptions;
  /** Running jobs, each with its claim on the queue entry. */
  readonly #running = new Map<Job, Claim>();
  readonly #deadlines = new Map<Job, () => void>();
  #pumping = false;
  #pumpAgain = false;
  #stopAnnouncing: (() => void) | null = null;

  constructor(options: DispatcherOptions) {
    this.#options = options;
    options.queue.listen(() => this.#pumpSoon());
    options.runner.listen(() => this.#pumpSoon());
  }

  get waiting(): number {
    return this.#options.queue.size;
  }

  get running(): number {
    return this.#running.size;
  }

  /** @throws {KandidError} queue_full */
  async add(job: Job): Promise<void> {
    const { queue, clock } = this.#options;
    const { id, client, spec } = job;
    const seconds = spec.deadlineSeconds;
    if (seconds !== undefined)
      this.#deadlines.set(
        job,
        clock.after(seconds * 1000, () => this.#expire(job, seconds).catch(this.#reportTrouble)),
      );
    try {
      this.#wait(job, this.waiting);
      await queue.push({ id, client, priority: spec.priority ?? 0 });
    } catch (error) {
      this.#stopDeadline(job);
      throw error;
    }
    this.#announceSoon();
  }

  /** @param how `drop`: the pictures are not wanted; also valid after a `cancel` that has not taken effect yet */
  async cancel(job: Job, how: 'cancel' | 'drop' = 'cancel'): Promise<void> {
    if (!job.isOpen || (job.isCancelling && how === 'cancel')) return;
    job.cancel();
    if (this.#running.has(job)) {
      this.#options.runner.sendTo(job.id, { type: how });
      return;
    }
    await this.#options.queue.remove(job.id);
    // If it was claimed meanwhile, the pump checks `isCancelling` before it starts the job.
    if (job.isOpen && !this.#running.has(job)) this.#end(job, cancelledBeforeStart());
  }

  close(): void {
    this.#stopAnnouncing?.();
    this.#stopAnnouncing = null;
  }

  /** Reports an error that belongs to no job; other jobs continue. */
  readonly #reportTrouble = (error: unknown): void => this.#options.observer.trouble?.(error);

  #pumpSoon(): void {
    this.#pump().catch(this.#reportTrouble);
  }

  async #pump(): Promise<void> {
    this.#pumpAgain = true;
    if (this.#pumping) return;
    this.#pumping = true;
    try {
      while (this.#pumpAgain) {
        this.#pumpAgain = false;
        while (await this.#startNext());
      }
    } finally {
      this.#pumping = false;
    }
  }

  async #startNext(): Promise<boolean> {
    const { runner, queue, find } = this.#options;
    const claim = await queue.claim(({ id }) => {
      const job = find(id);
      return !job || runner.hasRoom(needOf(job));
    });
    if (!claim) return false;
    const job = find(claim.entry.id);
    if (!job || !(await this.#begin(job, claim))) await queue.settle(claim, 'done');
    this.#announceSoon();
    return true;
  }

  /** Loads a job's work and starts it; false if the job is no longer wanted. */
  async #begin(job: Job, claim: Claim): Promise<boolean> {
    let work: Work | null;
    try {
      work = await job.load();
    } catch (thrown) {
      if (job.isOpen) this.#end(job, { type: 'failed', error: toKandidError(thrown).toJSON() });
      return false;
    }
    if (!work || !job.isOpen || job.isCancelling) return false;
    if (this.#options.runner.hasRoom(needOf(job))) this.#start(job, work, claim);
    else await this.#options.queue.settle(claim, 'again');
    return true;
  }

  #start(job: Job, work: Work, claim: Claim): void {
    const { runner, clock, observer } = this.#options;
    const need = needOf(job);
    const attempt = job.start(clock.date());
    const { client } = job;
    this.#running.set(job, claim);
    const begun = clock.now();
    const isCurrent = () => job.attempt === attempt && job.state === 'running';
    observer.started?.(job);
    runner.run(
      { ...need, ticket: { job: job.id, attempt, client, work } },
      {
        event: (event) => {
          if (isCurrent()) this.#event(job, event, begun);
        },
        lost: (reason) => {
          if (isCurrent()) this.#lost(job, reason);
        },
      },
    );
  }

  #event(job: Job, event: JobEvent, begun: number): void {
    const { clock, eta } = this.#options;
    if (!isEnd(event)) {
      job.record(event, clock.date());
      return;
    }
    if (event.type === 'done') eta.add((clock.now() - begun) / 1000, this.#running.size);
    this.#settle(job, 'done');
    this.#end(job, event);
  }

  #lost(job: Job, reason: string): void {
    const { observer } = this.#options;
    observer.lost?.(job, reason);
    const isRetried = !job.isCancelling && job.attempt < MAX_ATTEMPTS;
    if (isRetried) this.#wait(job, 0);
    this.#settle(job, isRetried ? 'again' : 'done');
    if (isRetried) return;
    const failed: JobEnd = { type: 'failed', error: new KandidError('worker_lost', { reason }).toJSON() };
    this.#end(job, job.isCancelling ? cancelledBeforeStart() : failed);
  }

  #settle(job: Job, how: Settlement): void {
    const claim = this.#running.get(job);
    this.#running.delete(job);
    if (claim) this.#options.queue.settle(claim, how).catch(this.#reportTrouble);
  }

  #wait(job: Job, position: number): void {
    const { clock, eta } = this.#options;
    job.wait(position, eta.estimate(position), clock.date());
  }

  #end(job: Job, event: JobEnd): void {
    const { clock, observer, onEnd } = this.#options;
    this.#stopDeadline(job);
    job.finish(event, clock.date());
    observer.ended?.(job, event);
    onEnd(job);
    this.#pumpSoon();
  }

  /** On a deadline, a running job ends with its best pictures so far; a waiting job is not started. */
  async #expire(job: Job, seconds: number): Promise<void> {
    this.#deadlines.delete(job);
    if (!job.isOpen) return;
    if (this.#running.has(job)) return await this.cancel(job);
    job.cancel();
    await this.#options.queue.remove(job.id);
    const error = new KandidError('deadline_passed', { seconds }).toJSON();
    if (job.isOpen && !this.#running.has(job)) this.#end(job, { type: 'failed', error });
  }

  #stopDeadline(job: Job): void {
    this.#deadlines.get(job)?.();
    this.#deadlines.delete(job);
  }

  #announceSoon(): void {
    this.#stopAnnouncing ??= this.#options.clock.after(ANNOUNCE_MS, () => {
      this.#stopAnnouncing = null;
      this.#announce().catch(this.#reportTrouble);
    });
  }

  async #announce(): Promise<void> {
    const { queue, find } = this.#options;
    const order = await queue.order();
    for (const [position, id] of order.entries()) {
      const job = find(id);
      if (job?.state !== 'queued' || job.position === position) continue;
      this.#wait(job, position);
    }
  }
}

function needOf({ client, cost, attempt, outline }: Job): Need {
  const { guides, bytes } = outline;
  return { client, slots: cost.slots, bytes: cost.memory + bytes, retried: attempt > 0, guides };
}

/** The end of a job that was cancelled before it started: no results. */
export function cancelledBeforeStart(): JobEnd {
  const timings = { network: 0, guides: 0, engine: 0 };
  return { type: 'cancelled', level: 0, model: '', hash: '', seed: 0, results: [], guides: [], notes: [], timings };
}
