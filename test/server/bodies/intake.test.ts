/** Limits of request bodies over sockets, in-process. */
import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import sharp from 'sharp';
import { post, type Serving, serve } from '../serving.ts';

const folder = mkdtempSync(join(tmpdir(), 'kandid-'));
let serving: Serving;
before(async () => {
  serving = await serve({
    bodyBytes: 300_000,
    clientBodyBytes: 500_000,
    allBodyBytes: 1_000_000,
    spoolFolder: folder,
    connectionsPerAddress: 20,
    perClient: 128,
    jobPixels: 2 ** 20,
    clientAnswerBytes: 2 ** 23,
  });
});
after(async () => {
  await serving.close();
  rmSync(folder, { recursive: true });
});

const held = () => serving.services.intake.budget.held;

/** An upload that is never completed. */
async function unfinished(bytes: number): Promise<Socket> {
  const { hostname, port } = new URL(serving.url);
  const socket = connect(Number(port), hostname);
  socket.on('error', () => {});
  const head = ['POST /v1/generate HTTP/1.1', 'Host: localhost', 'Content-Type: application/json'];
  socket.write(`${[...head, `Content-Length: ${bytes + 10}`].join('\r\n')}\r\n\r\n${' '.repeat(bytes)}`);
  return socket;
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 5));
}

/** A noise picture of about this many bytes. */
async function noise(bytes: number): Promise<Uint8Array> {
  const side = Math.ceil(Math.sqrt(bytes / 3));
  const raw = Uint8Array.from({ length: 3 * side * side }, (_, i) => (i * 2_654_435_761) >>> 24);
  return await sharp(raw, { raw: { width: side, height: side, channels: 3 } })
    .png({ compressionLevel: 0 })
    .toBuffer();
}

test('unfinished uploads of a client are limited in bytes, and count until they end', async () => {
  const first = await unfinished(240_000);
  const second = await unfinished(240_000);
  await until(() => held() === 480_000);
  const refused = await post(`${serving.url}/v1/generate`, `{"seed":1${' '.repeat(50_000)}}`);
  assert.equal(refused.status, 429);
  assert.ok(Number(refused.headers.get('retry-after')) > 0);
  assert.equal(((await refused.json()) as { code: string }).code, 'client_bytes_full');
  for (const socket of [first, second]) socket.destroy();
  await until(() => held() === 0);
  assert.equal((await post(`${serving.url}/v1/generate`, { seed: 1 })).status, 200);
  assert.deepEqual(readdirSync(folder), []);
});

test('a large picture waits on disk and reaches its guide completely, in JSON and in a form', async () => {
  const image = await noise(120_000);
  const asked = (guides: unknown) => ({ guides, seed: 3, base64: false });
  const params = { image: Buffer.from(image).toString('base64') };
  const first = await post(`${serving.url}/v1/generate`, asked([{ name: 'target', params }]));
  assert.equal(first.status, 200, await first.clone().text());
  const form = new FormData();
  form.append('image', new Blob([image]));
  form.append('seed', '3');
  const second = await fetch(`${serving.url}/v1/colorize`, { method: 'POST', body: form });
  assert.equal(second.status, 200, await second.clone().text());
  await until(() => held() === 0);
});

test('bodies of waiting and running jobs count until the jobs end', async () => {
  const image = Buffer.from(await noise(100_000)).toString('base64');
  const guides = [
    { name: 'hold', params: { level: 1 } },
    { name: 'target', params: { image } },
  ];
  const send = () => post(`${serving.url}/v1/generate`, { guides }, { prefer: 'respond-async' });
  const jobs: string[] = [];
  let last = await send();
  for (; last.status === 202 && jobs.length < 10; last = await send()) jobs.push(last.headers.get('location') ?? '');
  assert.ok(jobs.length >= 1 && jobs.length < 10);
  assert.equal(last.status, 429);
  for (const job of jobs) await fetch(`${serving.url}${job}`, { method: 'DELETE' });
  await until(() => held() === 0);
});

test('responses with too many pixels are refused before any work, with a remedy', async () => {
  const refused = await post(`${serving.url}/v1/generate`, { count: 3, size: 1024 });
  assert.equal(refused.status, 400);
  const { code, detail } = (await refused.json()) as { code: string; detail: string };
  assert.equal(code, 'request_too_large');
  assert.match(detail, /pixels of all pictures together is 3145728, more than the 1048576 .*count.*smaller size/);
});

test('unread responses are limited in bytes', async () => {
  const send = () =>
    post(
      `${serving.url}/v1/generate`,
      { size: 1024, guides: [{ name: 'hold', params: { level: 1 } }] },
      { prefer: 'respond-async' },
    );
  const [first, second, third] = [await send(), await send(), await send()];
  assert.deepEqual([first.status, second.status, third.status], [202, 202, 429]);
  for (const one of [first, second]) await fetch(`${serving.url}${one.headers.get('location')}`, { method: 'DELETE' });
});

test('too many connections from one address are answered with 503, and closed ones free places', async () => {
  const { hostname, port } = new URL(serving.url);
  const open = () => {
    const socket = connect(Number(port), hostname);
    socket.on('error', () => {});
    return socket;
  };
  const sockets = Array.from({ length: 20 }, open);
  const surplus = open();
  const answer = await new Promise<string>((resolve) => {
    surplus.setEncoding('utf8').once('data', (text: string) => resolve(text));
  });
  assert.match(answer, /^HTTP\/1.1 503 [\s\S]*Retry-After: \d+[\s\S]*connections_full/);
  for (const socket of [...sockets, surplus]) socket.destroy();
  const again = async (): Promise<number> =>
    await fetch(`${serving.url}/healthz`).then(
      ({ status }) => status,
      () => 503,
    );
  let status = 503;
  while (status !== 200) status = await again();
});
