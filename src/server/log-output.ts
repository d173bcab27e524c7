/**
 * Where log lines go: written one after the other, never waited for. What cannot be written (a full disk, a reader that
 * has stopped reading) is dropped and counted; serving is worth more than its log.
 */

/** Writes a text and calls back once when it has left, or could not. */
export type Sink = (text: string, done: (error?: Error | null) => void) => void;

/** Characters that wait for a slow reader. */
const MOST_WAITING = 2 ** 20;
const WARN = 40;

export class LogOutput {
  readonly #sink: Sink;
  readonly #limit: number;
  #waiting: string[] = [];
  #length = 0;
  #isWriting = false;
  #dropped = 0;
  /** Of the dropped ones, how many the log itself was told of. */
  #told = 0;

  /** @param limit characters that may wait */
  constructor(sink: Sink, limit = MOST_WAITING) {
    this.#sink = sink;
    this.#limit = limit;
  }

  /** Lines that were lost. */
  get dropped(): number {
    return this.#dropped;
  }

  /** One line, with its end. */
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
    const notice = dropped > this.#told ? noticeOf(dropped - this.#told) : '';
    this.#sink(notice + lines.join(''), (error) => {
      this.#isWriting = false;
      // Not tried again before there is another line: a disk that is full stays so for a while.
      if (error) this.#dropped += lines.length;
      else {
        this.#told = Math.max(this.#told, dropped);
        this.#next();
      }
    });
  }
}

function noticeOf(lines: number): string {
  return `${JSON.stringify({ level: WARN, time: Date.now(), lines, msg: 'log lines were lost' })}\n`;
}
