/** A job: one request while it waits, while it runs, and after it has ended. */
import { randomBytes } from 'node:crypto';
import { KandidError } from '../../errors.ts';
import { isEnd, type JobEnd, type JobEvent, type JobQuestion, type Work } from '../../worker/messages.ts';
import type { Lease } from '../bodies/budget.ts';
import { type StoredWork, storeWork } from '../bodies/stored-work.ts';
import type { Place } from '../http/places.ts';
import type { Cost } from './cost.ts';
import { EventLog, type JobUpdate, type LogEntry } from './event-log.ts';
import { type WorkOutline, withWeights } from './outline.ts';

export type JobState = 'queued' | 'running' | 'done' | 'failed' | 'cancelled';

/** A webhook, with the context that its body is built from. */
export interface NotifyTarget {
  readonly url: string;
  /** Public address of the server as the caller saw it, for picture links. */
  readonly place: Place;
  /** Request id. */
  readonly request: string;
}

/** A request for a job. */
export interface JobSpec {
  readonly work: Work;
  /** The client it is queued and counted for: an API key's name, or an address. */
  readonly client: string;
  /** Name of the operation, for lists, logs and metrics. @default the work's kind */
  readonly label?: string | undefined;
  /** Higher runs first. @default 0 */
  readonly priority?: number | undefined;
  /** Largest number of this client's jobs that wait or run. @default the server's limit */
  readonly mostOpen?: number | undefined;
  /**
   * The same key and work return the same job, with the first request's `notify`; the same key with other work is
   * refused.
   */
  readonly idempotencyKey?: string | undefined;
  /** After this time a waiting job is not started, and a running one ends with its best pictures so far. */
  readonly deadlineSeconds?: number | undefined;
  /** Cancelled after this time without subscribers; 0: at once. @default never */
  readonly abandonSeconds?: number | undefined;
  /** Whether it remains available for a while after its end. @default true */
  readonly keep?: boolean | undefined;
  /** Webhook called at its end. @default none */
  readonly notify?: NotifyTarget | undefined;
}

/** Its share of the server's memory: the body until the job ends, the answer until nobody reads it any more. */
export interface Leases {
  readonly body: Lease;
  readonly answer: Lease;
}

export interface JobFacts {
  /** @default a new id */
  readonly id?: string | undefined;
  readonly outline: WorkOutline;
  /** Null if other processes hold it, or the job has ended. */
  readonly work: Work | null;
  readonly created: number;
  readonly events: number;
  readonly cost: Cost;
  readonly leases?: Leases | null | undefined;
}

export function newJobId(): string {
  return `job_${randomBytes(16).toString('base64url')}`;
}

/** One request and its state. Only its own methods change the state. */
export class Job {
  readonly id: string;
  readonly spec: Omit<JobSpec, 'work'>;
  readonly label: string;
  readonly outline: WorkOutline;
  readonly cost: Cost;
  readonly leases: Leases | null;
  readonly log: EventLog;
  /** Milliseconds since 1970. */
  readonly created: number;
  readonly ended: Promise<JobEnd>;
  #state: JobState = 'queued';
  #started: number | null = null;
  #finished: number | null = null;
  #attempt = 0;
  #position = 0;
  #subscribers = 0;
  #isCancelling = false;
  #question: JobQuestion | null = null;
  #work: Work | null;
  /** Its pictures while they are on disk. */
  #stored: StoredWork | null = null;
  /** Number of responses being sent. */
  #holders = 0;
  #resolve: (end: JobEnd) => void = () => {};

  constructor(spec: Omit<JobSpec, 'work'>, { id, outline, work, created, events, cost, leases }: JobFacts) {
    this.id = id ?? newJobId();
    this.spec = spec;
    this.label = spec.label ?? outline.kind;
    this.outline = outline;
    this.cost = cost;
    this.leases = leases ?? null;
    this.created = created;
    this.log = new EventLog(events);
    this.#work = work;
    this.ended = new Promise((resolve) => {
      this.#resolve = resolve;
    });
  }

  get client(): string {
    return this.spec.client;
  }

  get state(): JobState {
    return this.#state;
  }

  get isOpen(): boolean {
    return this.#state === 'queued' || this.#state === 'running';
  }

  /** Milliseconds since 1970; null before the start. */
  get started(): number | null {
    return this.#started;
  }

  get finished(): number | null {
    return this.#finished;
  }

