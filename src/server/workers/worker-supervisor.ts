/** Supervises one inference process: starts it, watches it, restarts it, and tracks its jobs. */

import { KandidError, reasonOf } from '../../errors.ts';
import { Backoff } from '../../kit/backoff.ts';
import type { Clock } from '../../kit/clock.ts';
import {
  type ErrorData,
  errorFrom,
  type FromWorker,
  isEnd,
  type JobEvent,
  type JobMessage,
  type JobPicture,
  type RunReport,
  type WorkerInfo,
  type WorkerOptions,
  withPictures,
} from '../../worker/messages.ts';
import type { Assignment, Need, RunListener } from '../jobs/runner.ts';
import type { StartProcess, WorkerProcess } from './worker-process.ts';

/** `starting`: its models are being opened; `waiting`: it ended, and is restarted after a delay. */
export type SupervisorState = 'starting' | 'ready' | 'waiting' | 'stopping' | 'stopped';

export interface WorkerStatus {
  /** 'cpu', 'cuda:N', 'webgpu', …; 'auto' until it is detected. */
  readonly device: string;
  readonly state: SupervisorState;
  readonly pid: number | null;
  readonly jobs: number;
  /** Number of times the process ended unexpectedly. */
  readonly restarts: number;
  /** Bytes of memory; null if not reported yet. */
  readonly memory: number | null;
  /** Why it is not ready; null if it is. */
  readonly reason: string | null;
}

export interface SupervisorOptions {
  readonly device: string;
  readonly worker: WorkerOptions;
  readonly slots: number;
  readonly jobBytes: number;
  readonly awaitingInput: number;
  readonly hangSeconds: number;
  readonly clock: Clock;
  readonly start: StartProcess;
  readonly onReady: (info: WorkerInfo) => void;
  /** The set of models has changed. */
  readonly onCatalogue: (info: WorkerInfo) => void;
  readonly onRoom: () => void;
  readonly onExit: (reason: string) => void;
  readonly onRun: (report: RunReport) => void;
  readonly onWarning: (text: string) => void;
}

interface Running {
  readonly assignment: Assignment;
  readonly listener: RunListener;
  /** Finished pictures received so far. */
  readonly finished: JobPicture[];
  /** Whether it is waiting for user input and computes nothing. */
  awaitingInput: boolean;
}

/** Pings per hang timeout. */
const PINGS_PER_HANG = 4;
/** Longest interval between pings: the replies also report memory. */
const LONGEST_PAUSE_MS = 5000;
/** Factor on the hang timeout during start-up: opening models and guides from a cold disk is the slowest step. */
const START_PATIENCE = 10;
/** A process that was asked to stop is killed after this time. */
const STOP_MS = 500;

/** Jobs that take more than the small share of the memory may not fill more than the large share. */
const SMALL_SHARE = 1 / 16;
const LARGE_SHARE = 3 / 4;

export class WorkerSupervisor {
  readonly #options: SupervisorOptions;
  readonly #backoff = new Backoff();
  readonly #jobs = new Map<string, Running>();
  #process: WorkerProcess | null = null;
  #device: string;
  #state: SupervisorState = 'stopped';
  #startupFailure: ErrorData | null = null;
  #reason: string | null = null;
  #restarts = 0;
  #wasReady = false;
  #memory: number | null = null;
  #heard = 0;
  #cancelTimer: () => void = () => {};
  #first: { resolve: (info: WorkerInfo) => void; reject: (error: Error) => void } | null = null;
  #stopped: () => void = () => {};

  constructor(options: SupervisorOptions) {
    this.#options = options;
    this.#device = options.device;
  }

  get state(): SupervisorState {
    return this.#state;
  }

  /** Why it cannot start; null if it can, or if that is not known yet. */
  get startupFailure(): ErrorData | null {
    return this.#startupFailure;
  }

