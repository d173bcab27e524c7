/**
 * Shares an inference process among clients: descents level by level, decoding of codes, and computations of guides.
 */
import { setImmediate as breathe } from 'node:timers/promises';
import type { Network } from '../engine/network/network.ts';
import { type BatchShare, runBatch } from '../engine/search/batches.ts';
import type { Descent } from '../engine/search/descent.ts';
import type { GenerateEvent } from '../engine/search/events.ts';
import { populationAt } from '../engine/search/plan.ts';
import type { Picture } from '../guide.ts';
import { ComputeQueue } from './compute-queue.ts';
import { DecodeQueue, type Decoding } from './decode-queue.ts';
import type { RunReport } from './messages.ts';
import { Shares } from './shares.ts';

/** A descent in progress, with its event handlers. */
export interface Task {
  readonly network: Network;
  readonly descent: Descent;
  /** The client that it is scheduled for. */
  readonly client: string;
  onEvent(event: GenerateEvent): void;
  /** The descent has ended, with its last event or `descent.error`; its guides are freed. */
  onEnd(): void;
}

export interface SchedulerOptions {
  /** Largest number of rows in one run. @default 64 */
  readonly rowsPerRun?: number | undefined;
  readonly onRun?: ((report: RunReport) => void) | undefined;
  /** A problem that belongs to no job. */
  readonly onTrouble?: ((error: unknown) => void) | undefined;
}

interface QueuedDescent {
  readonly task: Task;
  readonly descent: Descent;
  /** Rows run for it so far. */
  attained: number;
  /** Consecutive runs of its client without it, while it was ready. */
  waited: number;
}

const ROWS_PER_RUN = 64;
/** Largest number of results of a request that may share the runs of another client. */
const GUEST_RESULTS = 8;
/** A descent skipped this many times in a row goes next. */
const PATIENCE = 8;
/** Longest time, approximately, that messages such as cancel wait while descents choose one after the other. */
const YIELD_INTERVAL_MS = 10;

/**
 * The next turn goes to the client that has used the least time, for any kind of work it has. Among a client's descents
 * the one that has had the fewest rows goes next, together with all others at its level, including those of other
 * clients: so later ones catch up and then share the runs of earlier ones, and small requests overtake large ones; but
 * none is skipped more than `PATIENCE` times in a row. A run has a bounded number of rows, however many a request has.
 */
export class Scheduler {
  readonly #rowsPerRun: number;
  readonly #onRun: (report: RunReport) => void;
  readonly #onTrouble: (error: unknown) => void;
  readonly #tasks = new Map<Descent, QueuedDescent>();
  readonly #shares = new Shares();
  readonly #decodeQueue: DecodeQueue;
  readonly #computations = new ComputeQueue();
  #turn = 0;
  #looping = false;

  constructor({ rowsPerRun = ROWS_PER_RUN, onRun = () => {}, onTrouble = () => {} }: SchedulerOptions = {}) {
    this.#rowsPerRun = rowsPerRun;
    this.#onRun = onRun;
    this.#onTrouble = onTrouble;
    this.#decodeQueue = new DecodeQueue(onRun);
  }

  /** Number of descents in progress. */
  get size(): number {
    return this.#tasks.size;
  }

  add(task: Task): void {
    this.#shares.enter(task.client);
    this.#tasks.set(task.descent, { task, descent: task.descent, attained: 0, waited: 0 });
    this.#wake();
  }

  /** Checks a descent for changes from outside, such as an aborted signal, which ends it at once. */
  poke(descent: Descent): void {
    const standing = this.#tasks.get(descent);
    if (standing) this.#settle(standing);
  }

  /** Decodes whole codes; those of several jobs share runs. @throws the errors of the network */
  decode(decoding: Decoding): Promise<Picture[]> {
    return this.#sharing(decoding.client, () => this.#decodeQueue.add(decoding));
  }

  /** Runs part of a guide's computation in its client's turn. @throws the errors of the work */
  compute<T>(client: string, work: () => Promise<T>): Promise<T> {
    return this.#sharing(client, () => this.#computations.add(client, work));
  }

