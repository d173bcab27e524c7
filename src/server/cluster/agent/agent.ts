/**
 * The worker of a cluster: claims jobs for the models of its processes, as many as there is room for, and holds them by
 * renewing their leases. It runs no inference itself, so that its heartbeat continues whatever its processes do.
 */
import { KandidError } from '../../../errors.ts';
import type { Clock } from '../../../kit/clock.ts';
import type { JobEnd, Work } from '../../../worker/messages.ts';
import { cancelledBeforeStart } from '../../jobs/dispatcher.ts';
import type { JobsObserver } from '../../jobs/observer.ts';
import { withWeights } from '../../jobs/outline.ts';
import type { Claim, Settlement } from '../../jobs/queue.ts';
import type { Need, Runner } from '../../jobs/runner.ts';
import type { WorkerPool } from '../../workers/worker-pool.ts';
import type { BullQueue, ClusterEntry } from '../bull-queue.ts';
import type { Desired } from '../desired.ts';
import { type Begun, type Ledger, type NotBegun, WATCH_GRACE_SECONDS } from '../ledger.ts';
import { jobOf } from '../mirror.ts';
import { classOf, isQueueOf, type NodeReport, queueNameOf } from '../node.ts';
import type { Queues } from '../queues.ts';
import type { JobRecord } from '../record.ts';
import type { RedisLink } from '../redis-link.ts';
import type { Registry } from '../registry.ts';
import { Attempt, workerLost } from './attempt.ts';

/** The processes that run jobs. */
export type AgentPool = Runner & Pick<WorkerPool, 'info' | 'places' | 'status'>;

export interface AgentOptions {
  readonly link: RedisLink;
  readonly ledger: Ledger;
  readonly registry: Registry;
  readonly queues: Queues;
  readonly pool: AgentPool;
  readonly clock: Clock;
  readonly node: Pick<NodeReport, 'id' | 'host' | 'pid' | 'version'>;
  readonly leaseMs: number;
  readonly observer: JobsObserver;
}

interface Held {
  readonly queue: BullQueue;
  claim: Claim<ClusterEntry>;
  /** Resolves when the job has been settled here. */
  readonly released: Promise<void>;
}

/** The state of a job in Redis when it is started. */
interface Found {
  readonly record: JobRecord | null;
  readonly work: Work | null;
  readonly desired: Desired;
}

/** Heartbeats and lease renewals per lease. */
const BEATS_PER_LEASE = 4;
const PAUSE_MS = 200;

export class Agent {
  readonly #options: AgentOptions;
  readonly #attempts = new Map<string, Attempt>();
  /** Claimed jobs; leases are renewed from the claim on. */
  readonly #held = new Map<string, Held>();
  readonly #serving = new Map<string, Promise<void>>();
  #waiting: (() => void)[] = [];
  #isStopping = false;
  #stopTimer: () => void = () => {};
  #checkIdle: () => void = () => {};
  /** Queues that other workers serve, and the names of all queues. */
  #others: ReadonlySet<string> = new Set();
  #names: readonly string[] = [];

  constructor(options: AgentOptions) {
    this.#options = options;
    options.pool.listen(() => this.#notifyRoom());
  }

  get running(): number {
    return this.#attempts.size;
  }

  get draining(): boolean {
    return this.#isStopping;
  }

  /** Reports the worker and starts taking jobs. @throws {KandidError} redis_unavailable */
  async start(): Promise<void> {
    await this.#beat();
    await this.#options.registry.announce(this.#options.node.id);
    this.#beatLater();
  }

  /** Takes no more jobs; those still running after `seconds` are returned to the queue, to be run elsewhere. */
  async drain(seconds: number): Promise<void> {
    const { clock, registry, node, link } = this.#options;
    this.#isStopping = true;
    this.#notifyRoom();
    await this.#report().catch((error: unknown) => link.reportProblem(error));
    const idle = new Promise<void>((resolve) => {
      this.#checkIdle = () => {
        if (this.#held.size === 0) resolve();
      };
      this.#checkIdle();
    });
    const stopTimer = clock.after(seconds * 1000, () => {
      for (const attempt of this.#attempts.values()) attempt.giveUp(null);
    });
    await idle;
    stopTimer();
    this.#stopTimer();
    await Promise.all(this.#serving.values());
    await registry.remove(node.id).catch((error: unknown) => link.reportProblem(error));
  }

  #beatLater(): void {
    const { clock, leaseMs, link } = this.#options;
    this.#stopTimer = clock.after(leaseMs / BEATS_PER_LEASE, () => {
      this.#beat().catch((error: unknown) => link.reportProblem(error));
      this.#beatLater();
    });
  }

