/** Rate limits: a token bucket per name. */
import type { Clock } from '../../kit/clock.ts';

/** Who counts: this process, or in a cluster all gateways together. */
export interface RateLimits {
  /** Takes one of `most` for each period; gives 0, or the milliseconds until there is one again, and takes none. */
  take(name: string, most: number): number | Promise<number>;
}

/** Names that are remembered; of more, those that were quiet the longest are forgotten. */
const MOST_NAMES = 10_000;

interface Bucket {
  left: number;
  at: number;
}

export class Rates implements RateLimits {
  readonly #periodMs: number;
  readonly #clock: Clock;
  readonly #buckets = new Map<string, Bucket>();

  /** @param periodMs in which `most` are allowed */
  constructor(periodMs: number, clock: Clock) {
    this.#periodMs = periodMs;
    this.#clock = clock;
  }

  take(name: string, most: number): number {
    const filled = this.#filled(name, most);
    const may = filled >= 1;
    this.#buckets.delete(name);
    this.#buckets.set(name, { left: may ? filled - 1 : filled, at: this.#clock.now() });
    if (this.#buckets.size > MOST_NAMES) this.#buckets.delete(this.#buckets.keys().next().value as string);
    return may ? 0 : this.#pause(filled, most);
  }

  /** What `take` would give; takes none. */
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
