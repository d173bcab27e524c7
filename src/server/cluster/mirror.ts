/** A gateway's copy of one job: read on demand, and kept up to date while it has subscribers. */
import { KandidError } from '../../errors.ts';
import { Job } from '../jobs/job.ts';
import type { Ledger } from './ledger.ts';
import type { JobRecord } from './record.ts';
import type { RedisLink } from './redis-link.ts';

export interface MirrorOptions {
  readonly link: RedisLink;
  readonly ledger: Ledger;
  /** Reading failed; it is repeated when Redis is back. */
  readonly onTrouble: (error: unknown) => void;
  readonly onEnd: (mirror: Mirror) => void;
}

export class Mirror {
  readonly job: Job;
  /** The job's BullMQ queue; null before the first read. */
  queue: string | null = null;
  readonly #options: MirrorOptions;
  #followers = 0;
  #stop: Promise<() => void> | null = null;
  #isStale = false;
  #reading: Promise<void> | null = null;

  constructor(job: Job, options: MirrorOptions) {
    this.job = job;
    this.#options = options;
  }

  get isFollowed(): boolean {
    return this.#followers > 0;
  }

  /** Reads new events. @throws {KandidError} redis_unavailable */
  async refresh(): Promise<void> {
    this.#isStale = true;
    this.#reading ??= this.#readAll().finally(() => {
      this.#reading = null;
    });
    await this.#reading;
  }

  /** Follows the job until the returned function is called; calls are counted. */
  follow(): () => void {
    this.#followers += 1;
    if (this.#followers === 1 && this.job.isOpen) {
      this.#stop = this.#options.link.listen(`news:${this.job.id}`, () => this.refreshSoon());
      // Reads events from before the subscription.
      this.#stop.then(() => this.refreshSoon(), this.#options.onTrouble);
    }
    let isOver = false;
    return () => {
      if (isOver) return;
      isOver = true;
      this.#followers -= 1;
      if (this.#followers === 0) this.#unlisten();
    };
  }

  refreshSoon(): void {
    this.refresh().catch(this.#options.onTrouble);
  }

  #unlisten(): void {
    const stop = this.#stop;
    this.#stop = null;
    stop?.then((end) => end(), this.#options.onTrouble);
  }

  async #readAll(): Promise<void> {
    while (this.#isStale && this.job.isOpen) {
      this.#isStale = false;
      while (this.job.isOpen && !(await this.#readSome()));
    }
  }

  /** @returns whether all events were read */
  async #readSome(): Promise<boolean> {
    const { job } = this;
    const found = await this.#options.ledger.read(job.id, job.log.seq);
    if (!found) {
      const error = new KandidError('job_unknown', { job: job.id }).toJSON();
      job.finish({ type: 'failed', error }, job.created);
      this.#end();
      return true;
    }
    const { record, entries, isAll } = found;
    this.queue = record.queue;
    if (record.forgotten > job.log.seq) job.log.forget(record.forgotten);
    for (const entry of entries) {
      if (entry.seq <= job.log.seq) continue;
      if (entry.event.type !== 'queued') this.#start(record, entry.attempt);
      job.take(entry);
    }
    if (record.state === 'running') this.#start(record, record.attempt);
    if (!job.isOpen) this.#end();
    return isAll;
  }

  #start({ started, created, state }: JobRecord, attempt: number): void {
    const { job } = this;
    if (started !== null && (attempt > job.attempt || (job.state === 'queued' && state === 'running')))
      job.start(started ?? created, attempt);
  }

  #end(): void {
    this.#unlisten();
    this.#options.onEnd(this);
  }
}

/** A job from its record in Redis, without its events. */
export function jobOf(record: JobRecord, events: number, leases: Job['leases'] = null): Job {
  const { id, spec, outline, cost, created } = record;
  return new Job(spec, { id, outline, cost, created, events, leases, work: null });
}
