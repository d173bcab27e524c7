/** A job: one request while it waits, runs and has ended. */
import { randomBytes } from 'node:crypto';
import { KandidError } from '../../errors.ts';
import { isEnd, type JobEnd, type JobEvent, type JobQuestion, type Output, type Work } from '../../worker/messages.ts';
import type { Lease } from '../bodies/budget.ts';
import { bytesIn, type StoredWork, storeWork } from '../bodies/stored-work.ts';
import type { Cost } from './cost.ts';
import { EventLog, type JobUpdate } from './event-log.ts';

export type JobState = 'queued' | 'running' | 'done' | 'failed' | 'cancelled';

/** A request for a job. */
export interface JobSpec {
  readonly work: Work;
  /** Whose turn it counts as: an API key's name, or an address. */
  readonly client: string;
  /** What it was asked as, for lists, logs and metrics. @default the work's kind */
  readonly label?: string | undefined;
  /** Higher goes first. @default 0 */
  readonly priority?: number | undefined;
  /** The same key and work give the same job; the same key with other work is refused. */
  readonly idempotencyKey?: string | undefined;
  /** After so long it is not begun any more, or ends with the best pictures so far. */
  readonly deadlineSeconds?: number | undefined;
  /** Cancelled when nobody has watched it for so long; 0: at once. @default never */
  readonly abandonSeconds?: number | undefined;
  /** Whether it can be looked at for a while after its end. @default true */
  readonly keep?: boolean | undefined;
}

/** What it holds of the server's memory: its body until it ends, and its answer until nobody takes it any more. */
export interface Leases {
  readonly body: Lease;
  readonly answer: Lease;
}

interface JobFacts {
  readonly created: number;
  readonly events: number;
  readonly cost: Cost;
  readonly leases?: Leases | null | undefined;
}

/** One request and its state, which changes by its own methods alone. */
export class Job {
  readonly id = `job_${randomBytes(16).toString('base64url')}`;
  readonly spec: Omit<JobSpec, 'work'>;
  readonly label: string;
  readonly cost: Cost;
  /** Of the pictures in its work. */
  readonly bodyBytes: number;
  readonly leases: Leases | null;
  readonly log: EventLog;
  /** Milliseconds since 1970. */
  readonly created: number;
  /** How its pictures are encoded. */
  readonly output: Output;
  /** Whether codes alone draw its pictures: not where they are those of an earlier level. */
  readonly isPlain: boolean;
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

  constructor({ work, ...spec }: JobSpec, { created, events, cost, leases }: JobFacts) {
    this.spec = spec;
    this.label = spec.label ?? work.kind;
    this.output = work.output;
    this.isPlain = work.kind !== 'decode' || work.level === undefined;
    this.cost = cost;
    this.bodyBytes = bytesIn(work);
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
    this.#state = 'queued';
    this.#position = position;
    this.#question = null;
    this.#append({ type: 'queued', position, estimateSeconds }, at);
  }

  /** It is given to a process. @returns the number of this attempt */
  start(at: number): number {
    this.#attempt += 1;
    this.#state = 'running';
    this.#started ??= at;
    return this.#attempt;
  }

  /** Something happened while it runs. */
  record(event: Exclude<JobEvent, JobEnd>, at: number): void {
    if (event.type === 'question') this.#question = event;
    if (event.type === 'chosen') this.#question = null;
    this.#append(event, at);
  }

  /** It has ended; nothing may follow. */
  finish(end: JobEnd, at: number): void {
    this.#state = end.type;
    this.#finished = at;
    this.#question = null;
    this.#work = null;
    this.#append(end, at);
    this.#resolve(end);
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
    const work = this.#work;
    const guides = work?.kind === 'generate' ? (work.request.guides ?? []) : [];
    if (work && weights.length !== guides.length)
      throw new KandidError('option_invalid', {
        option: 'weights',
        got: `${weights.length} numbers`,
        expected: `${guides.length}, one per guide`,
      });
    if (work?.kind !== 'generate') return;
    const weighted = guides.map((guide, i) => ({ ...guide, weight: weights[i] as number }));
    this.#work = { ...work, request: { ...work.request, guides: weighted } };
  }

  #append(event: JobUpdate, at: number): void {
    this.log.append(event, Math.max(1, this.#attempt), at);
  }
}
