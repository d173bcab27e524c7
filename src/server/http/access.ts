/** Who calls, and whether they may: API keys, pages of other origins, requests a minute. */
import { createHash, timingSafeEqual } from 'node:crypto';
import { KandidError } from '../../errors.ts';
import type { Clock } from '../../kit/clock.ts';
import type { ApiKey, ServerSettings } from '../settings.ts';
import { Rates } from './rate-limits.ts';

/** Whose turn a request counts as. */
export interface Client {
  /** `key NAME`, or `at ADDRESS`. */
  readonly name: string;
  readonly key: ApiKey | null;
}

/** What of a request says who calls. */
export interface Caller {
  readonly authorization: string | undefined;
  readonly address: string | undefined;
}

const MINUTE = 60_000;
const LOCAL = /^(localhost|127(\.\d{1,3}){3}|\[?::1\]?|::ffff:127(\.\d{1,3}){3})$/i;

export function isLocalHost(host: string): boolean {
  return LOCAL.test(host);
}

export class Access {
  /** Whether a key is needed. */
  readonly required: boolean;
  readonly #settings: ServerSettings;
  readonly #rates: Rates;

  constructor(settings: ServerSettings, clock: Clock) {
    this.#settings = settings;
    this.required = settings.auth === 'on' || (settings.auth === 'auto' && !isLocalHost(settings.host));
    this.#rates = new Rates(MINUTE, clock);
  }

  /** Where no key is needed, one that is not known is overlooked: clients send some key always. @throws {KandidError} key_missing, key_unknown */
  identify({ authorization, address }: Caller): Client {
    const given = /^Bearer\s+(\S+)$/i.exec(authorization ?? '')?.[1];
    const key = given === undefined ? null : this.#find(given);
    if (key) return { name: `key ${key.name}`, key };
    if (this.required)
      throw given === undefined ? new KandidError('key_missing', {}) : new KandidError('key_unknown', {});
    return { name: `at ${address ?? 'unknown'}`, key: null };
  }

  /** Counts a request. @throws {KandidError} rate_limited */
  admit(client: Client): void {
    const limit = client.key?.requestsPerMinute ?? this.#settings.requestsPerMinute;
    if (limit === 0) return;
    const wait = this.#rates.take(client.name, limit);
    if (wait > 0) throw new KandidError('rate_limited', { limit, retrySeconds: Math.ceil(wait / 1000) });
  }

  /**
   * Whether a page of an origin may call; requests without an origin come from no page. Where no key is needed, only names
   * of this machine count as the server's own, so that a name elsewhere that leads here (DNS rebinding) does not.
   *
   * @throws {KandidError} origin_refused
   */
  checkOrigin(origin: string | undefined, host: string | undefined): void {
    if (origin === undefined) return;
    if (this.listed(origin) || this.#isOwn(origin, host)) return;
    throw new KandidError('origin_refused', { origin: origin.slice(0, 200) });
  }

  /** Whether the operator named this origin. */
  listed(origin: string): boolean {
    const { origins } = this.#settings;
    return origins.includes('*') || origins.includes(origin);
  }

  #isOwn(origin: string, host: string | undefined): boolean {
    const { publicUrl } = this.#settings;
    if (!URL.canParse(origin)) return false;
    const { host: pageHost, hostname } = new URL(origin);
    if (publicUrl !== undefined && new URL(publicUrl).host === pageHost) return true;
    return pageHost === host?.toLowerCase() && (this.required || isLocalHost(hostname));
  }

  #find(given: string): ApiKey | null {
    const digest = createHash('sha256').update(given).digest();
    // All are compared, so that the time tells nothing of which one it is.
    const found = this.#settings.apiKeys.filter(({ sha256 }) => timingSafeEqual(Buffer.from(sha256, 'hex'), digest));
    return found[0] ?? null;
  }
}
