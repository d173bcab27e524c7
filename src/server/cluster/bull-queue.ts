/**
 * A queue of BullMQ as a `JobQueue`. BullMQ keeps the jobs that wait, gives each to one worker, on lease, and to another where the lease
 * is not renewed. Clients take turns by its priorities: of a job the band says its own priority, the place in it the turn.
 */
import { randomUUID } from 'node:crypto';
import { reasonOf } from '../../errors.ts';
import type { Claim, Entry, JobQueue, Settlement } from '../jobs/queue.ts';
import { BEGUN, TURN } from './lua/turns.ts';
import type { BullJob, Queue, Redis, Worker } from './packages.ts';
import type { RedisLink } from './redis-link.ts';

/** A job in a queue of a cluster, with what it needs of a worker. */
export interface ClusterEntry extends Entry {
  readonly slots: number;
  /** Of memory. */
  readonly bytes: number;
  readonly guides: readonly string[];
  /** The worker that has given it back: better run by another one. */
  readonly avoid?: string | undefined;
  /** It was lost before with who ran it. */
  readonly retried?: boolean | undefined;
}

export interface BullQueueOptions {
  readonly link: RedisLink;
  /** Of the queue. */
  readonly name: string;
  /** Who claims. */
  readonly owner: string;
  readonly leaseMs: number;
  /** Turns of one priority that BullMQ can tell apart. @default all that it has, shared among the priorities that there are */
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
/** A claim waits so long for a job to come. */
const WAIT_SECONDS = 1;
/** Jobs that do not fit here are looked past, so many of them. */
const LOOKED_PAST = 8;
/** Whether it is given to somebody else once more is for those who count attempts to say, not for BullMQ. */
const ANY_NUMBER = 1_000_000;

export class BullQueue implements JobQueue<ClusterEntry> {
  readonly #options: BullQueueOptions;
  readonly #span: number;
  readonly #queue: Queue<Data>;
  /** What claims: made where something is claimed. */
  #worker: Promise<Worker<Data>> | null = null;
  readonly #claimed = new Map<string, BullJob<Data>>();

  private constructor(options: BullQueueOptions, connection: Redis) {
    const { link, name } = options;
    this.#options = options;
    this.#span = options.span ?? SPAN;
    this.#queue = new link.packages.Queue<Data>(name, { connection, prefix: link.key('bull') });
    this.#queue.on('error', (error) => link.tellTrouble(error));
  }

  /** @throws {KandidError} redis_unavailable */
  static async open(options: BullQueueOptions): Promise<BullQueue> {
    return new BullQueue(options, await options.link.forQueues('pushes'));
  }

  /** @throws {KandidError} redis_unavailable */
  async push(entry: ClusterEntry): Promise<void> {
    const { link, name } = this.#options;
    const band = bandOf(entry);
    const [turn, from, moved] = await TURN.words(link, name, band, entry.client, this.#span);
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
      for (let looked = 0; looked < LOOKED_PAST; looked++) {
        const claim = await this.#claimNext(looked === 0);
        if (!claim) return null;
        const { entry } = claim;
        if (fits(entry)) {
          // Not waited for: whose turn comes next may be found out a moment later.
          BEGUN.run(link, name, bandOf(entry), this.#claimed.get(claim.lease)?.data.turn ?? 0).catch((error) =>
            link.tellTrouble(error),
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

  /** Claims that are not settled are lost to others after a while. */
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

  /** Its place among those that wait is what it was. */
  async #putBack({ entry, lease }: Claim<ClusterEntry>): Promise<void> {
    const job = this.#claimed.get(lease);
    this.#claimed.delete(lease);
    if (!job) return;
    await this.#isStillOurs(async () => {
      await job.moveToWait(lease);
    }).catch((error: unknown) => this.#options.link.tellTrouble(`${entry.id}: ${reasonOf(error)}`));
  }

  /** @throws {KandidError} redis_unavailable */
  async #isStillOurs(work: () => Promise<void>): Promise<boolean> {
    try {
      await work();
      return true;
    } catch (error) {
      // What BullMQ says where the lease has ended, or the job is gone, is no trouble.
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
    worker.on('error', (error) => link.tellTrouble(error));
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

  /** Turns are counted from another one: those that wait are told theirs. */
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

/** 0: before all others. */
function bandOf({ priority }: Entry): number {
  return HIGHEST - Math.max(-HIGHEST, Math.min(HIGHEST, priority));
}
