/** The pool of inference processes: one per device, restarted when they end, each running several jobs. */

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
import { type WorkerStatus, WorkerSupervisor } from './worker-supervisor.ts';
import type { Workers } from './workers.ts';

export type { WorkerStatus };

export interface PoolObserver {
  run?(device: string, report: RunReport): void;
  ready?(device: string, info: WorkerInfo): void;
  /** A process ended unexpectedly, with the reason; it is restarted. */
  exited?(device: string, reason: string): void;
  /** A problem in the process that belongs to no job. */
  warning?(device: string, text: string): void;
}

export interface PoolOptions {
  /** One process per entry: 'auto', 'cpu', 'cuda:N', 'webgpu', … */
  readonly devices: readonly string[];
  readonly worker: WorkerOptions;
  /**
   * Device of an additional process that runs requests with users' guides, and nothing else. @default none: every
   * process runs everything
   */
  readonly guideWorker?: string | undefined;
  /**
   * Capacity of one process: results times their beams. A job starts while a slot is free, or if its client has no job
   * running in that process.
   */
  readonly slots: number;
  /** Bytes of memory for all jobs of one process together. */
  readonly jobBytes: number;
  /** Jobs of one process that may wait for user input, in addition to those that compute. */
  readonly awaitingInput: number;
  /** A process that sends nothing for this long is killed; ten times as long while it starts. */
  readonly hangSeconds: number;
  readonly clock: Clock;
  readonly observer?: PoolObserver | undefined;
  /** @default a forked process */
  readonly start?: StartProcess | undefined;
}

const RETRY_SECONDS = 5;

export class WorkerPool implements Runner, Workers {
  readonly #supervisors: readonly WorkerSupervisor[];
  readonly #guideSupervisor: WorkerSupervisor | null;
  readonly #slots: number;
  #listener: () => void = () => {};
  #info: WorkerInfo | null = null;

  constructor({ devices, guideWorker, worker, observer, start = forkWorker, ...limits }: PoolOptions) {
    this.#slots = limits.slots;
    const supervisorOn = (device: string) =>
      new WorkerSupervisor({
        ...limits,
        device,
        start,
        worker: { ...worker, engine: { ...worker.engine, device } },
        onCatalogue: (info) => {
          this.#info = info;
        },
        onReady: (info) => {
          this.#info = info;
          observer?.ready?.(device, info);
        },
        onRoom: () => this.#listener(),
        onExit: (reason) => observer?.exited?.(device, reason),
        onRun: (report) => observer?.run?.(device, report),
        onWarning: (text) => observer?.warning?.(device, text),
      });
    this.#guideSupervisor = guideWorker === undefined ? null : supervisorOn(guideWorker);
    this.#supervisors = [...devices.map(supervisorOn), ...(this.#guideSupervisor ? [this.#guideSupervisor] : [])];
  }

  /**
   * Starts all processes; resolves when one is ready.
   *
   * @throws {KandidError} the error of the first process, if none can start
   */
  async start(): Promise<WorkerInfo> {
    try {
      return await Promise.any(this.#supervisors.map((supervisor) => supervisor.start()));
    } catch (error) {
      throw error instanceof AggregateError ? error.errors[0] : error;
    }
  }

  /** Models, guides and device, from the process that last became ready or reloaded its models; null before that. */
  get info(): WorkerInfo | null {
    return this.#info;
  }

  get ready(): boolean {
    return this.#supervisors.some(({ state }) => state === 'ready');
  }

  status(): WorkerStatus[] {
    return this.#supervisors.map((supervisor) => supervisor.status());
  }

  problem(): KandidError | null {
    const all = this.#supervisors.map(({ startupFailure }) => startupFailure);
    const [first] = all;
    if (!first || all.some((startupFailure) => startupFailure === null)) return null;
    return new KandidError('worker_unavailable', {
      reason: errorFrom(first).message.replace(/\.$/, ''),
      retrySeconds: RETRY_SECONDS,
    });
  }

  /** Slots of all ready processes, and how many are free. */
  get places(): { readonly all: number; readonly free: number } {
    const ready = this.#supervisors.filter(({ state }) => state === 'ready');
    const free = ready.reduce((sum, { slots }) => sum + Math.max(0, this.#slots - slots), 0);
    return { all: this.#slots * ready.length, free };
  }

  hasRoom(need: Need): boolean {
    return this.#fitting(need).length > 0;
  }

  /** Processes that have room, the least busy first. */
  #fitting(need: Need): WorkerSupervisor[] {
    const own = this.#guideSupervisor;
    const known = this.#info?.guides ?? [];
    const asksUsers = need.guides?.some((name) => known.some((guide) => guide.name === name && !guide.isOwn)) ?? false;
    const allowed = own
      ? this.#supervisors.filter((supervisor) => (supervisor === own) === asksUsers)
      : this.#supervisors;
    return allowed.filter((supervisor) => supervisor.hasRoom(need)).sort((a, b) => a.slots - b.slots);
  }

  run(assignment: Assignment, listener: RunListener): void {
    const [best] = this.#fitting(assignment);
    if (best) best.run(assignment, listener);
    else listener.lost('no process had room');
  }

  sendTo(job: string, message: JobMessage): void {
    for (const supervisor of this.#supervisors) supervisor.sendTo(job, message);
  }

  listen(listener: () => void): void {
    this.#listener = listener;
  }

  /** Ends all processes: asks first, then kills. Jobs that still run are lost. */
  async stop(): Promise<void> {
    await Promise.all(this.#supervisors.map((supervisor) => supervisor.stop()));
  }
}
