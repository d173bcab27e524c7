/**
 * A BullMQ queue as a `JobQueue`. BullMQ keeps the waiting jobs and leases each to one worker, or to another if the
 * lease is not renewed. Clients take turns through BullMQ's priorities: the band is the job's own priority, the
 * position in the band its turn.
 */
import { randomUUID } from 'node:crypto';
import { reasonOf } from '../../errors.ts';
import type { Claim, Entry, JobQueue, Settlement } from '../jobs/queue.ts';
import { BEGUN, TURN } from './lua/turns.ts';
import type { BullJob, Queue, Redis, Worker } from './packages.ts';
import type { RedisLink } from './redis-link.ts';

/** A job in a cluster queue, with the resources that it needs of a worker. */
export interface ClusterEntry extends Entry {
  readonly slots: number;
  /** Bytes of memory. */
  readonly bytes: number;
  readonly guides: readonly string[];
  /** The worker that returned it; another one is preferred. */
  readonly avoid?: string | undefined;
  /** Whether an earlier run was lost. */
  readonly retried?: boolean | undefined;
}

export interface BullQueueOptions {
  readonly link: RedisLink;
  /** Name of the queue. */
  readonly name: string;
  /** Id of the claiming worker. */
  readonly owner: string;
  readonly leaseMs: number;
  /** Turns per priority that BullMQ can represent. @default an equal share of BullMQ's priorities */
  readonly span?: number | undefined;
}

interface Data extends ClusterEntry {
  readonly turn: number;
}

/** Priorities of requests: −10 … 10, the highest first. */
const HIGHEST = 10;
const BANDS = 2 * HIGHEST + 1;
/** BullMQ's priorities are 1 … 2²¹, the lowest first; 0 goes before all. */
const SPAN = Math.floor((2 ** 21 - 1) / BANDS);
/** Longest time that a claim waits for a job. */
const WAIT_SECONDS = 1;
/** Largest number of jobs skipped per claim because they do not fit. */
const MAX_SKIPPED = 8;
/** Attempts are limited by the ledger, not by BullMQ. */
const ANY_NUMBER = 1_000_000;

export class BullQueue implements JobQueue<ClusterEntry> {
  readonly #options: BullQueueOptions;
  readonly #span: number;
  readonly #queue: Queue<Data>;
  /** The claiming side, created with the first claim. */
  #worker: Promise<Worker<Data>> | null = null;
  readonly #claimed = new Map<string, BullJob<Data>>();

  private constructor(options: BullQueueOptions, connection: Redis) {
    const { link, name } = options;
    this.#options = options;
    this.#span = options.span ?? SPAN;
    this.#queue = new link.packages.Queue<Data>(name, { connection, prefix: link.key('bull') });
    this.#queue.on('error', (error) => link.reportProblem(error));
  }

  /** @throws {KandidError} redis_unavailable */
  static async open(options: BullQueueOptions): Promise<BullQueue> {
    return new BullQueue(options, await options.link.forQueues('pushes'));
  }

