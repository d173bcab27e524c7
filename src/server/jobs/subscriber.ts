/** A subscriber of a job. It takes events at its own pace; slow subscribers do not make the log grow. */
import { isEnd } from '../../worker/messages.ts';
import type { EventLog, Gap, LogEntry } from './event-log.ts';

export interface SubscriberOptions {
  /** Sequence number of the last event seen; later ones follow. @default −1, all that are kept */
  readonly since?: number | undefined;
  /** Called whenever an event may be taken. */
  readonly onEvent?: (() => void) | undefined;
  /** Called when a preview was taken. */
  readonly onPreview?: ((level: number) => void) | undefined;
  readonly onClose?: (() => void) | undefined;
}

export class JobSubscriber implements AsyncIterable<LogEntry | Gap> {
  readonly #log: EventLog;
  readonly #options: SubscriberOptions;
  readonly #firstPreview: number;
  readonly #unlisten: () => void;
  #cursor: number;
  #taken = 0;
  #closed = false;
  #wake: () => void = () => {};

  constructor(log: EventLog, options: SubscriberOptions = {}) {
    this.#log = log;
    this.#options = options;
    this.#cursor = Math.min(options.since ?? -1, log.seq);
    this.#firstPreview = log.previews;
    this.#unlisten = log.listen(() => {
      this.#wake();
      options.onEvent?.();
    });
  }

  /** Previews produced while it was subscribed that it was too slow to take. */
  get dropped(): number {
    return Math.max(0, this.#log.previews - this.#firstPreview - this.#taken);
  }

  /** Whether it has taken the job's last event, or was closed. */
  get ended(): boolean {
    return this.#closed || (this.#log.end !== null && this.#cursor >= this.#log.seq);
  }

  /** The next event, or the gap before it; null if there is none now. */
  next(): LogEntry | Gap | null {
    if (this.#closed) return null;
    const next = this.#log.after(this.#cursor);
    if (!next) return null;
    if (!('event' in next)) {
      this.#cursor = next.to;
      return next;
    }
    this.#cursor = next.seq;
    if (next.event.type === 'preview' && !next.event.kept) {
      this.#taken += 1;
      this.#options.onPreview?.(next.event.level);
    }
    if (isEnd(next.event)) this.#stop();
    return next;
  }

  /** Iterates over all events to the end, at the consumer's pace. */
  async *[Symbol.asyncIterator](): AsyncGenerator<LogEntry | Gap, void, undefined> {
    try {
      while (!this.ended) {
        const woken = new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
        const next = this.next();
        if (next) yield next;
        else if (!this.ended) await woken;
      }
    } finally {
      this.close();
    }
  }

  /** Stops taking events; the job continues. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#stop();
    this.#wake();
    this.#options.onClose?.();
  }

  #stop(): void {
    this.#unlisten();
  }
}
