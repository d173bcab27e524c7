/**
 * One attempt at a job on the worker that claimed it: runs it in a process, reports its events to the ledger, and
 * applies control changes.
 */
import { KandidError } from '../../../errors.ts';
import type { Clock } from '../../../kit/clock.ts';
import { isEnd, type JobEnd, type JobEvent, type Work } from '../../../worker/messages.ts';
import { cancelledBeforeStart } from '../../jobs/dispatcher.ts';
import type { Job } from '../../jobs/job.ts';
import type { JobsObserver } from '../../jobs/observer.ts';
import type { Settlement } from '../../jobs/queue.ts';
import type { Need, Runner } from '../../jobs/runner.ts';
import type { Desired } from '../desired.ts';
import type { Ledger } from '../ledger.ts';
import type { RedisLink } from '../redis-link.ts';
import { Reporter } from './reporter.ts';

export interface AttemptOptions {
  readonly link: RedisLink;
  readonly ledger: Ledger;
  readonly runner: Runner;
  readonly clock: Clock;
  readonly observer: JobsObserver;
  readonly job: Job;
  readonly need: Need;
  readonly work: Work;
  readonly number: number;
  /** Milliseconds since 1970 by Redis' clock, like all times of a job: this machine's clock may be wrong. */
  readonly startedAt: number;
  /** Milliseconds until its deadline; null if it has none. */
  readonly leftMs: number | null;
}

export class Attempt {
  readonly job: Job;
  /** Resolves when everything is reported, to how its queue entry is settled. */
  readonly settled: Promise<Settlement>;
  readonly #options: AttemptOptions;
  readonly #reporter: Reporter;
  readonly #answered = new Set<number>();
  #settle: (how: Settlement) => void = () => {};
  #weights: string | null = null;
  #cancelled: Desired['cancelled'] = null;
  #taken = -1;
  #isEnding = false;
  #begun = 0;
  #stopListening: Promise<() => void> | null = null;
  #stopTimer: () => void = () => {};

  constructor(options: AttemptOptions) {
    const { job, ledger, clock, work, number, observer } = options;
    this.#options = options;
    this.job = job;
    this.settled = new Promise((resolve) => {
      this.#settle = resolve;
    });
    const images = work.kind === 'decode' ? 0 : (work.previews?.images ?? 0);
    this.#reporter = new Reporter({
      ledger,
      clock,
      job: job.id,
      attempt: number,
      shown: images + 2,
      onTrouble: (error) => observer.trouble?.(error),
      onOver: () => this.supersede(),
    });
  }

  /** Starts the job in a process, whose events do the rest. */
  start(): void {
    const { runner, need, work, number, job, startedAt, leftMs, clock, link, observer } = this.#options;
    this.#begun = clock.now();
    job.start(startedAt, number);
    observer.started?.(job);
    runner.run(
      { ...need, ticket: { job: job.id, attempt: number, client: need.client, work } },
      {
        event: (event) => this.#event(event),
        lost: (reason) => this.giveUp(reason),
      },
    );
    if (leftMs !== null) this.#stopTimer = clock.after(leftMs, () => this.#cancel('cancel'));
    const obey = () => {
      this.#applyDesired().catch((error: unknown) => observer.trouble?.(error));
    };
    this.#stopListening = link.listen(`orders:${job.id}`, obey);
    // Applies changes made before the subscription.
    this.#stopListening.then(obey, obey);
  }

  get number(): number {
    return this.#options.number;
  }

  /** Drops the job: nobody watches it. */
  drop(): void {
    this.#cancel('drop');
  }

  /** Stops the attempt: another one is current, or the job has ended. */
  supersede(): void {
    if (this.#isEnding) return;
    this.#isEnding = true;
    this.#options.runner.sendTo(this.job.id, { type: 'drop' });
    this.#closing(Promise.resolve('done'));
  }

  /**
   * Ends the attempt without a result. @param reason why it was lost; null if the worker is stopping, which does not
   * count as a loss
   */
  giveUp(reason: string | null): void {
    if (this.#isEnding) return;
    this.#isEnding = true;
    this.#closing(this.#lost(reason));
  }

  #event(event: JobEvent): void {
    if (this.#isEnding) return;
    if (isEnd(event)) {
      this.#isEnding = true;
      this.#closing(this.#end(event));
    } else this.#reporter.report(event);
  }

  #closing(how: Promise<Settlement>): void {
    const { observer } = this.#options;
    this.#stopTimer();
    this.#stopListening?.then(
      (stop) => stop(),
      () => {},
    );
    how.then(this.#settle, (error: unknown) => {
      observer.trouble?.(error);
      this.#settle('again');
    });
  }

  async #end(event: JobEnd): Promise<Settlement> {
    const { observer, job, clock, startedAt } = this.#options;
    if (await this.#reporter.end(event)) {
      job.finish(event, startedAt + clock.now() - this.#begun);
      observer.ended?.(job, event);
    }
    return 'done';
  }

  async #lost(reason: string | null): Promise<Settlement> {
    const { observer, job, runner } = this.#options;
    if (reason === null) runner.sendTo(job.id, { type: 'drop' });
    else observer.lost?.(job, reason);
    const lost = await this.#reporter.lost(reason);
    if (lost.verdict === 'again') return 'again';
    if (lost.verdict === 'over') return 'done';
    if (lost.verdict === 'cancelled') return await this.#end(cancelledBeforeStart());
    return await this.#end(workerLost(lost.words));
  }

  #cancel(how: 'cancel' | 'drop'): void {
    if (this.#isEnding || this.#cancelled === 'drop' || this.#cancelled === how) return;
    this.#cancelled = how;
    this.#options.runner.sendTo(this.job.id, { type: how });
  }

  /** Applies control changes that were not applied yet. */
  async #applyDesired(): Promise<void> {
    const { ledger, runner, number } = this.#options;
    const { cancelled, weights, answers, taken } = await ledger.desired(this.job.id);
    if (this.#isEnding) return;
    if (cancelled) this.#cancel(cancelled);
    const wanted = weights && JSON.stringify(weights);
    if (weights && wanted !== this.#weights) {
      this.#weights = wanted;
      runner.sendTo(this.job.id, { type: 'weights', weights });
    }
    for (const { attempt, question, picks } of answers) {
      if (attempt !== number || this.#answered.has(question)) continue;
      this.#answered.add(question);
      runner.sendTo(this.job.id, { type: 'answer', question, picks });
    }
    if (taken?.attempt === number && taken.level > this.#taken) {
      this.#taken = taken.level;
      runner.sendTo(this.job.id, { type: 'taken', level: taken.level });
    }
  }
}

/** The end of a job that was lost too often. */
export function workerLost(reason: string): JobEnd {
  return { type: 'failed', error: new KandidError('worker_lost', { reason }).toJSON() };
}
