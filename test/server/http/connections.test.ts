/** Hostile and faulty connections. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { test } from 'node:test';
import { serve } from '../serving.ts';
import { Socket as Stream } from '../socket.ts';

/** A connection that stays half-open, and the data received over it. */
async function connection(url: string, ...said: string[]): Promise<{ socket: Socket; came: () => string }> {
  const { hostname, port } = new URL(url);
  const socket = connect({ host: hostname, port: Number(port), allowHalfOpen: true });
  let text = '';
  socket.on('data', (bytes) => {
    text += bytes.toString('latin1');
  });
  socket.on('error', () => {});
  await once(socket, 'connect');
  for (const one of said) socket.write(one);
  return { socket, came: () => text };
}

async function connectionsOf(http: { getConnections(told: (error: Error | null, count: number) => void): void }) {
  return await new Promise<number>((resolve) => http.getConnections((_, count) => resolve(count)));
}

/** Turns the event loop until a condition holds. */
async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await holds())) await new Promise((resolve) => setImmediate(resolve));
}

const upgrade = (path: string, protocol = 'websocket') =>
  `GET ${path} HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: ${protocol}\r\n`;

test('refused upgrades are answered and closed, even if the client keeps the connection', async () => {
  const serving = await serve();
  const held: Awaited<ReturnType<typeof connection>>[] = [];
  for (let i = 0; i < 50; i++) held.push(await connection(serving.url, `${upgrade('/nowhere')}\r\n`));
  await until(() => held.every(({ came }) => came().startsWith('HTTP/1.1 404 ')));
  await until(async () => (await connectionsOf(serving.http)) === 0);
  for (const { socket } of held) socket.destroy();
  await serving.close();
});

test('upgrades to other protocols are answered in HTTP/1.1, and the connection stays open', async () => {
  const serving = await serve();
  const more = 'HTTP2-Settings: AAMAAABkAAQAoAAAAAIAAAAA\r\n';
  const { socket, came } = await connection(
    serving.url,
    `${upgrade('/healthz', 'h2c').replace('Upgrade\r\n', 'Upgrade, HTTP2-Settings\r\n')}${more}\r\n`,
  );
  await until(() => came().includes('"status":"ok"'));
  assert.match(came(), /^HTTP\/1\.1 200 /);
  const body = JSON.stringify({ seed: 4, base64: false });
  const head = upgrade('/v1/generate', 'h2c').replace('GET', 'POST');
  const about = `Content-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n`;
  socket.write(head + about + body.slice(0, 5));
  socket.write(body.slice(5));
  await until(() => came().includes('"seed":4'));
  socket.destroy();
  await serving.close();
});

test('Expect: 100-continue is refused for a body that is too large, and accepted otherwise', async () => {
  const serving = await serve({ bodyBytes: 2000 });
  const asking = (length: number) =>
    `POST /v1/generate HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: ${length}\r\nExpect: 100-continue\r\n\r\n`;
  const large = await connection(serving.url, asking(99_000_000));
  await until(() => large.came().includes('body_too_large'));
  assert.match(large.came(), /^HTTP\/1\.1 413 /);
  const wrong = await connection(serving.url, asking(20).replace('application/json', 'text/plain'));
  await until(() => wrong.came().includes('type_unsupported'));
  assert.match(wrong.came(), /^HTTP\/1\.1 415 /);
  const body = JSON.stringify({ seed: 4, base64: false });
  const small = await connection(serving.url, asking(body.length));
  await until(() => small.came().startsWith('HTTP/1.1 100 Continue'));
  small.socket.write(body);
  await until(() => small.came().includes('"seed":4'));
  for (const { socket } of [large, wrong, small]) socket.destroy();
  await serving.close();
});

test('slow headers are cut within a second of the limit, which does not include idle time between requests', async () => {
  const serving = await serve();
  const { http } = serving;
  assert.equal(http.headersTimeout, 30_000);
  assert.ok(http.keepAliveTimeout > 60_000);
  // The usual limits, but shorter.
  http.headersTimeout = 500;
  const { socket, came } = await connection(serving.url, 'GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n');
  const slow = await connection(serving.url, 'GET /healthz HTTP/1.1\r\nHost: loc');
  const from = performance.now();
  await until(() => slow.came() !== '');
  const took = performance.now() - from;
  assert.match(slow.came(), /^HTTP\/1\.1 408 /);
  assert.ok(took < 3000, `cut after ${took} ms`);
  socket.write('GET /readyz HTTP/1.1\r\nHost: localhost\r\n\r\n');
  await until(() => came().includes('"ready"'));
  for (const one of [socket, slow.socket]) one.destroy();
  await serving.close();
});

test('close ends the rest after its time limit: incomplete requests, idle sockets, clients that do not read', async () => {
  const serving = await serve({ drainSeconds: 1 });
  const stream = await Stream.open(serving.url);
  stream.say({ type: 'generate', id: 'r', guides: [{ name: 'hold' }] });
  await stream.next('started');
  // It stops reading, and ignores the close frame.
  const { hostname, port } = new URL(serving.url);
  const key = 'dGhlIHNhbXBsZSBub25jZQ==';
  const deaf = await connection(
    serving.url,
    `${upgrade('/v1/stream')}Sec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: kandid.v1\r\nSec-WebSocket-Key: ${key}\r\n\r\n`,
  );
  await until(() => deaf.came().startsWith('HTTP/1.1 101 '));
  const post =
    'POST /v1/encode HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n';
  const held = [
    await connection(serving.url, `${post}\r\n{"im`),
    await connection(serving.url, post),
    await connection(serving.url, 'GET /v1/jobs'),
    await connection(serving.url),
    await connection(serving.url, `${upgrade('/nowhere')}\r\n`),
    await connection(serving.url, 'GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n'),
  ];
  const from = performance.now();
  await serving.close();
  const took = (performance.now() - from) / 1000;
  assert.ok(took < 1 + 2, `it took ${took} s`);
  await assert.rejects(fetch(`http://${hostname}:${port}/healthz`));
  for (const { socket } of [...held, deaf]) socket.destroy();
  stream.ws.terminate();
});