  /** @throws {KandidError} redis_unavailable */
  async push(entry: ClusterEntry): Promise<void> {
    const { link, name } = this.#options;
    const band = bandOf(entry);
    const [turn, from, moved] = await TURN.strings(link, name, band, entry.client, this.#span);
    const data: Data = { ...entry, turn: Number(turn) };
    await link.ask(() =>
      this.#queue.add('job', data, {
        jobId: entry.id,
        priority: this.#priorityOf(data, Number(from)),
        removeOnComplete: true,
        removeOnFail: true,
      }),
    );
    if (moved) await this.#renumber(band, Number(from));
  }

  async claim(fits: (entry: ClusterEntry) => boolean = () => true): Promise<Claim<ClusterEntry> | null> {
    const { link, name } = this.#options;
    const unfit: Claim<ClusterEntry>[] = [];
    try {
      for (let looked = 0; looked < MAX_SKIPPED; looked++) {
        const claim = await this.#claimNext(looked === 0);
        if (!claim) return null;
        const { entry } = claim;
        if (fits(entry)) {
          // Not awaited: the next turn may be updated a moment later.
          BEGUN.run(link, name, bandOf(entry), this.#claimed.get(claim.lease)?.data.turn ?? 0).catch((error) =>
            link.reportProblem(error),
          );
          return claim;
        }
        unfit.push(claim);
      }
      return null;
    } finally {
      for (const claim of unfit.reverse()) await this.#putBack(claim);
    }
  }

  async renew({ entry, lease }: Claim<ClusterEntry>): Promise<boolean> {
    const { leaseMs, link } = this.#options;
    const worker = await this.#working();
    return (await link.ask(() => worker.extendJobLocks([entry.id], [lease], leaseMs))).length === 0;
  }

  async settle({ lease }: Claim<ClusterEntry>, how: Settlement): Promise<boolean> {
    const job = this.#claimed.get(lease);
    this.#claimed.delete(lease);
    if (!job) return false;
    return await this.#isStillOurs(async () => {
      if (how === 'done') {
        await job.moveToCompleted(null, lease, false);
        return;
      }
      await job.updateData({ ...job.data, avoid: this.#options.owner, retried: true });
      await job.changePriority({ priority: 0 });
      await job.moveToWait(lease);
    });
  }

  async remove(id: string): Promise<boolean> {
    return await this.#options.link.ask(async () => {
      const state = await this.#queue.getJobState(id);
      if (state !== 'waiting' && state !== 'prioritized') return false;
      return (await this.#queue.remove(id)) === 1;
    });
  }

  async order(): Promise<readonly string[]> {
    return await this.#options.link.ask(() => this.#queue.getRanges(['wait', 'prioritized'], 0, -1, true));
  }

  /** Unsettled claims expire and go to other workers. */
  async close(): Promise<void> {
    const worker = await this.#worker?.catch(() => null);
    await worker?.close(true).catch(() => {});
    await this.#queue.close().catch(() => {});
  }

  async #claimNext(waits: boolean): Promise<Claim<ClusterEntry> | null> {
    const { link } = this.#options;
    const lease = randomUUID();
    const worker = await this.#working();
    const job = await link.ask(() => worker.getNextJob(lease, { block: waits }));
    if (!job?.data) return null;
    this.#claimed.set(lease, job);
    const { turn: _, ...entry } = job.data;
    return { entry: { ...entry, retried: entry.retried ?? job.stalledCounter > 0 }, lease };
  }

  /** Puts an entry back in its previous position. */
  async #putBack({ entry, lease }: Claim<ClusterEntry>): Promise<void> {
    const job = this.#claimed.get(lease);
    this.#claimed.delete(lease);
    if (!job) return;
    await this.#isStillOurs(async () => {
      await job.moveToWait(lease);
    }).catch((error: unknown) => this.#options.link.reportProblem(`${entry.id}: ${reasonOf(error)}`));
  }

  /** @throws {KandidError} redis_unavailable */
  async #isStillOurs(work: () => Promise<void>): Promise<boolean> {
    try {
      await work();
      return true;
    } catch (error) {
      // BullMQ's errors for an expired lease or a removed job are expected.
      if (error instanceof Error && /lock|Missing key|not in the active state/i.test(error.message)) return false;
      return await this.#options.link.ask(() => Promise.reject(error));
    }
  }

  async #working(): Promise<Worker<Data>> {
    this.#worker ??= this.#startWorking();
    try {
      return await this.#worker;
    } catch (error) {
      this.#worker = null;
      throw error;
    }
  }

  /** @throws {KandidError} redis_unavailable */
  async #startWorking(): Promise<Worker<Data>> {
    const { link, name, owner, leaseMs } = this.#options;
    const worker = new link.packages.Worker<Data>(name, null, {
      connection: await link.forQueues('claims'),
      prefix: link.key('bull'),
      name: owner,
      autorun: false,
      drainDelay: WAIT_SECONDS,
      lockDuration: leaseMs,
      stalledInterval: leaseMs / 2,
      maxStalledCount: ANY_NUMBER,
      skipLockRenewal: true,
    });
    worker.on('error', (error) => link.reportProblem(error));
    try {
      await link.ask(async () => {
        await worker.waitUntilReady();
        await worker.startStalledCheckTimer();
      });
      return worker;
    } catch (error) {
      await worker.close(true).catch(() => {});
      throw error;
    }
  }

  /** Turns are now counted from another start: updates the priorities of waiting jobs. */
  async #renumber(band: number, from: number): Promise<void> {
    const { link } = this.#options;
    for (const id of await this.order()) {
      const job = await link.ask(() => this.#queue.getJob(id));
      if (job && bandOf(job.data) === band && job.priority > 0)
        await link.ask(() => job.changePriority({ priority: this.#priorityOf(job.data, from) }));
    }
  }

  #priorityOf(data: Data, from: number): number {
    const place = Math.max(0, Math.min(this.#span - 1, data.turn - from));
    return 1 + bandOf(data) * this.#span + place;
  }
}

/** 0 goes before all others. */
function bandOf({ priority }: Entry): number {
  return HIGHEST - Math.max(-HIGHEST, Math.min(HIGHEST, priority));
}
