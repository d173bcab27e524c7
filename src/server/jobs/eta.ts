/** Estimates waiting times from the measured run times of jobs. */

/** Weight of the latest job in the running mean. */
const SHARE = 0.2;
const LONGEST_RETRY = 60;

export class EtaEstimator {
  #seconds: number | null = null;
  #concurrency = 1;

  /** Records a finished job: its run time, and how many jobs ran at once, itself included. */
  add(seconds: number, concurrency: number): void {
    const mean = (before: number, now: number) => before + SHARE * (now - before);
    this.#concurrency = this.#seconds === null ? concurrency : mean(this.#concurrency, Math.max(1, concurrency));
    this.#seconds = this.#seconds === null ? seconds : mean(this.#seconds, seconds);
  }

  /** Seconds until a job with `before` jobs ahead of it has its results; null while nothing was measured. */
  estimate(before: number): number | null {
    if (this.#seconds === null) return null;
    return Math.round(10 * this.#seconds * (1 + before / this.#concurrency)) / 10;
  }

  /** Seconds after which a refused client should retry, with `waiting` jobs in the queue: a whole number, 1 … 60. */
  retrySeconds(waiting: number): number {
    const seconds = this.#seconds ?? 1;
    return Math.min(LONGEST_RETRY, Math.max(1, Math.ceil((seconds * Math.max(1, waiting / 10)) / this.#concurrency)));
  }
}
