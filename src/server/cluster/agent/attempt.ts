/** One attempt at a job, on the worker that has claimed it: run by a process of the worker's, told to the ledger, steered. */
import { KandidError } from '../../../errors.ts';
import type { Clock } from '../../../kit/clock.ts';
import { isEnd, type JobEnd, type JobEvent, type Work } from '../../../worker/messages.ts';
import { cancelledUnbegun } from '../../jobs/dispatcher.ts';
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
  /** Milliseconds since 1970 by Redis' clock, as all times of a job: this machine's may be wrong. */
  readonly startedAt: number;
  /** Until its deadline; null: it has none. */
  readonly leftMs: number | null;
}

export class Attempt {
  readonly job: Job;
  /** Resolves when nothing is left to tell: what becomes of its place in the queue. */
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

  /** Begins. The process tells the rest. */
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
      this.#obey().catch((error: unknown) => observer.trouble?.(error));
    };
    this.#stopListening = link.listen(`orders:${job.id}`, obey);
    // What was wanted before it listened.
    this.#stopListening.then(obey, obey);
  }

  get number(): number {
    return this.#options.number;
  }

  /** Nobody watches it. */
  drop(): void {
    this.#cancel('drop');
  }

  /** Another attempt counts now, or the job has ended: what this one does is for nobody. */
  supersede(): void {
    if (this.#isEnding) return;
    this.#isEnding = true;
    this.#options.runner.tell(this.job.id, { type: 'drop' });
    this.#closing(Promise.resolve('done'));
  }

  /** It has come to nothing here. @param reason why; null: the worker stops, and nobody is to blame */
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
    } else this.#reporter.tell(event);
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
    if (reason === null) runner.tell(job.id, { type: 'drop' });
    else observer.lost?.(job, reason);
    const lost = await this.#reporter.lost(reason);
    if (lost.verdict === 'again') return 'again';
    if (lost.verdict === 'over') return 'done';
    if (lost.verdict === 'cancelled') return await this.#end(cancelledUnbegun());
    return await this.#end(workerLost(lost.words));
  }

  #cancel(how: 'cancel' | 'drop'): void {
    if (this.#isEnding || this.#cancelled === 'drop' || this.#cancelled === how) return;
    this.#cancelled = how;
    this.#options.runner.tell(this.job.id, { type: how });
  }

  /** Does what is wanted of it and not done yet. */
  async #obey(): Promise<void> {
    const { ledger, runner, number } = this.#options;
    const { cancelled, weights, answers, taken } = await ledger.desired(this.job.id);
    if (this.#isEnding) return;
    if (cancelled) this.#cancel(cancelled);
    const wanted = weights && JSON.stringify(weights);
    if (weights && wanted !== this.#weights) {
      this.#weights = wanted;
      runner.tell(this.job.id, { type: 'weights', weights });
    }
    for (const { attempt, question, picks } of answers) {
      if (attempt !== number || this.#answered.has(question)) continue;
      this.#answered.add(question);
      runner.tell(this.job.id, { type: 'answer', question, picks });
    }
    if (taken?.attempt === number && taken.level > this.#taken) {
      this.#taken = taken.level;
      runner.tell(this.job.id, { type: 'taken', level: taken.level });
    }
  }
}

/** Lost as often as may be. */
export function workerLost(reason: string): JobEnd {
  return { type: 'failed', error: new KandidError('worker_lost', { reason }).toJSON() };
}