  /** Number of slots in use. */
  get slots(): number {
    let sum = 0;
    for (const { assignment, awaitingInput } of this.#jobs.values()) if (!awaitingInput) sum += assignment.slots;
    return sum;
  }

  status(): WorkerStatus {
    return {
      device: this.#device,
      state: this.#state,
      memory: this.#memory,
      jobs: this.#jobs.size,
      restarts: this.#restarts,
      pid: this.#process?.pid ?? null,
      reason: this.#state === 'ready' ? null : this.#reason,
    };
  }

  /** Resolves when it is ready; rejects if it cannot start, and keeps trying. */
  async start(): Promise<WorkerInfo> {
    return await new Promise((resolve, reject) => {
      this.#first = { resolve, reject };
      this.#launch();
    });
  }

  /**
   * True while a slot is free, or if the client has no job computing here, so that a busy client shuts out nobody; and
   * only while the memory of all jobs stays within its limit, of which large jobs leave a part to small ones.
   */
  hasRoom({ client, bytes, retried }: Need): boolean {
    if (this.#state !== 'ready') return false;
    const { slots, awaitingInput, jobBytes } = this.#options;
    const jobs = [...this.#jobs.values()];
    if (jobs.filter((job) => job.awaitingInput).length >= awaitingInput) return false;
    const computing = jobs.filter((job) => !job.awaitingInput);
    if (retried && computing.some((job) => job.assignment.retried)) return false;
    const taken = jobs.reduce((sum, { assignment }) => sum + assignment.bytes, 0);
    const within = bytes > SMALL_SHARE * jobBytes ? LARGE_SHARE * jobBytes : jobBytes;
    if (taken > 0 && taken + bytes > within) return false;
    return this.slots < slots || !computing.some(({ assignment }) => assignment.client === client);
  }

  run(assignment: Assignment, listener: RunListener): void {
    const { ticket } = assignment;
    this.#jobs.set(ticket.job, { assignment, listener, finished: [], awaitingInput: false });
    try {
      this.#process?.send({ type: 'job', ticket });
    } catch (thrown) {
      this.#jobs.delete(ticket.job);
      const reason = `the request could not be sent to a worker process: ${reasonOf(thrown)}`;
      listener.event({ type: 'failed', error: new KandidError('internal', { reason }).toJSON() });
    }
  }

  sendTo(job: string, message: JobMessage): void {
    const running = this.#jobs.get(job);
    if (!running) return;
    const { attempt } = running.assignment.ticket;
    try {
      this.#process?.send({ type: 'tell', job, attempt, message });
    } catch (thrown) {
      this.#options.onWarning(`job ${job}: ${message.type} could not be sent: ${reasonOf(thrown)}`);
    }
  }

  async stop(): Promise<void> {
    const { clock } = this.#options;
    this.#cancelTimer();
    if (!this.#process) {
      this.#state = 'stopped';
      return;
    }
    const ended = new Promise<void>((resolve) => {
      this.#stopped = resolve;
    });
    this.#state = 'stopping';
    this.#process.send({ type: 'stop' });
    this.#cancelTimer = clock.after(STOP_MS, () => this.#process?.kill('SIGKILL'));
    await ended;
  }

  #launch(): void {
    const { start, worker, clock } = this.#options;
    this.#state = 'starting';
    this.#heard = clock.now();
    const current: WorkerProcess = start(
      { ...worker, isRestart: this.#wasReady },
      {
        message: (message) => this.#message(message),
        exit: (reason) => this.#exited(reason),
      },
    );
    this.#process = current;
    this.#watch();
  }

  #message(message: FromWorker): void {
    this.#heard = this.#options.clock.now();
    if (message.type === 'ready') this.#ready(message.info);
    else if (message.type === 'catalogue') this.#options.onCatalogue(message.info);
    else if (message.type === 'startupFailure') this.#startupFailure = message.error;
    else if (message.type === 'event') this.#event(message.job, message.attempt, message.event);
    else if (message.type === 'run') this.#options.onRun(message.run);
    else if (message.type === 'warning') this.#options.onWarning(message.text);
    else this.#memory = message.memory;
  }

  #ready(info: WorkerInfo): void {
    if (this.#state !== 'starting') return;
    this.#state = 'ready';
    this.#wasReady = true;
    this.#device = info.device;
    this.#startupFailure = null;
    this.#reason = null;
    this.#first?.resolve(info);
    this.#first = null;
    this.#options.onReady(info);
    this.#options.onRoom();
  }

  #event(job: string, attempt: number, event: JobEvent | JobPicture): void {
    const running = this.#jobs.get(job);
    if (running?.assignment.ticket.attempt !== attempt) return;
    if (event.type === 'finished') {
      running.finished.push(event);
      return;
    }
    const awaitingInput = running.awaitingInput;
    if (event.type === 'question') running.awaitingInput = true;
    if (event.type === 'chosen') running.awaitingInput = false;
    if (isEnd(event)) {
      this.#jobs.delete(job);
      if (event.type === 'done') this.#backoff.reset();
    }
    running.listener.event(isEnd(event) ? withPictures(event, running.finished) : event);
    if (isEnd(event) || running.awaitingInput !== awaitingInput) this.#options.onRoom();
  }

  #exited(reason: string): void {
    const { clock, onExit } = this.#options;
    this.#cancelTimer();
    const stopping = this.#state === 'stopping';
    const lost = [...this.#jobs.values()];
    this.#jobs.clear();
    this.#process = null;
    this.#reason = reason;
    this.#memory = null;
    this.#state = stopping ? 'stopped' : 'waiting';
    if (!stopping) {
      this.#restarts += 1;
      this.#cancelTimer = clock.after(this.#backoff.fail(), () => this.#launch());
    }
    this.#first?.reject(
      this.#startupFailure
        ? errorFrom(this.#startupFailure)
        : new KandidError('worker_unavailable', { reason, retrySeconds: 1 }),
    );
    this.#first = null;
    if (!stopping) onExit(reason);
    for (const { listener } of lost) listener.lost(reason);
    this.#stopped();
  }

  /** Kills the process if it is silent for too long, for example in a run that never returns. */
  #watch(): void {
    const { clock, hangSeconds } = this.#options;
    this.#cancelTimer = clock.after(Math.min(LONGEST_PAUSE_MS, (hangSeconds * 1000) / PINGS_PER_HANG), () => {
      const patience = this.#state === 'starting' ? START_PATIENCE : 1;
      if (clock.now() - this.#heard >= patience * hangSeconds * 1000) this.#process?.kill('SIGKILL');
      else this.#process?.send({ type: 'ping' });
      this.#watch();
    });
  }
}
