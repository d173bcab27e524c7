/** Upgrade requests: valid handshakes (RFC 6455), some with changed headers or damaged bytes. */
import { Random } from '../../../../kit/random.ts';
import { damaged, pick } from './chance.ts';

const KEY = 'dGhlIHNhbXBsZSBub25jZQ==';

/** For each part of the request, its possible values, the valid one first. null: the header is left out. */
const PARTS = {
  method: ['GET', 'POST', 'HEAD', 'CONNECT', 'PRI'],
  path: ['/v1/stream', '/v1/stream?key=x', '/nowhere', '*', '//', '/%00', `/${'x'.repeat(9000)}`],
  version: ['HTTP/1.1', 'HTTP/1.0', 'HTTP/2.0', ''],
  Host: [null, 'localhost', 'evil.example', '', 'a, b'],
  Connection: ['Upgrade', 'keep-alive, Upgrade', 'Upgrade, HTTP2-Settings', 'close', null],
  Upgrade: ['websocket', 'WebSocket, h2c', 'h2c', 'TLS/1.0', '', null],
  'Sec-WebSocket-Version': ['13', '8', '13, 8', '-1', null],
  'Sec-WebSocket-Key': [KEY, 'short', `${KEY}${KEY}`, 'x'.repeat(5000), null],
  'Sec-WebSocket-Protocol': ['kandid.v1', 'kandid.v9', 'kandid.v1, kandid.v1', ',', 'p'.repeat(3000), null],
  'Sec-WebSocket-Extensions': [null, 'permessage-deflate; client_max_window_bits', 'permessage-deflate; x=', ';;;'],
  Origin: [null, 'http://evil.example', 'null', 'x'.repeat(4000)],
  'Content-Length': [null, '5', '999999999999', '-1'],
  'Transfer-Encoding': [null, 'chunked', 'chunked, chunked'],
} as const;

/** @param host default value of the header Host */
export function* upgrades(seed: number, count: number, host: string): Generator<Buffer, void, undefined> {
  for (let i = 0; i < count; i++) {
    const random = Random.of(seed, i, 2);
    const bytes = handshake(random, host);
    yield random.integer(3) === 0 ? damaged(random, bytes) : bytes;
  }
}

function handshake(random: Random, host: string): Buffer {
  const rate = pick(random, [0, 1, 4]);
  const chosen = (name: keyof typeof PARTS): string | null => {
    const values: readonly (string | null)[] = PARTS[name];
    return random.integer(12) < rate ? pick(random, values) : (values[0] ?? null);
  };
  const { method, path, version, ...headers } = PARTS;
  const line = `${chosen('method')} ${chosen('path')} ${chosen('version')}`;
  const lines = Object.keys(headers).flatMap((name) => {
    const value = chosen(name as keyof typeof PARTS) ?? (name === 'Host' ? host : null);
    return value === null ? [] : [`${name}: ${value}`];
  });
  return Buffer.from(`${[line, ...lines].join('\r\n')}\r\n\r\n`, 'latin1');
}
