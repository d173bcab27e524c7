/**
 * Reports the events of an attempt to the ledger, in order, retrying until they are stored. While Redis is unreachable
 * they are kept here, of previews only the latest. An attempt's events are bounded by its levels and pictures.
 */
import type { Clock } from '../../../kit/clock.ts';
import type { JobEnd, JobEvent } from '../../../worker/messages.ts';
import type { Ledger, Lost } from '../ledger.ts';

type ProgressEvent = Exclude<JobEvent, JobEnd>;

export interface ReporterOptions {
  readonly ledger: Ledger;
  readonly clock: Clock;
  readonly job: string;
  readonly attempt: number;
  /** Number of latest previews that are kept. */
  readonly shown: number;
  readonly onTrouble: (error: unknown) => void;
  /** Another attempt is current, or the job has ended. */
  readonly onOver: () => void;
}

const RETRY_MS = 200;
/** Largest number of events in flight. */
const BATCH_SIZE = 16;

export class Reporter {
  readonly #options: ReporterOptions;
  #waiting: ProgressEvent[] = [];
  #next = 1;
  #sending: Promise<void> | null = null;
  #isOver = false;

  constructor(options: ReporterOptions) {
    this.#options = options;
  }

  report(event: ProgressEvent): void {
    if (this.#isOver) return;
    if (event.type === 'preview' && !event.kept) {
      const { image } = event;
      this.#waiting = this.#waiting.filter((old) => old.type !== 'preview' || old.kept || old.image !== image);
    }
    this.#waiting.push(event);
    this.#sending ??= this.#send().finally(() => {
      this.#sending = null;
    });
  }

  /** Ends the job after all its events; resolves when Redis has stored it. False if this attempt is not current. */
  async end(end: JobEnd): Promise<boolean> {
    const { ledger, job, attempt } = this.#options;
    await this.#sent();
    return !this.#isOver && (await this.#retry(() => ledger.end(job, attempt, end)));
  }

  /** Reports the attempt as lost. @param words why; null if it does not count as a loss */
  async lost(words: string | null): Promise<Lost> {
    const { ledger, job, attempt } = this.#options;
    await this.#sent();
    return this.#isOver ? { verdict: 'over', words: '' } : await this.#retry(() => ledger.lost(job, attempt, words));
  }

  async #sent(): Promise<void> {
    while (this.#sending) await this.#sending;
  }

  async #send(): Promise<void> {
    const { ledger, job, attempt, shown } = this.#options;
    while (this.#waiting.length > 0 && !this.#isOver) {
      // Numbered, so that a retry does not add an event twice, and none is added before its predecessors.
      const some = this.#waiting.splice(0, BATCH_SIZE).map((event) => ({ number: this.#next++, event }));
      const answers = await this.#retry(() =>
        Promise.all(some.map(({ number, event }) => ledger.append(job, attempt, number, event, shown))),
      );
      if (answers.includes(false)) this.#giveUp();
    }
  }

  #giveUp(): void {
    this.#isOver = true;
    this.#waiting = [];
    this.#options.onOver();
  }

  /** Retries until Redis answers. */
  async #retry<T>(work: () => Promise<T>): Promise<T> {
    const { clock, onTrouble } = this.#options;
    for (;;) {
      try {
        return await work();
      } catch (error) {
        onTrouble(error);
        await new Promise<void>((resolve) => void clock.after(RETRY_MS, resolve));
      }
    }
  }
}
