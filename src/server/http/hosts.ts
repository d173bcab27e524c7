/**
 * The host names that a server answers to. Without API keys, a page of another site could otherwise point its own host
 * name at this machine (DNS rebinding) and read every response as same-origin.
 */
import { isIP } from 'node:net';
import { hostname } from 'node:os';
import { KandidError } from '../../errors.ts';
import type { ServerSettings } from '../settings.ts';

const LOCAL = /^(localhost|127(\.\d{1,3}){3}|\[?::1\]?|::ffff:127(\.\d{1,3}){3})$/i;

/** Whether a name or address refers to this machine only. */
export function isLocalHost(host: string): boolean {
  return LOCAL.test(host);
}

/** Whether callers need an API key. */
export function needsKeys({ auth, host }: Pick<ServerSettings, 'auth' | 'host'>): boolean {
  return auth === 'on' || (auth === 'auto' && !isLocalHost(host));
}

export class Hosts {
  readonly #isAny: boolean;
  readonly #isLocalOnly: boolean;
  readonly #names: ReadonlySet<string>;

  constructor(settings: ServerSettings) {
    const { host, hostNames, publicUrl } = settings;
    this.#isAny = needsKeys(settings) || hostNames.includes('*');
    this.#isLocalOnly = isLocalHost(host);
    const machine = this.#isLocalOnly ? [] : [hostname(), `${hostname()}.local`];
    const named = publicUrl === undefined ? [] : [new URL(publicUrl).hostname];
    this.#names = new Set([host, ...hostNames, ...machine, ...named].map((name) => nameIn(name) ?? name));
  }

  /** @param header as in `Host`, with or without a port */
  serves(header: string): boolean {
    if (this.#isAny) return true;
    const name = nameIn(header);
    if (name === null) return false;
    // IP addresses are safe: DNS rebinding needs a name.
    const isAddress = !this.#isLocalOnly && isIP(name.replace(/^\[|\]$/g, '')) !== 0;
    return isLocalHost(name) || isAddress || this.#names.has(name);
  }

  /**
   * Browsers always send a Host header; a request without one (HTTP/1.0) does not come from a browser. @throws
   * {KandidError} host_unknown
   */
  check(header: string | undefined): void {
    if (header !== undefined && !this.serves(header))
      throw new KandidError('host_unknown', { host: header.slice(0, 200) });
  }
}

/** The host without port and final dot, in lower case; null if malformed. */
function nameIn(header: string): string | null {
  const [, name] = /^(\[[\da-f:.]+\]|[^:[\]/@\s]+)(?::\d*)?$/i.exec(header.trim()) ?? [];
  return name === undefined ? null : name.toLowerCase().replace(/\.$/, '');
}
