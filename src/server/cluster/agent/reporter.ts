/**
 * Tells the ledger what an attempt at a job does, in order, and again until it is told: while Redis is away it is kept here, of
 * previews the latest. What an attempt tells is bounded by its levels and pictures.
 */
import type { Clock } from '../../../kit/clock.ts';
import type { JobEnd, JobEvent } from '../../../worker/messages.ts';
import type { Ledger, Lost } from '../ledger.ts';

type Told = Exclude<JobEvent, JobEnd>;

export interface ReporterOptions {
  readonly ledger: Ledger;
  readonly clock: Clock;
  readonly job: string;
  readonly attempt: number;
  /** Previews that stand beside one another. */
  readonly shown: number;
  readonly onTrouble: (error: unknown) => void;
  /** Another attempt counts now, or the job has ended: this one is for nobody. */
  readonly onOver: () => void;
}

const RETRY_MS = 200;
/** Events that are on their way at once. */
const AT_ONCE = 16;

export class Reporter {
  readonly #options: ReporterOptions;
  #waiting: Told[] = [];
  #next = 1;
  #sending: Promise<void> | null = null;
  #isOver = false;

  constructor(options: ReporterOptions) {
    this.#options = options;
  }

  tell(event: Told): void {
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

  /** Ends the job, after all that was told; resolves when Redis has it. False where this attempt does not count. */
  async end(end: JobEnd): Promise<boolean> {
    const { ledger, job, attempt } = this.#options;
    await this.#sent();
    return !this.#isOver && (await this.#insist(() => ledger.end(job, attempt, end)));
  }

  /** The attempt has come to nothing. @param words why; null: nobody is to blame */
  async lost(words: string | null): Promise<Lost> {
    const { ledger, job, attempt } = this.#options;
    await this.#sent();
    return this.#isOver ? { verdict: 'over', words: '' } : await this.#insist(() => ledger.lost(job, attempt, words));
  }

  async #sent(): Promise<void> {
    while (this.#sending) await this.#sending;
  }

  async #send(): Promise<void> {
    const { ledger, job, attempt, shown } = this.#options;
    while (this.#waiting.length > 0 && !this.#isOver) {
      // Numbered, for told again they are not added again, and one that comes before its time is not taken.
      const some = this.#waiting.splice(0, AT_ONCE).map((event) => ({ number: this.#next++, event }));
      const answers = await this.#insist(() =>
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

  /** Until Redis answers. */
  async #insist<T>(work: () => Promise<T>): Promise<T> {
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