  /** Number of times it was started. */
  get attempt(): number {
    return this.#attempt;
  }

  /** Latest position in the queue; 0: next. */
  get position(): number {
    return this.#position;
  }

  get subscribers(): number {
    return this.#subscribers;
  }

  get isCancelling(): boolean {
    return this.#isCancelling;
  }

  /** The open question to a person. */
  get question(): JobQuestion | null {
    return this.#question;
  }

  /** Released at the end, together with its pictures. */
  get work(): Work | null {
    return this.#work;
  }

  /** How it ended; null while open. */
  get end(): JobEnd | null {
    const event = this.log.end?.event;
    return event && isEnd(event) ? event : null;
  }

  /** The job is queued: initially, at a new position, or again after its worker process was lost. */
  wait(position: number, estimateSeconds: number | null, at: number): void {
    this.#append({ type: 'queued', position, estimateSeconds }, at);
  }

  /** The job starts in a worker process. @param attempt @default the next @returns the number of this attempt */
  start(at: number, attempt = this.#attempt + 1): number {
    this.#attempt = attempt;
    this.#state = 'running';
    this.#started ??= at;
    return attempt;
  }

  /** Records an event of the running job. */
  record(event: Exclude<JobEvent, JobEnd>, at: number): void {
    this.#append(event, at);
  }

  /** Ends the job; no event may follow. */
  finish(end: JobEnd, at: number): void {
    this.#append(end, at);
  }

  /** Applies an event that was numbered elsewhere; earlier events are already here or no longer available. */
  take(entry: LogEntry): void {
    this.#apply(entry.event, entry.at);
    this.log.insert(entry);
    this.#resolveEnd();
  }

  /** Marks the job as being cancelled. */
  cancel(): void {
    this.#isCancelling = true;
  }

  /** Adds a subscriber; the returned function removes it. */
  subscribe(): () => void {
    this.#subscribers += 1;
    return () => {
      this.#subscribers -= 1;
      this.settle();
    };
  }

  /** Keeps its answer accounted for while a response is being sent; the returned function ends that. */
  hold(): () => void {
    this.#holders += 1;
    let isHeld = true;
    return () => {
      if (isHeld) this.#holders -= 1;
      isHeld = false;
      this.settle();
    };
  }

  /** Moves its pictures to disk while it waits. @throws {KandidError} spool_failed */
  async store(folder: string | undefined): Promise<void> {
    const stored = this.#work && (await storeWork(this.#work, folder));
    if (!stored) return;
    if (!this.isOpen) return await stored.close();
    this.#stored = stored;
    this.#work = stored.outline;
  }

  /** Its work with the pictures; null once it has ended. @throws {KandidError} spool_failed */
  async load(): Promise<Work | null> {
    return this.#work && this.#stored ? await this.#stored.load(this.#work) : this.#work;
  }

  /** After the end, releases what is no longer needed. */
  settle(): void {
    if (this.isOpen) return;
    this.leases?.body.release();
    void this.#stored?.close();
    if (this.#holders === 0 && this.#subscribers === 0) this.leases?.answer.release();
  }

  /** Releases everything: the job was not admitted, or is no longer retained. */
  release(): void {
    this.leases?.body.release();
    this.leases?.answer.release();
    void this.#stored?.close();
  }

  /** Sets guide weights for a run that has not started yet. @throws {KandidError} option_invalid */
  setWeights(weights: readonly number[]): void {
    const { guides } = this.outline;
    if (this.isOpen && weights.length !== guides.length)
      throw new KandidError('option_invalid', {
        option: 'weights',
        got: `${weights.length} numbers`,
        expected: `${guides.length}, one per guide`,
      });
    this.#work = this.#work && withWeights(this.#work, weights);
  }

  #append(event: JobUpdate, at: number): void {
    this.#apply(event, at);
    this.log.append(event, Math.max(1, this.#attempt), at);
    this.#resolveEnd();
  }

  #apply(event: JobUpdate, at: number): void {
    if (event.type === 'question') this.#question = event;
    else if (event.type === 'chosen') this.#question = null;
    else if (event.type === 'queued') {
      this.#state = 'queued';
      this.#position = event.position;
      this.#question = null;
    } else if (isEnd(event)) {
      this.#state = event.type;
      this.#finished = at;
      this.#question = null;
      this.#work = null;
    }
  }

  #resolveEnd(): void {
    const { end } = this;
    if (end) this.#resolve(end);
  }
}
