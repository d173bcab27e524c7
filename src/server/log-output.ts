/**
 * Log destination: lines are written one after another without blocking. Lines that cannot be written (disk full,
 * reader stalled) are dropped and counted, so that logging never holds up serving.
 */

/** Writes a text and calls back once when it was written or failed. */
export type Sink = (text: string, done: (error?: Error | null) => void) => void;

/** Characters buffered for a slow reader. */
const MAX_WAITING = 2 ** 20;
const WARN = 40;

export class LogOutput {
  readonly #sink: Sink;
  readonly #limit: number;
  #waiting: string[] = [];
  #length = 0;
  #isWriting = false;
  #dropped = 0;
  /** Dropped lines already reported in the log. */
  #reported = 0;

  /** @param limit characters that may be buffered */
  constructor(sink: Sink, limit = MAX_WAITING) {
    this.#sink = sink;
    this.#limit = limit;
  }

  /** Number of lines lost. */
  get dropped(): number {
    return this.#dropped;
  }

  /** Writes one line, including its line break. */
  write(line: string): void {
    if (this.#length + line.length > this.#limit) {
      this.#dropped += 1;
      return;
    }
    this.#waiting.push(line);
    this.#length += line.length;
    this.#next();
  }

  #next(): void {
    if (this.#isWriting || this.#waiting.length === 0) return;
    const [lines, dropped] = [this.#waiting, this.#dropped];
    [this.#waiting, this.#length, this.#isWriting] = [[], 0, true];
    const notice = dropped > this.#reported ? noticeOf(dropped - this.#reported) : '';
    this.#sink(notice + lines.join(''), (error) => {
      this.#isWriting = false;
      // Retried only with the next line: a full disk usually stays full for a while.
      if (error) this.#dropped += lines.length;
      else {
        this.#reported = Math.max(this.#reported, dropped);
        this.#next();
      }
    });
  }
}

function noticeOf(lines: number): string {
  return `${JSON.stringify({ level: WARN, time: Date.now(), lines, msg: 'log lines were lost' })}\n`;
}
