/** One request on its way: waiting, running, ended. */
import { randomBytes } from 'node:crypto';
import { KandidError } from '../../errors.ts';
import { type EndNews, isEnd, type QuestionNews, type Work } from '../../worker/messages.ts';
import type { Lease } from '../bodies/budget.ts';
import { bytesIn, type StoredWork, storeWork } from '../bodies/stored-work.ts';
import type { Cost } from './cost.ts';
import { EventLog, type JobEvent, type JobNews } from './event-log.ts';

export type JobState = 'queued' | 'running' | 'done' | 'failed' | 'cancelled';

/** What a door asks for. */
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

interface JobFacts {
  readonly created: number;
  readonly events: number;
  readonly cost: Cost;
  readonly leases?: Job['leases'];
}

/** What the queue and the runner know of a job; only `Jobs` changes it. */
export class Job {
  readonly id = `job_${randomBytes(16).toString('base64url')}`;
  readonly spec: Omit<JobSpec, 'work'>;
  readonly label: string;
  readonly cost: Cost;
  /** Of the pictures in its work. */
  readonly bodyBytes: number;
  readonly log: EventLog;
  /** Milliseconds since 1970. */
  readonly created: number;
  started: number | null = null;
  finished: number | null = null;
  state: JobState = 'queued';
  /** Number of times it was begun. */
  attempt = 0;
  /** Its latest place in the queue; 0: next. */
  position = 0;
  viewers = 0;
  cancelling = false;
  question: QuestionNews | null = null;
  /** Let go of at the end, with the pictures in it. */
  work: Work | null;
  /** Of its pictures, while they are on disk. */
  stored: StoredWork | null = null;
  /** What it holds: its body until it ends, and its answer until nobody takes it any more. */
  readonly leases: { readonly body: Lease; readonly answer: Lease } | null;
  /** Answers that are being sent. */
  holders = 0;
  readonly ended: Promise<EndNews>;
  #end: (news: EndNews) => void = () => {};

  constructor({ work, ...spec }: JobSpec, { created, events, cost, leases = null }: JobFacts) {
    this.spec = spec;
    this.label = spec.label ?? work.kind;
    this.work = work;
    this.cost = cost;
    this.bodyBytes = bytesIn(work);
    this.leases = leases;
    this.created = created;
    this.log = new EventLog(events);
    this.ended = new Promise((resolve) => {
      this.#end = resolve;
    });
  }

  get client(): string {
    return this.spec.client;
  }

  get isOpen(): boolean {
    return this.state === 'queued' || this.state === 'running';
  }

  /** How it ended; null while it has not. */
  get end(): EndNews | null {
    const news = this.log.end?.news;
    return news && isEnd(news) ? news : null;
  }

  /** New weights of its guides, for a run that is still to begin. @throws {KandidError} option_invalid */
  weigh(weights: readonly number[]): void {
    const { work } = this;
    const guides = work?.kind === 'generate' ? (work.request.guides ?? []) : [];
    if (work && weights.length !== guides.length)
      throw new KandidError('option_invalid', {
        ...{ option: 'weights', got: `${weights.length} numbers`, expected: `${guides.length}, one per guide` },
      });
    if (work?.kind !== 'generate') return;
    const weighed = guides.map((guide, i) => ({ ...guide, weight: weights[i] as number }));
    this.work = { ...work, request: { ...work.request, guides: weighed } };
  }

  /** Its pictures go to disk while it waits. @throws {KandidError} spool_failed */
  async store(folder: string | undefined): Promise<void> {
    const stored = this.work && (await storeWork(this.work, folder));
    if (!stored) return;
    if (!this.isOpen) return await stored.close();
    this.stored = stored;
    this.work = stored.outline;
  }

  /** Its work, with its pictures; null where it has ended. @throws {KandidError} spool_failed */
  async load(): Promise<Work | null> {
    return this.work && this.stored ? await this.stored.load(this.work) : this.work;
  }

  /** Gives back what nobody needs any more. */
  settle(): void {
    if (this.isOpen) return;
    this.leases?.body.release();
    void this.stored?.close();
    if (this.holders === 0 && this.viewers === 0) this.leases?.answer.release();
  }

  append(news: JobNews, at: number): JobEvent {
    const attempt = Math.max(1, this.attempt);
    if (isEnd(news)) {
      this.state = news.type;
      this.finished = at;
      this.question = null;
      this.work = null;
    }
    const event = this.log.append(news, attempt, at);
    if (isEnd(news)) this.#end(news);
    return event;
  }
}
