/**
 * Webhooks of a cluster: that one is to be called stands in Redis from the job's end on, by the script that ends it. Any gateway claims
 * it, on lease, and takes it out when it is through. So each is called at least once, whoever dies; again only where a gateway was
 * lost between the call and that, with the same `webhook-id`.
 */
import { KandidError } from '../../errors.ts';
import type { Clock } from '../../kit/clock.ts';
import type { Job } from '../jobs/job.ts';
import type { Notices, Tell } from '../jobs/notices.ts';
import { LONGEST_PAUSE_MS } from '../jobs/webhooks.ts';
import type { Logger } from '../log.ts';
import { CLAIM, RENEW } from './lua/notices.ts';
import type { RedisLink } from './redis-link.ts';

export interface ClusterNoticesOptions {
  readonly link: RedisLink;
  readonly clock: Clock;
  readonly log: Logger;
  /** @throws {KandidError} job_unknown, redis_unavailable */
  readonly find: (id: string) => Promise<Job>;
  /** @default what lies between two attempts at most, and as much again */
  readonly leaseMs?: number | undefined;
}

const CHANNEL = 'notices';
const MOST_AT_ONCE = 32;
/** Leases that ended, and words that nobody heard, are looked for so often. */
const TICK_MS = 1000;
/** Those that are being called when the gateway stops have so long; others call the rest. */
const FAREWELL_MS = 2000;

export class ClusterNotices implements Notices {
  readonly #options: ClusterNoticesOptions;
  readonly #leaseMs: number;
  readonly #underway = new Set<Promise<void>>();
  #claiming: Promise<void> | null = null;
  #isStale = false;
  #isClosed = false;
  #stopTimer: () => void = () => {};

  constructor(options: ClusterNoticesOptions) {
    this.#options = options;
    this.#leaseMs = options.leaseMs ?? 2 * LONGEST_PAUSE_MS;
  }

  begin(tell: Tell): void {
    const { link } = this.#options;
    link.listen(CHANNEL, () => this.#claimSoon(tell)).catch((error: unknown) => link.tellTrouble(error));
    this.#tick(tell);
  }

  /** Redis knows of it, with the job. */
  expect(): void {}

  /** Claims no more, and waits a little for those that are being called. Then the link may be closed. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#stopTimer();
    await this.#claiming;
    await new Promise<void>((resolve) => {
      const stopTimer = this.#options.clock.after(FAREWELL_MS, resolve);
      const done = () => {
        stopTimer();
        resolve();
      };
      Promise.all(this.#underway).then(done, done);
    });
  }

  #tick(tell: Tell): void {
    if (this.#isClosed) return;
    this.#claimSoon(tell);
    this.#stopTimer = this.#options.clock.after(TICK_MS, () => this.#tick(tell));
  }

  #claimSoon(tell: Tell): void {
    this.#isStale = true;
    this.#claiming ??= this.#claim(tell)
      .catch((error: unknown) => this.#options.link.tellTrouble(error))
      .finally(() => {
        this.#claiming = null;
      });
  }

  async #claim(tell: Tell): Promise<void> {
    const { link } = this.#options;
    while (this.#isStale && !this.#isClosed && link.isUp && this.#underway.size < MOST_AT_ONCE) {
      this.#isStale = false;
      const claimed = await CLAIM.run(link, this.#leaseMs, MOST_AT_ONCE - this.#underway.size);
      for (const id of claimed as unknown[]) this.#call(String(id), tell);
    }
  }

  #call(id: string, tell: Tell): void {
    const { log } = this.#options;
    const calling = this.#callNow(id, tell)
      // Another gateway, or this one, has it when the lease ends.
      .catch((err: unknown) => log.warn({ err, job: id }, 'webhook not called yet'))
      .finally(() => {
        this.#underway.delete(calling);
        if (!this.#isClosed) this.#claimSoon(tell);
      });
    this.#underway.add(calling);
  }

  async #callNow(id: string, tell: Tell): Promise<void> {
    const { link, find, log } = this.#options;
    const renew = () => {
      RENEW.run(link, id, this.#leaseMs).catch((error: unknown) => link.tellTrouble(error));
    };
    try {
      await tell(await find(id), renew);
    } catch (error) {
      if (!(error instanceof KandidError) || error.code !== 'job_unknown') throw error;
      log.warn({ job: id }, 'webhook not called: its job is no longer kept');
    }
    await link.ask((redis) => redis.zrem(link.key('notices'), id));
  }
}
