/** What happened to one job, numbered, for any number of viewers at their own pace. */
import { isEnd, type News } from '../../worker/messages.ts';

/** The job waits; told again when its place changes. */
export interface QueuedNews {
  readonly type: 'queued';
  /** Jobs that go before. */
  readonly position: number;
  /** Until its results, by measured time; null where nothing is measured yet. */
  readonly estimateSeconds: number | null;
}

export type JobNews = QueuedNews | News;

export interface JobEvent<N extends JobNews = JobNews> {
  /** 0, 1, … within the job. */
  readonly seq: number;
  /** Milliseconds since 1970. */
  readonly at: number;
  /** Which run of the job it is of: 1, or 2 after a worker process was lost. */
  readonly attempt: number;
  readonly news: N;
}

/** Events that are no longer kept. */
export interface Gap {
  readonly from: number;
  readonly to: number;
}

/** What replaces what: of these only the last is kept, and nobody misses the others. */
function slotOf(news: JobNews): string | null {
  if (news.type === 'queued') return 'queued';
  return news.type === 'preview' && !news.kept ? `preview ${news.image}` : null;
}

export class EventLog {
  readonly #most: number;
  /** In order; previews and places are in `#latest`. */
  readonly #kept: JobEvent[] = [];
  readonly #latest = new Map<string, JobEvent>();
  readonly #listeners = new Set<() => void>();
  #next = 0;
  /** Last event that was let go of, −1 while there is none. */
  #forgotten = -1;
  #previews = 0;
  #end: JobEvent | null = null;

  /** @param most events kept beside the latest previews */
  constructor(most: number) {
    this.#most = Math.max(1, most);
  }

  /** Of the last event; −1 before the first. */
  get seq(): number {
    return this.#next - 1;
  }

  /** The event that ended the job. */
  get end(): JobEvent | null {
    return this.#end;
  }

  /** Previews that may be missed which came so far. */
  get previews(): number {
    return this.#previews;
  }

  /** Nothing may follow the end. */
  append(news: JobNews, attempt: number, at: number): JobEvent {
    if (this.#end) throw new RangeError(`${news.type} after ${this.#end.news.type}`);
    const event = { seq: this.#next++, at, attempt, news };
    const slot = slotOf(news);
    if (news.type === 'preview' && !news.kept) this.#previews += 1;
    if (slot !== null) this.#latest.set(slot, event);
    else this.#keep(event);
    if (isEnd(news)) {
      this.#end = event;
      for (const [name, { news: old }] of this.#latest) if (old.type === 'preview') this.#latest.delete(name);
    }
    for (const listener of [...this.#listeners]) listener();
    return event;
  }

  /** The first event behind `cursor` that is kept, or what is missing before it; null where there is none yet. */
  after(cursor: number): JobEvent | Gap | null {
    if (cursor < this.#forgotten) return { from: cursor + 1, to: this.#forgotten };
    let first = this.#kept.find(({ seq }) => seq > cursor) ?? null;
    for (const event of this.#latest.values())
      if (event.seq > cursor && (!first || event.seq < first.seq)) first = event;
    return first;
  }

  /** Calls back after each event; gives what ends that. */
  listen(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** About so many bytes: the pictures. */
  get bytes(): number {
    return [...this.#kept, ...this.#latest.values()].reduce((sum, { news }) => sum + bytesOf(news), 0);
  }

  #keep(event: JobEvent): void {
    this.#kept.push(event);
    if (this.#kept.length > this.#most) this.#forgotten = (this.#kept.shift() as JobEvent).seq;
  }
}

const BYTES_OF_ANY = 256;

function bytesOf(news: JobNews): number {
  if (news.type === 'preview' || news.type === 'question') return news.bytes.length + BYTES_OF_ANY;
  if (news.type === 'level') return 8 * news.choices.length * (2 + news.guideScores.length) + BYTES_OF_ANY;
  if (news.type !== 'done' && news.type !== 'cancelled') return BYTES_OF_ANY;
  return news.results.reduce((sum, { bytes, code }) => sum + bytes.length + 8 * code.length, BYTES_OF_ANY);
}
