/** The inference processes: one per device, started again when they end, each running several jobs. */

import { KandidError } from '../../errors.ts';
import type { Clock } from '../../kit/clock.ts';
import {
  errorFrom,
  type JobMessage,
  type RunReport,
  type WorkerInfo,
  type WorkerOptions,
} from '../../worker/messages.ts';
import type { Assignment, Need, RunListener, Runner } from '../jobs/runner.ts';
import { forkWorker, type StartProcess } from './worker-process.ts';
import { Keeper, type WorkerStatus } from './worker-supervisor.ts';

export type { WorkerStatus };

export interface PoolObserver {
  run?(device: string, report: RunReport): void;
  ready?(device: string, info: WorkerInfo): void;
  /** A process ended unasked, and why; it is started again. */
  exited?(device: string, reason: string): void;
  /** Something went wrong in it that no job is to blame for. */
  complaint?(device: string, text: string): void;
}

export interface PoolOptions {
  /** One process for each: 'auto', 'cpu', 'cuda:N'. */
  readonly devices: readonly string[];
  readonly worker: WorkerOptions;
  /** Of one more process, which runs what users' guides are asked for, and nothing else. @default none: all run all */
  readonly guideWorker?: string | undefined;
  /** Results, and beams of them, that one process takes at once. A job is begun while one is free, or where its client has none running there. */
  readonly places: number;
  /** Of memory that the jobs of one process may take together. */
  readonly jobBytes: number;
  /** Jobs of one process that wait for a person, beside those that compute. */
  readonly parked: number;
  /** A process that says nothing for so long is ended; while it starts, ten times as long. */
  readonly hangSeconds: number;
  readonly clock: Clock;
  readonly observer?: PoolObserver | undefined;
  /** @default a forked process */
  readonly start?: StartProcess | undefined;
}

const RETRY_SECONDS = 5;

export class Pool implements Runner {
  readonly #keepers: readonly Keeper[];
  readonly #guideKeeper: Keeper | null;
  #listener: () => void = () => {};
  #info: WorkerInfo | null = null;

  constructor({ devices, guideWorker, worker, observer, start = forkWorker, ...limits }: PoolOptions) {
    const keeperOn = (device: string) =>
      new Keeper({
        ...{ ...limits, device, start, worker: { ...worker, engine: { ...worker.engine, device } } },
        onReady: (info) => {
          this.#info = info;
          observer?.ready?.(device, info);
        },
        onRoom: () => this.#listener(),
        onExit: (reason) => observer?.exited?.(device, reason),
        onRun: (report) => observer?.run?.(device, report),
        onComplaint: (text) => observer?.complaint?.(device, text),
      });
    this.#guideKeeper = guideWorker === undefined ? null : keeperOn(guideWorker);
    this.#keepers = [...devices.map(keeperOn), ...(this.#guideKeeper ? [this.#guideKeeper] : [])];
  }

  /**
   * Starts all processes; resolves when one is ready.
   *
   * @throws {KandidError} where none can be opened: what the first of them said
   */
  async start(): Promise<WorkerInfo> {
    try {
      return await Promise.any(this.#keepers.map((keeper) => keeper.start()));
    } catch (error) {
      throw error instanceof AggregateError ? error.errors[0] : error;
    }
  }

  /** Models, guides and device, of the process that was ready last; null before that. */
  get info(): WorkerInfo | null {
    return this.#info;
  }

  get ready(): boolean {
    return this.#keepers.some(({ state }) => state === 'ready');
  }

  status(): WorkerStatus[] {
    return this.#keepers.map((keeper) => keeper.status());
  }

  problem(): KandidError | null {
    const all = this.#keepers.map(({ unfit }) => unfit);
    const [first] = all;
    if (!first || all.some((unfit) => unfit === null)) return null;
    return new KandidError('worker_unavailable', {
      ...{ reason: errorFrom(first).message.replace(/\.$/, ''), retrySeconds: RETRY_SECONDS },
    });
  }

  hasRoom(need: Need): boolean {
    return this.#fitting(need).length > 0;
  }

  /** Processes that have room, the emptiest first. */
  #fitting(need: Need): Keeper[] {
    const own = this.#guideKeeper;
    const known = this.#info?.guides ?? [];
    const asksUsers = need.guides?.some((name) => known.some((guide) => guide.name === name && !guide.isOwn)) ?? false;
    const allowed = own ? this.#keepers.filter((keeper) => (keeper === own) === asksUsers) : this.#keepers;
    return allowed.filter((keeper) => keeper.hasRoom(need)).sort((a, b) => a.places - b.places);
  }

  run(assignment: Assignment, listener: RunListener): void {
    const [best] = this.#fitting(assignment);
    if (best) best.run(assignment, listener);
    else listener.lost('no process had room');
  }

  tell(job: string, message: JobMessage): void {
    for (const keeper of this.#keepers) keeper.tell(job, message);
  }

  listen(listener: () => void): void {
    this.#listener = listener;
  }

  /** Ends all processes: asked first, then forced. Jobs that still run are lost. */
  async stop(): Promise<void> {
    await Promise.all(this.#keepers.map((keeper) => keeper.stop()));
  }
}
