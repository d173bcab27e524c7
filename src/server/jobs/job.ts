/** A job: one request while it waits, runs and has ended. */
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

/** A webhook, and what its body is made with. */
export interface NotifyTarget {
  readonly url: string;
  /** Where the caller saw the server, for addresses of pictures. */
  readonly place: Place;
  /** Id of the request. */
  readonly request: string;
}

/** A request for a job. */
export interface JobSpec {
  readonly work: Work;
  /** Whose turn it counts as: an API key's name, or an address. */
  readonly client: string;
  /** What it was asked as, for lists, logs and metrics. @default the work's kind */
  readonly label?: string | undefined;
  /** Higher goes first. @default 0 */
  readonly priority?: number | undefined;
  /** Jobs of this client that may wait or run. @default the server's limit */
  readonly mostOpen?: number | undefined;
  /** The same key and work give the same job, which tells whom the first request named; the same key with other work is refused. */
  readonly idempotencyKey?: string | undefined;
  /** After so long it is not begun any more, or ends with the best pictures so far. */
  readonly deadlineSeconds?: number | undefined;
  /** Cancelled when nobody has watched it for so long; 0: at once. @default never */
  readonly abandonSeconds?: number | undefined;
  /** Whether it can be looked at for a while after its end. @default true */
  readonly keep?: boolean | undefined;
  /** Who is told of its end. @default nobody */
  readonly notify?: NotifyTarget | undefined;
}

/** What it holds of the server's memory: its body until it ends, and its answer until nobody takes it any more. */
export interface Leases {
  readonly body: Lease;
  readonly answer: Lease;
}

export interface JobFacts {
  /** @default a new one */
  readonly id?: string | undefined;
  readonly outline: WorkOutline;
  /** null: others have it, or it has ended. */
  readonly work: Work | null;
  readonly created: number;
  readonly events: number;
  readonly cost: Cost;
  readonly leases?: Leases | null | undefined;
}

export function newJobId(): string {
  return `job_${randomBytes(16).toString('base64url')}`;
}

/** One request and its state, which changes by its own methods alone. */
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
  /** Its pictures, while they are on disk. */
  #stored: StoredWork | null = null;
  /** Answers that are being sent. */
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

  /** Milliseconds since 1970; null before it. */
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

  /** Its latest place in the queue; 0: next. */
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

  /** Released at the end, with the pictures in it. */
  get work(): Work | null {
    return this.#work;
  }

  /** How it ended; null while it has not. */
  get end(): JobEnd | null {
    const event = this.log.end?.event;
    return event && isEnd(event) ? event : null;
  }

  /** It waits in the queue: at first, at another place, or again after its process was lost. */
  wait(position: number, estimateSeconds: number | null, at: number): void {
    this.#append({ type: 'queued', position, estimateSeconds }, at);
  }

  /** It is given to a process. @param attempt @default the next @returns the number of this attempt */
  start(at: number, attempt = this.#attempt + 1): number {
    this.#attempt = attempt;
    this.#state = 'running';
    this.#started ??= at;
    return attempt;
  }

  /** Something happened while it runs. */
  record(event: Exclude<JobEvent, JobEnd>, at: number): void {
    this.#append(event, at);
  }

  /** It has ended; nothing may follow. */
  finish(end: JobEnd, at: number): void {
    this.#append(end, at);
  }

  /** Takes over an event that was numbered elsewhere; those before it are there, or are let go of. */
  take(entry: LogEntry): void {
    this.#apply(entry.event, entry.at);
    this.log.insert(entry);
    this.#tellEnd();
  }

  /** Its cancellation was requested. */
  cancel(): void {
    this.#isCancelling = true;
  }

  /** Somebody follows it; call what it gives when they leave. */
  subscribe(): () => void {
    this.#subscribers += 1;
    return () => {
      this.#subscribers -= 1;
      this.settle();
    };
  }

  /** Its answer is being sent; call what it gives when that is over. */
  hold(): () => void {
    this.#holders += 1;
    let isHeld = true;
    return () => {
      if (isHeld) this.#holders -= 1;
      isHeld = false;
      this.settle();
    };
  }

  /** Its pictures go to disk while it waits. @throws {KandidError} spool_failed */
  async store(folder: string | undefined): Promise<void> {
    const stored = this.#work && (await storeWork(this.#work, folder));
    if (!stored) return;
    if (!this.isOpen) return await stored.close();
    this.#stored = stored;
    this.#work = stored.outline;
  }

  /** Its work, with its pictures; null where it has ended. @throws {KandidError} spool_failed */
  async load(): Promise<Work | null> {
    return this.#work && this.#stored ? await this.#stored.load(this.#work) : this.#work;
  }

  /** Releases what nobody needs any more. */
  settle(): void {
    if (this.isOpen) return;
    this.leases?.body.release();
    void this.#stored?.close();
    if (this.#holders === 0 && this.#subscribers === 0) this.leases?.answer.release();
  }

  /** Releases everything: it was not admitted, or is forgotten. */
  release(): void {
    this.leases?.body.release();
    this.leases?.answer.release();
    void this.#stored?.close();
  }

  /** New weights of its guides, for a run that is still to start. @throws {KandidError} option_invalid */
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
    this.#tellEnd();
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

  #tellEnd(): void {
    const { end } = this;
    if (end) this.#resolve(end);
  }
}
