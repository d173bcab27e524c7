/** A subscriber of a job. It takes events at its own speed; the log does not grow for slow ones. */
import { isEnd } from '../../worker/messages.ts';
import type { EventLog, Gap, LogEntry } from './event-log.ts';

export interface SubscriberOptions {
  /** Last event seen; those behind it follow. @default −1, all that are kept */
  readonly since?: number | undefined;
  /** Told whenever an event may be taken. */
  readonly onEvent?: (() => void) | undefined;
  /** Told when a preview was taken. */
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

  /** Previews that came while it watched and that it was too slow to take. */
  get dropped(): number {
    return Math.max(0, this.#log.previews - this.#firstPreview - this.#taken);
  }

  /** Whether the job has ended and all of it was taken, or the subscriber was closed. */
  get ended(): boolean {
    return this.#closed || (this.#log.end !== null && this.#cursor >= this.#log.seq);
  }

  /** The next event, or what is missing before it; null where there is none now. */
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

  /** All events to the end, each when the loop asks for it. */
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

  /** Takes no more; the job goes on. */
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
