/** Rate limits: a token bucket per name. */
import type { Clock } from '../../kit/clock.ts';

/** Counts in this process, or in a cluster for all gateways together. */
export interface RateLimits {
  /**
   * Takes one of `most` tokens per period. Returns 0, or, without taking one, the milliseconds until one is available.
   */
  take(name: string, most: number): number | Promise<number>;
}

/** Largest number of names tracked; beyond it, the least recently used are dropped. */
const MAX_NAMES = 10_000;

interface Bucket {
  left: number;
  at: number;
}

export class Rates implements RateLimits {
  readonly #periodMs: number;
  readonly #clock: Clock;
  readonly #buckets = new Map<string, Bucket>();

  /** @param periodMs period in which `most` are allowed */
  constructor(periodMs: number, clock: Clock) {
    this.#periodMs = periodMs;
    this.#clock = clock;
  }

  take(name: string, most: number): number {
    const filled = this.#filled(name, most);
    const may = filled >= 1;
    this.#buckets.delete(name);
    this.#buckets.set(name, { left: may ? filled - 1 : filled, at: this.#clock.now() });
    if (this.#buckets.size > MAX_NAMES) this.#buckets.delete(this.#buckets.keys().next().value as string);
    return may ? 0 : this.#pause(filled, most);
  }

  /** What `take` would return, without taking a token. */
  wait(name: string, most: number): number {
    const filled = this.#filled(name, most);
    return filled >= 1 ? 0 : this.#pause(filled, most);
  }

  #filled(name: string, most: number): number {
    const now = this.#clock.now();
    const { left, at } = this.#buckets.get(name) ?? { left: most, at: now };
    return Math.min(most, left + ((now - at) * most) / this.#periodMs);
  }

  #pause(filled: number, most: number): number {
    return ((1 - filled) * this.#periodMs) / most;
  }
}
