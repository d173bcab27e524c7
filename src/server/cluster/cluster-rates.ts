/** Rate limits that hold across gateways. */
import type { Clock } from '../../kit/clock.ts';
import { type RateLimits, Rates } from '../http/rate-limits.ts';
import { TAKE } from './lua/rates.ts';
import type { RedisLink } from './redis-link.ts';

export class ClusterRates implements RateLimits {
  readonly #link: RedisLink;
  readonly #periodMs: number;
  readonly #own: Rates;

  /** @param periodMs in which `most` are allowed, by the clock of Redis */
  constructor(link: RedisLink, periodMs: number, clock: Clock) {
    this.#link = link;
    this.#periodMs = periodMs;
    this.#own = new Rates(periodMs, clock);
  }

  /**
   * While Redis is away this gateway counts by itself: what needs Redis is refused anyway (503), and what does not, metrics
   * say, goes on.
   *
   * @throws {KandidError} redis_unavailable: it was lost just now, or is too slow
   */
  async take(name: string, most: number): Promise<number> {
    if (!this.#link.isUp) return this.#own.take(name, most);
    const [wait] = await TAKE.words(this.#link, name, most, this.#periodMs);
    return Number(wait);
  }
}
