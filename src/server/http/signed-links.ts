/** Signed picture links that open without a key for a limited time, like OpenAI's own. */
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { KandidError } from '../../errors.ts';
import type { Clock } from '../../kit/clock.ts';
import type { ServerSettings } from '../settings.ts';
import { needsKeys } from './hosts.ts';

const SECRET_BYTES = 32;

export class SignedLinks {
  /** Whether an address needs a key or a signature. */
  readonly areNeeded: boolean;
  readonly #secret: string | Buffer;
  readonly #seconds: number;
  readonly #clock: Clock;

  constructor(settings: ServerSettings, clock: Clock) {
    this.areNeeded = needsKeys(settings) && settings.permalinks === 'signed';
    // A random secret is valid for one process: its links become invalid when it ends.
    this.#secret = settings.permalinkSecret ?? randomBytes(SECRET_BYTES);
    this.#seconds = settings.permalinkSeconds;
    this.#clock = clock;
  }

  /** @param path with its query, without the server's prefix */
  signed(path: string): string {
    if (!this.areNeeded) return path;
    const url = new URL(path, 'http://localhost');
    url.searchParams.set('expires', String(Math.floor(this.#clock.date() / 1000) + this.#seconds));
    url.searchParams.set('signature', this.#signature(url));
    return `${url.pathname}${url.search}`;
  }

  /** @throws {KandidError} link_invalid, link_expired */
  check(path: string): void {
    const url = new URL(path, 'http://localhost');
    const given = Buffer.from(url.searchParams.get('signature') ?? '');
    const expected = Buffer.from(this.#signature(url));
    if (given.length !== expected.length || !timingSafeEqual(given, expected))
      throw new KandidError('link_invalid', {});
    const expires = Number(url.searchParams.get('expires'));
    if (expires * 1000 <= this.#clock.date())
      throw new KandidError('link_expired', { expired: new Date(expires * 1000).toISOString() });
  }

  /** Covers everything that determines the response, in sorted order. */
  #signature({ pathname, searchParams }: URL): string {
    const query = new URLSearchParams(searchParams);
    query.delete('signature');
    query.sort();
    return createHmac('sha256', this.#secret)
      .update(`${decodeURI(pathname)}?${query}`)
      .digest('base64url');
  }
}

/** Whether an address carries a signature. */
export function isSigned(path: string): boolean {
  return new URL(path, 'http://localhost').searchParams.has('signature');
}
