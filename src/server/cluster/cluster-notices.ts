/**
 * Webhooks of a cluster. The script that ends a job also records its webhook in Redis as due. Any gateway claims it on
 * lease, and removes it after the call. So each webhook is called at least once, whichever gateway dies; it is called
 * again, with the same `webhook-id`, only if a gateway is lost between the call and the removal.
 */
import { KandidError } from '../../errors.ts';
import type { Clock } from '../../kit/clock.ts';
import type { Job } from '../jobs/job.ts';
import type { Notices, Notify } from '../jobs/notices.ts';
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
  /** Duration of a claim. @default twice the longest pause between two attempts */
  readonly leaseMs?: number | undefined;
}

const CHANNEL = 'notices';
const MAX_AT_ONCE = 32;
/** Interval of checks for expired leases and missed notifications. */
const TICK_MS = 1000;
/** Time for running calls to finish when the gateway stops; other gateways make the remaining ones. */
const CLOSE_GRACE_MS = 2000;

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

  begin(notify: Notify): void {
    const { link } = this.#options;
    link.listen(CHANNEL, () => this.#claimSoon(notify)).catch((error: unknown) => link.reportProblem(error));
    this.#tick(notify);
  }

  /** Redis records the webhook with the job. */
  expect(): void {}

  /** Claims no more webhooks, and waits briefly for running calls. Then the link may be closed. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#stopTimer();
    await this.#claiming;
    await new Promise<void>((resolve) => {
      const stopTimer = this.#options.clock.after(CLOSE_GRACE_MS, resolve);
      const done = () => {
        stopTimer();
        resolve();
      };
      Promise.all(this.#underway).then(done, done);
    });
  }

  #tick(notify: Notify): void {
    if (this.#isClosed) return;
    this.#claimSoon(notify);
    this.#stopTimer = this.#options.clock.after(TICK_MS, () => this.#tick(notify));
  }

  #claimSoon(notify: Notify): void {
    this.#isStale = true;
    this.#claiming ??= this.#claim(notify)
      .catch((error: unknown) => this.#options.link.reportProblem(error))
      .finally(() => {
        this.#claiming = null;
      });
  }

  async #claim(notify: Notify): Promise<void> {
    const { link } = this.#options;
    while (this.#isStale && !this.#isClosed && link.isUp && this.#underway.size < MAX_AT_ONCE) {
      this.#isStale = false;
      const claimed = await CLAIM.run(link, this.#leaseMs, MAX_AT_ONCE - this.#underway.size);
      for (const id of claimed as unknown[]) this.#call(String(id), notify);
    }
  }

  #call(id: string, notify: Notify): void {
    const { log } = this.#options;
    const calling = this.#callNow(id, notify)
      // This or another gateway claims it again when the lease expires.
      .catch((err: unknown) => log.warn({ err, job: id }, 'webhook not called yet'))
      .finally(() => {
        this.#underway.delete(calling);
        if (!this.#isClosed) this.#claimSoon(notify);
      });
    this.#underway.add(calling);
  }

  async #callNow(id: string, notify: Notify): Promise<void> {
    const { link, find, log } = this.#options;
    const renew = () => {
      RENEW.run(link, id, this.#leaseMs).catch((error: unknown) => link.reportProblem(error));
    };
    try {
      await notify(await find(id), renew);
    } catch (error) {
      if (!(error instanceof KandidError) || error.code !== 'job_unknown') throw error;
      log.warn({ job: id }, 'webhook not called: its job is no longer kept');
    }
    await link.ask((redis) => redis.zrem(link.key('notices'), id));
  }
}
