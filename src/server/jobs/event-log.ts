/** The numbered events of one job, for any number of subscribers at their own speed. */
import { isEnd, type JobEvent } from '../../worker/messages.ts';

/** The job waits; sent again when its position changes. */
export interface JobQueued {
  readonly type: 'queued';
  /** Number of jobs ahead of it. */
  readonly position: number;
  /** Estimated seconds until its results, from measured run times; null while nothing was measured. */
  readonly estimateSeconds: number | null;
}

export type JobUpdate = JobQueued | JobEvent;

export interface LogEntry<N extends JobUpdate = JobUpdate> {
  /** 0, 1, … within the job. */
  readonly seq: number;
  /** Milliseconds since 1970. */
  readonly at: number;
  /** Run of the job that the event belongs to: 1, or 2 after a worker process was lost. */
  readonly attempt: number;
  readonly event: N;
}

/** Events that are no longer kept. */
export interface Gap {
  readonly from: number;
  readonly to: number;
}

/** Events with the same slot replace each other: only the latest is kept, and dropping the others leaves no gap. */
function slotOf(event: JobUpdate): string | null {
  if (event.type === 'queued') return 'queued';
  return event.type === 'preview' && !event.kept ? `preview ${event.image}` : null;
}

export class EventLog {
  readonly #most: number;
  /** In order; previews and queue positions are in `#latest`. */
  readonly #kept: LogEntry[] = [];
  readonly #latest = new Map<string, LogEntry>();
  readonly #listeners = new Set<() => void>();
  #next = 0;
  /** Sequence number of the last discarded event; −1 if none. */
  #forgotten = -1;
  #previews = 0;
  #end: LogEntry | null = null;

  /** @param most events kept beside the latest previews */
  constructor(most: number) {
    this.#most = Math.max(1, most);
  }

  /** Sequence number of the last event; −1 before the first. */
  get seq(): number {
    return this.#next - 1;
  }

  /** The event that ended the job. */
  get end(): LogEntry | null {
    return this.#end;
  }

  /** Number of previews so far that a subscriber may skip. */
  get previews(): number {
    return this.#previews;
  }

  /** Appends an event. @throws {RangeError} after the end */
  append(event: JobUpdate, attempt: number, at: number): LogEntry {
    const entry = { seq: this.#next, at, attempt, event };
    this.insert(entry);
    return entry;
  }

  /** Inserts an event numbered elsewhere. @throws {RangeError} if its number is not above all before it */
  insert(entry: LogEntry): void {
    const { event, seq } = entry;
    if (this.#end) throw new RangeError(`${event.type} after ${this.#end.event.type}`);
    if (seq < this.#next) throw new RangeError(`event ${seq} after ${this.seq}`);
    this.#next = seq + 1;
    const slot = slotOf(event);
    if (event.type === 'preview' && !event.kept) this.#previews += 1;
    if (slot !== null) this.#latest.set(slot, entry);
    else this.#keep(entry);
    if (isEnd(event)) {
      this.#end = entry;
      for (const [name, { event: old }] of this.#latest) if (old.type === 'preview') this.#latest.delete(name);
    }
    for (const listener of [...this.#listeners]) listener();
  }

  /** Marks events up to `seq` that are not in this log as no longer available. */
  forget(seq: number): void {
    this.#forgotten = Math.max(this.#forgotten, seq);
    this.#next = Math.max(this.#next, seq + 1);
  }

  /** The first kept event after `cursor`, or the gap before it; null if there is none yet. */
  after(cursor: number): LogEntry | Gap | null {
    if (cursor < this.#forgotten) return { from: cursor + 1, to: this.#forgotten };
    let first = this.#kept.find(({ seq }) => seq > cursor) ?? null;
    for (const entry of this.#latest.values())
      if (entry.seq > cursor && (!first || entry.seq < first.seq)) first = entry;
    return first;
  }

  /** Calls `listener` after each event; returns a function that stops it. */
  listen(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Approximate size in bytes: mainly the pictures. */
  get bytes(): number {
    return [...this.#kept, ...this.#latest.values()].reduce((sum, { event }) => sum + bytesOf(event), 0);
  }

  #keep(entry: LogEntry): void {
    this.#kept.push(entry);
    if (this.#kept.length > this.#most) this.#forgotten = (this.#kept.shift() as LogEntry).seq;
  }
}

const BYTES_OF_ANY = 256;

function bytesOf(event: JobUpdate): number {
  if (event.type === 'preview' || event.type === 'question') return event.bytes.length + BYTES_OF_ANY;
  if (event.type === 'level') return 8 * event.choices.length * (2 + event.guideScores.length) + BYTES_OF_ANY;
  if (event.type !== 'done' && event.type !== 'cancelled') return BYTES_OF_ANY;
  return event.results.reduce((sum, { bytes, code }) => sum + bytes.length + 8 * code.length, BYTES_OF_ANY);
}
