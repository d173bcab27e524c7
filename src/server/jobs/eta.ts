/** Estimates waiting times from the measured run times of jobs. */

/** Weight of the latest job in the running mean. */
const SHARE = 0.2;
const LONGEST_RETRY = 60;

export class EtaEstimator {
  #seconds: number | null = null;
  #together = 1;

  /** A job ran for so long, beside so many others (itself counted). */
  add(seconds: number, together: number): void {
    const mean = (before: number, now: number) => before + SHARE * (now - before);
    this.#together = this.#seconds === null ? together : mean(this.#together, Math.max(1, together));
    this.#seconds = this.#seconds === null ? seconds : mean(this.#seconds, seconds);
  }

  /** Seconds until a job with so many before it has its results; null where nothing was measured yet. */
  estimate(before: number): number | null {
    if (this.#seconds === null) return null;
    return Math.round(10 * this.#seconds * (1 + before / this.#together)) / 10;
  }

  /** Whole seconds until it is worth trying again when so many wait: 1 … 60. */
  retrySeconds(waiting: number): number {
    const seconds = this.#seconds ?? 1;
    return Math.min(LONGEST_RETRY, Math.max(1, Math.ceil((seconds * Math.max(1, waiting / 10)) / this.#together)));
  }
}
