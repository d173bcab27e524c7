/** Rate limits shared by all gateways. */
import type { Clock } from '../../kit/clock.ts';
import { type RateLimits, Rates } from '../http/rate-limits.ts';
import { TAKE } from './lua/rates.ts';
import type { RedisLink } from './redis-link.ts';

export class ClusterRates implements RateLimits {
  readonly #link: RedisLink;
  readonly #periodMs: number;
  readonly #own: Rates;

  /** @param periodMs period in which `most` are allowed, by Redis' clock */
  constructor(link: RedisLink, periodMs: number, clock: Clock) {
    this.#link = link;
    this.#periodMs = periodMs;
    this.#own = new Rates(periodMs, clock);
  }

  /**
   * While Redis is unreachable this gateway counts by itself: requests that need Redis are refused anyway (503), and
   * others, such as metrics, continue.
   *
   * @throws {KandidError} redis_unavailable if the connection was lost just now, or Redis is too slow
   */
  async take(name: string, most: number): Promise<number> {
    if (!this.#link.isUp) return this.#own.take(name, most);
    const [wait] = await TAKE.strings(this.#link, name, most, this.#periodMs);
    return Number(wait);
  }
}