  async #sharing<T>(client: string, add: () => Promise<T>): Promise<T> {
    this.#shares.enter(client);
    try {
      const result = add();
      this.#wake();
      return await result;
    } finally {
      this.#shares.leave(client);
    }
  }

  #wake(): void {
    if (!this.#looping) this.#loop().catch((error: unknown) => this.#giveUp(error));
  }

  async #loop(): Promise<void> {
    this.#looping = true;
    try {
      // Work that arrives together should run together.
      await breathe();
      for (;;) {
        const ready = this.#ready();
        const descending = ready.map(({ task }) => task.client);
        const client = this.#shares.next([...descending, ...this.#decodeQueue.clients, ...this.#computations.clients]);
        if (client === undefined) break;
        await this.#serve(client, ready);
        await breathe();
      }
    } finally {
      this.#looping = false;
    }
  }

  #ready(): QueuedDescent[] {
    return [...this.#tasks.values()].filter(({ descent }) => descent.status === 'ready');
  }

  /** Does one unit of work for a client; its kinds of work take turns. */
  async #serve(client: string, ready: readonly QueuedDescent[]): Promise<void> {
    const own = ready.filter(({ task }) => task.client === client);
    const kinds = [
      ...(this.#computations.clients.includes(client) ? [() => this.#computeNext(client)] : []),
      ...(this.#decodeQueue.clients.includes(client) ? [() => this.#decodeNext(client)] : []),
      ...(own.length > 0 ? [() => this.#run(groupOf(own, ready), own)] : []),
    ];
    await kinds[this.#turn++ % kinds.length]?.();
  }

  async #computeNext(client: string): Promise<void> {
    const started = performance.now();
    await this.#computations.runNext(client);
    this.#shares.charge(client, performance.now() - started);
  }

  async #decodeNext(client: string): Promise<void> {
    const started = performance.now();
    const shares = await this.#decodeQueue.runNext(client);
    const ms = performance.now() - started;
    for (const [one, share] of shares) this.#shares.charge(one, share * ms);
  }

  async #run(group: readonly QueuedDescent[], own: readonly QueuedDescent[]): Promise<void> {
    const { task, descent } = group[0] as QueuedDescent;
    const { network } = task;
    const { level } = descent;
    const started = performance.now();
    const shares = await runBatch(
      network,
      group.map((standing) => standing.descent),
      this.#rowsPerRun,
    );
    const ms = performance.now() - started;
    const rows = shares.reduce((sum, share) => sum + share.rows, 0);
    if (rows > 0) this.#onRun({ model: network.info.name, level, rows, jobs: shares.length, ms });
    for (const standing of own) standing.waited += 1;
    for (const standing of group) if (standing.descent.status !== 'choosing') this.#settle(standing);
    await this.#choose(shares, ms / Math.max(1, rows));
  }

  /** Slow guides are not awaited: other work continues meanwhile. */
  async #choose(shares: readonly BatchShare[], rowMs: number): Promise<void> {
    let breathed = performance.now();
    for (const { descent, rows, choose } of shares) {
      const standing = this.#tasks.get(descent);
      const started = performance.now();
      if (standing) {
        standing.attained += rows;
        standing.waited = 0;
        this.#shares.charge(standing.task.client, rows * rowMs);
      }
      const choosing = choose().then(() => {
        if (!standing) return;
        this.#settle(standing);
        this.#wake();
      });
      const isQuick = await Promise.race([choosing.then(() => true), breathe(false)]);
      if (standing) this.#shares.charge(standing.task.client, performance.now() - started);
      if (isQuick && performance.now() - breathed < YIELD_INTERVAL_MS) continue;
      await breathe();
      breathed = performance.now();
    }
  }

  #settle(standing: QueuedDescent): void {
    const { descent, task } = standing;
    if (this.#tasks.get(descent) !== standing) return;
    const events = descent.drainEvents();
    const isOver = descent.status !== 'ready' && descent.status !== 'choosing';
    if (isOver) this.#tasks.delete(descent);
    for (const event of events) task.onEvent(event);
    if (isOver) this.#end(task);
  }

  #end(task: Task): void {
    this.#shares.leave(task.client);
    task.descent.dispose().catch(this.#onTrouble);
    task.onEnd();
  }

  /** After an error in the loop the state of the descents is unknown: all of them end, and new work starts over. */
  #giveUp(error: unknown): void {
    this.#onTrouble(error);
    const standing = [...this.#tasks.values()];
    this.#tasks.clear();
    for (const { task } of standing) this.#end(task);
  }
}

/**
 * The client's next descent and all others at the same level, in the order in which they get rows. Of other clients
 * only small descents, because a large one would prolong the run that a small one waits for.
 */
function groupOf(own: readonly QueuedDescent[], ready: readonly QueuedDescent[]): QueuedDescent[] {
  const byHunger = (a: QueuedDescent, b: QueuedDescent) => hunger(b) - hunger(a) || a.attained - b.attained;
  const [first] = [...own].sort(byHunger) as [QueuedDescent, ...QueuedDescent[]];
  const others = ready.filter(
    (one) =>
      one !== first &&
      one.task.network === first.task.network &&
      one.descent.level === first.descent.level &&
      (one.task.client === first.task.client || populationAt(one.descent.plan, one.descent.level) <= GUEST_RESULTS),
  );
  return [first, ...others.sort(byHunger)];
}

/** 0 until it has been skipped often. */
const hunger = ({ waited }: QueuedDescent) => (waited < PATIENCE ? 0 : waited);
