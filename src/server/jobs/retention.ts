/** Retains ended jobs for a while, within bounds on number and bytes. */
import type { Clock } from '../../kit/clock.ts';
import type { Job } from './job.ts';

export interface RetentionOptions {
  readonly clock: Clock;
  readonly seconds: number;
  readonly jobs: number;
  /** Total bytes of the pictures. */
  readonly bytes: number;
  /** Called with each job that is discarded. */
  readonly onForget: (job: Job) => void;
}

interface Kept {
  readonly job: Job;
  readonly bytes: number;
  readonly until: number;
}

export class JobRetention {
  readonly #options: RetentionOptions;
  /** Oldest first. */
  #kept: Kept[] = [];
  #bytes = 0;
  #cancelTimer: (() => void) | null = null;

  constructor(options: RetentionOptions) {
    this.#options = options;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get size(): number {
    return this.#kept.length;
  }

  add(job: Job): void {
    const { clock, seconds, jobs, bytes: most } = this.#options;
    const bytes = job.log.bytes;
    this.#kept.push({ job, bytes, until: clock.now() + seconds * 1000 });
    this.#bytes += bytes;
    // The newest job is kept, however large: a client is about to fetch it.
    while (this.#kept.length > 1 && (this.#kept.length > jobs || this.#bytes > most)) this.#forgetOldest();
    this.#setTimer();
  }

  close(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = null;
  }

  #setTimer(): void {
    const [oldest] = this.#kept;
    if (this.#cancelTimer || !oldest) return;
    const { clock } = this.#options;
    this.#cancelTimer = clock.after(Math.max(0, oldest.until - clock.now()), () => {
      this.#cancelTimer = null;
      while (this.#kept[0] && this.#kept[0].until <= clock.now()) this.#forgetOldest();
      this.#setTimer();
    });
  }

  #forgetOldest(): void {
    const { job, bytes } = this.#kept.shift() as Kept;
    this.#bytes -= bytes;
    this.#options.onForget(job);
  }
}
