/** Requests to upgrade to another protocol (RFC 9110, 7.8). */
import type { IncomingMessage } from 'node:http';

export function wantsWebSocket({ headers }: IncomingMessage): boolean {
  return headers.upgrade?.trim().toLowerCase() === 'websocket';
}

/** Headers that concern the upgraded connection, not the request. */
const ABOUT_UPGRADE = new Set(['upgrade', 'http2-settings']);

/**
 * The head of a request without its upgrade, to be parsed again: a server may ignore a protocol that it does not
 * support (h2c, which `curl --http2` requests), and Node stops parsing a request at its upgrade.
 */
export function withoutUpgrade({ method, url, httpVersion, rawHeaders }: IncomingMessage): Buffer {
  const lines = [`${method} ${url} HTTP/${httpVersion}`];
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const [name = '', value = ''] = rawHeaders.slice(i, i + 2);
    const isAbout = ABOUT_UPGRADE.has(name.toLowerCase());
    const kept = name.toLowerCase() === 'connection' ? otherOptions(value) : value;
    if (!isAbout && kept !== null) lines.push(`${name}: ${kept}`);
  }
  return Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1');
}

/** The other options of a Connection header; null if none is left. */
function otherOptions(value: string): string | null {
  const left = value
    .split(',')
    .map((option) => option.trim())
    .filter((option) => !ABOUT_UPGRADE.has(option.toLowerCase()));
  return left.join(', ') || null;
}
