/** The server's public address as callers see it: its own, or what a trusted proxy states. */
import type { IncomingMessage } from 'node:http';
import { BlockList, isIP } from 'node:net';
import type { ServerSettings } from '../settings.ts';

/** The server's address as one caller sees it. */
export interface Place {
  /** As `https://example.org/kandid`; empty if the request has no valid host. */
  readonly base: string;
  /** Path prefix: `/kandid`, or empty. */
  readonly prefix: string;
  /** As in a `Host` header, of the address that the caller used. */
  readonly host: string | undefined;
}

const HOST = /^[\w.:[\]-]{1,255}$/;
const PREFIX = /^(\/[\w.~-]+)+$/;
const LOOPBACK = ['127.0.0.0/8', '::1/128'];

export class Places {
  readonly #publicUrl: string | undefined;
  readonly #ownPrefix: string;
  readonly #proxies = new BlockList();

  constructor({ publicUrl, basePath, trustedProxies }: ServerSettings) {
    this.#publicUrl = publicUrl && withoutSlash(publicUrl);
    const path = publicUrl === undefined ? '' : new URL(publicUrl).pathname;
    this.#ownPrefix = withoutSlash(basePath ?? path);
    for (const range of trustedProxies.flatMap((one) => (one === 'loopback' ? LOOPBACK : [one]))) {
      const [network = '', bits] = range.split('/');
      const family = isIP(network) === 6 ? 'ipv6' : 'ipv4';
      this.#proxies.addSubnet(network, Number(bits ?? (family === 'ipv6' ? 128 : 32)), family);
    }
  }

  of(request: IncomingMessage): Place {
    const forwarded = (name: string) =>
      this.isTrusted(request.socket.remoteAddress) ? lastOf(request, name) : undefined;
    const forwardedPrefix = withoutSlash(forwarded('x-forwarded-prefix') ?? '');
    const prefix = PREFIX.test(forwardedPrefix) ? forwardedPrefix : this.#ownPrefix;
    const forwardedHost = forwarded('x-forwarded-host');
    const host = forwardedHost !== undefined && HOST.test(forwardedHost) ? forwardedHost : request.headers.host;
    const scheme = forwarded('x-forwarded-proto') === 'https' ? 'https' : 'http';
    const own = host !== undefined && HOST.test(host) ? `${scheme}://${host}${prefix}` : '';
    return { base: this.#publicUrl ?? own, prefix, host };
  }

  /** The path without a prefix that a proxy left in place; null if it is the prefix without its slash. */
  path(url: string, { prefix }: Place): string | null {
    for (const one of new Set([prefix, this.#ownPrefix])) {
      if (one === '' || !url.startsWith(one)) continue;
      const rest = url.slice(one.length);
      if (rest === '' || rest.startsWith('?')) return null;
      if (rest.startsWith('/')) return rest;
    }
    return url;
  }

  /** The caller's address: behind trusted proxies, the nearest address that is not one of them. */
  address(request: IncomingMessage): string | undefined {
    const { remoteAddress } = request.socket;
    if (!this.isTrusted(remoteAddress)) return remoteAddress;
    const way = [request.headers['x-forwarded-for'] ?? []].flat().join(',').split(',');
    const named = way.map((one) => one.trim()).filter((one) => isIP(one) !== 0);
    return named.findLast((one) => !this.isTrusted(one)) ?? named[0] ?? remoteAddress;
  }

  /** Whether it is the address of a trusted proxy. */
  isTrusted(address: string | undefined): boolean {
    if (address === undefined) return false;
    const family = isIP(address);
    return family !== 0 && this.#proxies.check(address, family === 6 ? 'ipv6' : 'ipv4');
  }
}

/** The last entry of a list that each proxy appends to, from the nearest proxy. */
function lastOf({ headers }: IncomingMessage, name: string): string | undefined {
  const given = [headers[name] ?? []].flat().join(',');
  return given.split(',').at(-1)?.trim() || undefined;
}

function withoutSlash(path: string): string {
  let end = path.length;
  while (path[end - 1] === '/') end -= 1;
  return path.slice(0, end);
}
