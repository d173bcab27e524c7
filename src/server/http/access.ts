/** Access control: API keys, origins, requests per minute. */
import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { KandidError } from '../../errors.ts';
import type { Clock } from '../../kit/clock.ts';
import type { ApiKey, ServerSettings } from '../settings.ts';
import { Hosts, needsKeys } from './hosts.ts';
import { type RateLimits, Rates } from './rate-limits.ts';

/** The client that a request is counted and queued for. */
export interface Client {
  /** `key NAME`, or `at ADDRESS`. */
  readonly name: string;
  readonly key: ApiKey | null;
}

/** The parts of a request that identify its caller. */
export interface Caller {
  readonly authorization: string | undefined;
  readonly address: string | undefined;
}

export const MINUTE = 60_000;
/** Unknown keys accepted per address and minute. Keys are too long to be guessed; this only stops the attempts. */
const WRONG_KEYS = 20;
const MAX_PROVEN = 10_000;

export class Access {
  /** Whether an API key is required. */
  readonly required: boolean;
  readonly hosts: Hosts;
  readonly #settings: ServerSettings;
  readonly #rates: RateLimits;
  readonly #wrong: Rates;
  /**
   * Keys used successfully from an address, as `address key`: failed attempts of others at that address do not lock
   * them out.
   */
  readonly #proven = new Set<string>();

  /** @param rates limits requests per minute @default counted in this process */
  constructor(settings: ServerSettings, clock: Clock, rates: RateLimits = new Rates(MINUTE, clock)) {
    this.#settings = settings;
    this.required = needsKeys(settings);
    this.hosts = new Hosts(settings);
    this.#rates = rates;
    this.#wrong = new Rates(MINUTE, clock);
  }

  /**
   * Where no key is required, an unknown key is ignored: many clients always send one.
   *
   * @throws {KandidError} key_missing, key_unknown, keys_tried
   */
  identify({ authorization, address = 'unknown' }: Caller): Client {
    const given = keyIn(authorization ?? '');
    const key = given === undefined ? null : this.#find(given);
    if (this.required) this.#checkTries(address, { given, key });
    return key ? { name: `key ${key.name}`, key } : anonymous(address);
  }

  /** After too many unknown keys, further ones are refused without checking, even correct ones. */
  #checkTries(address: string, { given, key }: { given: string | undefined; key: ApiKey | null }): void {
    if (given === undefined) throw new KandidError('key_missing', {});
    const shown = `${address} ${key?.name}`;
    if (key && this.#proven.has(shown)) return;
    const wait = key ? this.#wrong.wait(address, WRONG_KEYS) : this.#wrong.take(address, WRONG_KEYS);
    if (wait > 0) throw new KandidError('keys_tried', { retrySeconds: Math.ceil(wait / 1000) });
    if (!key) throw new KandidError('key_unknown', {});
    if (this.#proven.size >= MAX_PROVEN) this.#proven.clear();
    this.#proven.add(shown);
  }

  /**
   * Counts a request against the rate limit. @throws {KandidError} rate_limited, and in a cluster redis_unavailable
   */
  async admit(client: Client): Promise<void> {
    const limit = client.key?.requestsPerMinute ?? this.#settings.requestsPerMinute;
    if (limit === 0) return;
    const wait = await this.#rates.take(client.name, limit);
    if (wait > 0)
      throw new KandidError('rate_limited', { limit, unit: 'requests a minute', retrySeconds: Math.ceil(wait / 1000) });
  }

  /**
   * Checks whether pages of an origin may call. Requests without an origin do not come from a page, or are checked by
   * `checkSite`. Only host names that the server answers to count as same-origin.
   *
   * @throws {KandidError} origin_refused
   */
  checkOrigin(origin: string | undefined, host: string | undefined): void {
    if (origin === undefined) return;
    if (this.listed(origin) || this.#isOwn(origin, host)) return;
    throw new KandidError('origin_refused', { origin: origin.slice(0, 200) });
  }

  /**
   * Checks requests that a page of another site makes a browser send without a preflight: a picture, a script, a form.
   * Following a link is allowed, and so is embedding what other sites may embed.
   *
   * @throws {KandidError} origin_refused
   */
  checkSite({ method, headers }: Pick<IncomingMessage, 'method' | 'headers'>, isEmbeddable: boolean): void {
    if (headers['sec-fetch-site'] !== 'cross-site' || headers.origin !== undefined || this.listed('*')) return;
    const isRead = method === 'GET' || method === 'HEAD';
    const isLink = headers['sec-fetch-mode'] === 'navigate' && headers['sec-fetch-dest'] === 'document';
    if (isRead && (isLink || isEmbeddable)) return;
    throw new KandidError('origin_refused', { origin: 'another site' });
  }

  /** Whether the operator allowed this origin. */
  listed(origin: string): boolean {
    const { origins } = this.#settings;
    return origins.includes('*') || origins.includes(origin);
  }

  #isOwn(origin: string, host: string | undefined): boolean {
    const { publicUrl } = this.#settings;
    if (!URL.canParse(origin)) return false;
    const { host: pageHost, hostname } = new URL(origin);
    if (publicUrl !== undefined && new URL(publicUrl).host === pageHost) return true;
    return pageHost === host?.toLowerCase() && this.hosts.serves(hostname);
  }

  #find(given: string): ApiKey | null {
    const digest = createHash('sha256').update(given).digest();
    // All keys are compared, so that timing does not reveal which one matched.
    const found = this.#settings.apiKeys.filter(({ sha256 }) => timingSafeEqual(Buffer.from(sha256, 'hex'), digest));
    return found[0] ?? null;
  }
}

/** `Bearer KEY`, or `Basic` with the key as password, for clients that only support that. */
function keyIn(authorization: string): string | undefined {
  const [, basic] = /^Basic\s+([A-Za-z0-9+/]+={0,2})$/i.exec(authorization) ?? [];
  if (basic === undefined) return /^Bearer\s+(\S+)$/i.exec(authorization)?.[1];
  return /:(\S+)$/.exec(Buffer.from(basic, 'base64').toString())?.[1];
}

/** A client without a key. */
export function anonymous(address = 'unknown'): Client {
  return { name: `at ${address}`, key: null };
}
