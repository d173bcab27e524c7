/** The numbered events of one job, for any number of subscribers at their own speed. */
import { isEnd, type JobEvent } from '../../worker/messages.ts';

/** The job waits; told again when its place changes. */
export interface JobQueued {
  readonly type: 'queued';
  /** Jobs that go before. */
  readonly position: number;
  /** Until its results, by measured time; null where nothing is measured yet. */
  readonly estimateSeconds: number | null;
}

export type JobUpdate = JobQueued | JobEvent;

export interface LogEntry<N extends JobUpdate = JobUpdate> {
  /** 0, 1, … within the job. */
  readonly seq: number;
  /** Milliseconds since 1970. */
  readonly at: number;
  /** Which run of the job it is of: 1, or 2 after a worker process was lost. */
  readonly attempt: number;
  readonly event: N;
}

/** Events that are no longer kept. */
export interface Gap {
  readonly from: number;
  readonly to: number;
}

/** What replaces what: of these only the last is kept, and nobody misses the others. */
function slotOf(event: JobUpdate): string | null {
  if (event.type === 'queued') return 'queued';
  return event.type === 'preview' && !event.kept ? `preview ${event.image}` : null;
}

export class EventLog {
  readonly #most: number;
  /** In order; previews and places are in `#latest`. */
  readonly #kept: LogEntry[] = [];
  readonly #latest = new Map<string, LogEntry>();
  readonly #listeners = new Set<() => void>();
  #next = 0;
  /** Last event that was let go of, −1 while there is none. */
  #forgotten = -1;
  #previews = 0;
  #end: LogEntry | null = null;

  /** @param most events kept beside the latest previews */
  constructor(most: number) {
    this.#most = Math.max(1, most);
  }

  /** Of the last event; −1 before the first. */
  get seq(): number {
    return this.#next - 1;
  }

  /** The event that ended the job. */
  get end(): LogEntry | null {
    return this.#end;
  }

  /** Previews that may be missed which came so far. */
  get previews(): number {
    return this.#previews;
  }

  /** Nothing may follow the end. */
  append(event: JobUpdate, attempt: number, at: number): LogEntry {
    const entry = { seq: this.#next, at, attempt, event };
    this.insert(entry);
    return entry;
  }

  /** One that was numbered elsewhere, higher than all before it. */
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

  /** Those up to `seq` that are not here are no longer kept anywhere. */
  forget(seq: number): void {
    this.#forgotten = Math.max(this.#forgotten, seq);
    this.#next = Math.max(this.#next, seq + 1);
  }

  /** The first event behind `cursor` that is kept, or what is missing before it; null where there is none yet. */
  after(cursor: number): LogEntry | Gap | null {
    if (cursor < this.#forgotten) return { from: cursor + 1, to: this.#forgotten };
    let first = this.#kept.find(({ seq }) => seq > cursor) ?? null;
    for (const entry of this.#latest.values())
      if (entry.seq > cursor && (!first || entry.seq < first.seq)) first = entry;
    return first;
  }

  /** Calls back after each event; gives what ends that. */
  listen(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** About so many bytes: the pictures. */
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