  async #beat(): Promise<void> {
    const { link, ledger } = this.#options;
    await this.#report();
    await this.#look();
    this.#serveAll();
    const renewing = [...this.#held.values()].map(({ queue, claim }) => queue.renew(claim));
    for (const { status, ...rest } of await Promise.allSettled(renewing))
      if (status === 'rejected' && 'reason' in rest) link.reportProblem(rest.reason);
    const attempts = [...this.#attempts].map(([id, { number }]) => ({ id, number }));
    for (const id of await ledger.superseded(attempts)) this.#attempts.get(id)?.supersede();
    for (const id of await ledger.abandoned([...this.#attempts.keys()], WATCH_GRACE_SECONDS))
      this.#attempts.get(id)?.drop();
  }

  async #look(): Promise<void> {
    const { registry, node } = this.#options;
    const others = (await registry.nodes()).filter(({ id, state }) => id !== node.id && state === 'ready');
    this.#others = new Set(
      others.flatMap((one) => one.known.models.map(({ hash }) => queueNameOf(hash, one.deviceClass))),
    );
    this.#names = await registry.queueNames();
  }

  async #report(): Promise<void> {
    const { registry, pool, node, leaseMs } = this.#options;
    const { info, places } = pool;
    if (!info) return;
    const report = {
      ...node,
      deviceClass: classOf(info.device),
      state: this.#isStopping ? ('draining' as const) : pool.problem() ? ('failed' as const) : ('ready' as const),
      places: places.all,
      jobs: this.#attempts.size,
      workers: pool.status(),
    };
    await registry.report(report, info, leaseMs);
  }

  /** Runs one loop per queue. */
  #serveAll(): void {
    for (const name of this.#queueNames()) {
      if (this.#serving.has(name)) continue;
      const serving = this.#serve(name).finally(() => this.#serving.delete(name));
      this.#serving.set(name, serving);
    }
  }

  /** Queues of its models on its device class, and queues of its models that no worker serves any more. */
  #queueNames(): string[] {
    const { info } = this.#options.pool;
    if (!info || this.#isStopping) return [];
    const own = info.models.map(({ hash }) => queueNameOf(hash, classOf(info.device)));
    const hasModel = (name: string) => info.models.some(({ hash }) => isQueueOf(name, hash));
    const left = this.#names.filter((name) => hasModel(name) && !own.includes(name) && !this.#others.has(name));
    return [...own, ...left];
  }

  async #serve(name: string): Promise<void> {
    const { queues, link } = this.#options;
    const isServed = () => this.#queueNames().includes(name);
    while (isServed()) {
      try {
        await this.#room();
        if (!isServed()) break;
        const queue = await queues.get(name);
        const claim = await queue.claim((entry) => this.#fits(entry, name));
        if (claim) this.#take(queue, claim);
        else await this.#pause(1);
      } catch (error) {
        link.reportProblem(error);
        await this.#pause(PAUSE_MS);
      }
    }
  }

  /** Resolves when a slot is free that no claimed job is about to take, or the worker stops. */
  async #room(): Promise<void> {
    while (this.#options.pool.places.free <= this.#held.size - this.#attempts.size && !this.#isStopping)
      await this.#change();
  }

  /** Resolves when capacity may have changed. */
  async #change(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#waiting.push(resolve);
    });
  }

  #notifyRoom(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resume of waiting) resume();
  }

  #fits(entry: ClusterEntry, queue: string): boolean {
    // The job was lost here: prefer another worker.
    if (entry.avoid === this.#options.node.id && this.#others.has(queue)) return false;
    return this.#options.pool.hasRoom(needOf(entry));
  }

  #take(queue: BullQueue, claim: Claim<ClusterEntry>): void {
    const { link, observer } = this.#options;
    const { id } = claim.entry;
    const before = this.#held.get(id);
    if (before) {
      this.#takeAgain(before, queue, claim).catch((error: unknown) => link.reportProblem(error));
      return;
    }
    const running = this.#run(claim.entry).catch((error: unknown): Settlement => {
      observer.trouble?.(error);
      return 'again';
    });
    const released = running
      .then((how) => held.queue.settle(held.claim, how))
      .catch((error: unknown) => link.reportProblem(error))
      .then(() => {
        this.#held.delete(id);
        this.#notifyRoom();
        this.#checkIdle();
      });
    const held: Held = { queue, claim, released };
    this.#held.set(id, held);
  }

  /**
   * The job is already held here: its lease expired while Redis was unreachable or this process was suspended. If its
   * attempt is still current it continues; otherwise another worker has started the job meanwhile and lost it too.
   */
  async #takeAgain(before: Held, queue: BullQueue, claim: Claim<ClusterEntry>): Promise<void> {
    const attempt = this.#attempts.get(claim.entry.id);
    before.claim = claim;
    const [isOld] = attempt
      ? await this.#options.ledger.superseded([{ id: claim.entry.id, number: attempt.number }])
      : [];
    if (isOld === undefined) return;
    // The old attempt must not settle the new claim.
    before.claim = { ...claim, lease: '' };
    attempt?.supersede();
    await before.released;
    this.#take(queue, claim);
  }

  async #run(entry: ClusterEntry): Promise<Settlement> {
    const { pool } = this.#options;
    const [begun, found] = await this.#begin(entry.id);
    if (begun.verdict === 'held') return 'again';
    if (begun.verdict === 'over') return 'done';
    if (begun.verdict !== 'begun') {
      await this.#options.ledger.end(entry.id, 0, endOf(begun));
      return 'done';
    }
    const attempt = this.#prepare(entry, begun, found);
    if (!attempt) return 'done';
    this.#attempts.set(entry.id, attempt);
    try {
      while (!pool.hasRoom(needOf(entry)) && !this.#isStopping) await this.#change();
      if (this.#isStopping) attempt.giveUp(null);
      else attempt.start();
      return await attempt.settled;
    } finally {
      this.#attempts.delete(entry.id);
    }
  }

  /** Starts a job and reads its state at the same time. While another live worker runs the job, retries. */
  async #begin(id: string): Promise<[Begun, Found]> {
    const { ledger, node, leaseMs } = this.#options;
    for (;;) {
      const [begun, record, work, desired] = await Promise.all([
        ledger.begin(id, node.id),
        ledger.record(id),
        ledger.work(id),
        ledger.desired(id),
      ]);
      if (begun.verdict !== 'held' || this.#isStopping) return [begun, { record, work, desired }];
      await this.#pause(leaseMs / BEATS_PER_LEASE);
    }
  }

  #prepare(
    entry: ClusterEntry,
    begun: Extract<Begun, { verdict: 'begun' }>,
    { record, work, desired: { weights } }: Found,
  ): Attempt | null {
    const { ledger, link, pool, clock, observer } = this.#options;
    if (!record || !work) return null;
    const { deadlineSeconds } = record.spec;
    return new Attempt({
      link,
      ledger,
      clock,
      observer,
      runner: pool,
      need: needOf(entry),
      job: jobOf(record, 1),
      work: weights ? withWeights(work, weights) : work,
      number: begun.attempt,
      startedAt: record.created + begun.elapsedMs,
      leftMs: deadlineSeconds === undefined ? null : Math.max(0, 1000 * deadlineSeconds - begun.elapsedMs),
    });
  }

  async #pause(ms: number): Promise<void> {
    await new Promise<void>((resolve) => void this.#options.clock.after(ms, resolve));
  }
}

function needOf({ client, slots, bytes, guides, retried = false }: ClusterEntry): Need {
  return { client, slots, bytes, guides, retried };
}

/** The end of a job that must not be started. */
function endOf(begun: NotBegun): JobEnd {
  if (begun.verdict === 'spent') return workerLost(begun.words);
  if (begun.verdict !== 'late') return cancelledBeforeStart();
  const { seconds } = begun;
  return { type: 'failed', error: new KandidError('deadline_passed', { seconds }).toJSON() };
}
