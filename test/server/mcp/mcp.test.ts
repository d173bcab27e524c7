/** The Model Context Protocol over HTTP, by the official SDK's own client. */
import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { after, before, test } from 'node:test';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import type { CallToolResult, Progress } from '@modelcontextprotocol/sdk/types.js';
import sharp from 'sharp';
import { readProvenance } from '../../../src/pictures/provenance.ts';
import { holedOf, pngOf } from '../openai/pictures.ts';
import { type Serving, serve } from '../serving.ts';

let serving: Serving;
let client: Client;

async function connected(url: string, headers: Readonly<Record<string, string>> = {}) {
  const one = new Client({ name: 'test', version: '1' });
  const transport = new StreamableHTTPClientTransport(new URL(`${url}/mcp`), { requestInit: { headers } });
  // The session id is not part of the interface.
  await one.connect(transport as Parameters<Client['connect']>[0]);
  return { client: one, transport };
}

before(async () => {
  serving = await serve();
  ({ client } = await connected(serving.url));
});
after(async () => {
  await client.close();
  await serving.close();
});

type Arguments = Record<string, unknown>;
const call = async (name: string, given: Arguments = {}) =>
  (await client.callTool({ name, arguments: given })) as CallToolResult;
const imagesOf = ({ content }: CallToolResult) =>
  content.flatMap((one) => (one.type === 'image' ? [Buffer.from(one.data, 'base64')] : []));
const textOf = ({ content }: CallToolResult) =>
  content.flatMap((one) => (one.type === 'text' ? [one.text] : [])).join();
const base64 = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64');

interface Told {
  readonly seed: number;
  readonly images: readonly { readonly code: string; readonly url?: string }[];
  readonly notes: readonly string[];
}
const toldOf = ({ structuredContent }: CallToolResult) => structuredContent as unknown as Told;

test('reports its capabilities, and lists its tools with a schema each', async () => {
  assert.equal(client.getServerVersion()?.name, 'kandid');
  assert.match(client.getInstructions() ?? '', /guides/);
  const { tools } = await client.listTools();
  assert.deepEqual(
    tools.map(({ name }) => name),
    ['generate', 'edit', 'upscale', 'vary', 'info', 'models', 'guides'],
  );
  for (const { inputSchema, description, annotations } of tools) {
    assert.equal(inputSchema.type, 'object');
    assert.ok(description && annotations?.readOnlyHint);
  }
});

test('generate returns pictures as content, and facts as text and structured content; the address works', async () => {
  const result = await call('generate', { prompt: 'red hat', negative: 'blue', count: 2, size: 32, seed: 5 });
  const [one] = imagesOf(result);
  assert.equal(imagesOf(result).length, 2);
  assert.equal((await sharp(one).metadata()).width, 32);
  const made = readProvenance(one as Buffer);
  assert.deepEqual([made.seed, made.guides?.[0]?.params?.negative], [5, 'blue']);
  const told = toldOf(result);
  assert.deepEqual(JSON.parse(textOf(result)), told);
  assert.deepEqual([told.seed, told.images[0]?.code], [5, made.code]);
  assert.match(told.notes.join(), /does not know the word "hat"/);
  assert.equal((await fetch(told.images[0]?.url ?? '')).status, 200);
  const animated = await call('generate', { format: 'gif' });
  assert.equal((await sharp(imagesOf(animated)[0], { animated: true }).metadata()).pages, 4);
});

test('edit, upscale, vary and info accept pictures as base64 and data URLs, also large ones', async () => {
  const [image, mask] = [base64(await pngOf()), base64(await holedOf())];
  const guidesOf = (result: CallToolResult) => {
    assert.equal(result.isError, undefined, textOf(result));
    return readProvenance(imagesOf(result)[0] as Buffer).guides?.map(({ name }) => name);
  };
  assert.deepEqual(guidesOf(await call('edit', { image, mask, prompt: 'red' })), ['inpaint', 'text']);
  assert.deepEqual(guidesOf(await call('edit', { image, prompt: 'red' })), ['target', 'text']);
  assert.deepEqual(guidesOf(await call('upscale', { image: `data:image/png;base64,${image}`, whole: false })), [
    'super_resolution',
  ]);
  const jpeg = base64(
    await sharp(await pngOf())
      .flatten()
      .jpeg()
      .toBuffer(),
  );
  assert.ok(jpeg.startsWith('/9j/'));
  assert.deepEqual(guidesOf(await call('upscale', { image: jpeg, prompt: 'red', whole: false })), [
    'super_resolution',
    'text',
  ]);
  const made = await call('generate', { seed: 3 });
  const [{ code } = { code: '' }] = toldOf(made).images;
  const same = await call('vary', { code, keep: 1 });
  assert.equal(toldOf(same).images[0]?.code, code);
  const file = imagesOf(made)[0] as Buffer;
  const found = await call('vary', { image: base64(file), keep: 1 });
  assert.equal(toldOf(found).images[0]?.code, code);
  assert.equal((await call('info', { image: base64(file) })).structuredContent?.code, code);
  const noise = randomBytes(200 * 200 * 3);
  const large = await sharp(noise, { raw: { width: 200, height: 200, channels: 3 } })
    .png()
    .toBuffer();
  assert.ok(large.length > 64 * 1024);
  assert.deepEqual(guidesOf(await call('edit', { image: base64(large), prompt: 'red' })), ['target', 'text']);
  assert.equal(serving.services.intake.budget.held, 0);
});

test('models and guides are listed', async () => {
  const { models } = (await call('models')).structuredContent as { models: { name: string; isDefault: boolean }[] };
  assert.deepEqual(
    models.filter(({ isDefault }) => isDefault).map(({ name }) => name),
    ['tiny'],
  );
  const { guides } = (await call('guides')).structuredContent as { guides: { name: string }[] };
  assert.ok(guides.some(({ name }) => name === 'text'));
  const one = (await call('guides', { name: 'text' })).structuredContent as { params: { properties: object } };
  assert.ok('negative' in one.params.properties);
});

test('errors are results with a message and an error code', async () => {
  const cases: [string, Arguments, string, RegExp][] = [
    ['generate', { prompt: 'x', colour: 1 }, 'params_invalid', /Tool "generate": colour: there is no such field/],
    ['generate', { model: 'none' }, 'model_unknown', /There is no model "none"/],
    ['generate', { count: 11 }, 'params_invalid', /count/],
    ['generate', { negative: 'x' }, 'params_invalid', /expected a prompt beside it/],
    ['generate', { size: 2048, count: 10, format: 'gif' }, 'request_too_large', /fewer frames/],
    ['generate', { guides: [{ name: 'txt' }] }, 'guide_unknown', /text/],
    ['edit', { image: 'no picture!', prompt: 'x' }, 'params_invalid', /image: expected a picture/],
    ['edit', { image: base64(Buffer.from('no')), prompt: 'x' }, 'picture_unreadable', /not a picture/],
    ['upscale', { image: '/etc/passwd' }, 'params_invalid', /files cannot be read from here/],
    ['upscale', { image: 'http://127.0.0.1:1/a.png' }, 'params_invalid', /not on the list of hosts/],
    ['vary', {}, 'params_invalid', /expected either code or image/],
    ['vary', { code: '!' }, 'code_invalid', /Expected/],
    ['info', { image: base64(await pngOf()) }, 'provenance_missing', /no Kandid metadata/],
    ['guides', { name: 'txt' }, 'guide_unknown', /There is no guide "txt"/],
    ['draw', {}, 'params_invalid', /there is no tool "draw"/],
  ];
  for (const [name, given, code, message] of cases) {
    const result = await call(name, given);
    assert.equal(result.isError, true, name);
    assert.match(textOf(result), message);
    const { 'kandid/error': error } = result._meta as { 'kandid/error': { code: string } };
    assert.equal(error.code, code, name);
  }
});

test('progress is reported level by level, with previews on request', async () => {
  const follow = async (meta: Record<string, unknown> | undefined) => {
    const told: (Progress & { _meta?: Record<string, unknown> })[] = [];
    const given = { prompt: 'red' };
    const params = { name: 'generate', arguments: given, ...(meta ? { _meta: meta } : {}) };
    await client.callTool(params, undefined, { onprogress: (progress) => void told.push(progress) });
    return told;
  };
  const plain = await follow(undefined);
  const levels = plain.filter(({ message }) => message?.includes('pixels'));
  assert.deepEqual(
    levels.map(({ progress, total }) => [progress, total]),
    [
      [1, 4],
      [2, 4],
      [3, 4],
      [4, 4],
    ],
  );
  assert.ok(plain.every(({ _meta }) => _meta === undefined));
  const rises = (told: readonly Progress[]) =>
    told.every(({ progress }, i) => i === 0 || progress > (told[i - 1] as Progress).progress);
  assert.ok(rises(plain) && rises(await follow({ 'kandid/previews': true })));
  const shown = (await follow({ 'kandid/previews': true })).flatMap(({ _meta }) => _meta?.['kandid/preview'] ?? []);
  assert.ok(shown.length > 0);
  for (const one of shown as { type: string; data: string; mimeType: string }[]) {
    assert.deepEqual([one.type, one.mimeType], ['image', 'image/webp']);
    assert.equal((await sharp(Buffer.from(one.data, 'base64')).metadata()).format, 'webp');
  }
});

test('a cancelled or disconnected call stops its work', async () => {
  const { jobs } = serving.services;
  const slow = { name: 'generate', arguments: { count: 10, size: 2048 } };
  const open = async () => {
    for (;;) {
      const job = jobs.list().jobs.find(({ isOpen }) => isOpen);
      if (job) return job;
      await new Promise((resolve) => setImmediate(resolve));
    }
  };
  const left = new AbortController();
  const asking = client.callTool(slow, undefined, { signal: left.signal });
  const job = await open();
  left.abort();
  await assert.rejects(asking);
  assert.equal((await job.ended).type, 'cancelled');

  const { client: other } = await connected(serving.url);
  const lost = assert.rejects(other.callTool(slow));
  const second = await open();
  await other.close();
  await lost;
  assert.equal((await second.ended).type, 'cancelled');
});

test('sessions belong to a client, can be ended, and are limited in number', async () => {
  const key = 'a-key-of-a-test';
  const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');
  const apiKeys = [
    { name: 'one', sha256: sha256(key) },
    { name: 'other', sha256: sha256('b') },
  ];
  const own = await serve({ auth: 'on', apiKeys, socketsPerClient: 2 });
  try {
    const bearer = (text: string) => ({ authorization: `Bearer ${text}` });
    await assert.rejects(connected(own.url), /401|API key/);
    const { client: one, transport } = await connected(own.url, bearer(key));
    const id = transport.sessionId ?? '';
    assert.equal((await one.callTool({ name: 'generate', arguments: {} })).isError, undefined);
    const ask = (headers: Record<string, string>, body: object = { jsonrpc: '2.0', id: 1, method: 'tools/list' }) =>
      fetch(`${own.url}/mcp`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', accept: 'application/json, text/event-stream', ...headers },
        body: JSON.stringify(body),
      });
    assert.equal((await ask({ ...bearer(key), 'mcp-session-id': id })).status, 200);
    assert.equal((await ask({ ...bearer('b'), 'mcp-session-id': id })).status, 404);
    assert.equal((await ask({ ...bearer(key), 'mcp-session-id': 'none' })).status, 404);
    assert.equal((await ask(bearer(key))).status, 400);
    assert.equal((await ask({ ...bearer(key), accept: 'application/json', 'mcp-session-id': id })).status, 406);
    await connected(own.url, bearer(key));
    await assert.rejects(connected(own.url, bearer(key)), /503|sockets are open/);
    await connected(own.url, bearer('b'));
    assert.equal(own.services.mcpSessions.size, 3);
    await transport.terminateSession();
    assert.equal(own.services.mcpSessions.size, 2);
    assert.equal((await ask({ ...bearer(key), 'mcp-session-id': id })).status, 404);
    assert.equal((await fetch(`${own.url}/mcp`, { headers: bearer(key) })).status, 405);
  } finally {
    await own.close();
  }
});

test('the usual limits of bodies apply, and foreign sites are refused', async () => {
  const ask = (body: string, headers: Record<string, string> = {}) =>
    fetch(`${serving.url}/mcp`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'application/json, text/event-stream', ...headers },
      body,
    });
  assert.equal((await ask('{')).status, 400);
  assert.equal(
    (await ask(JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'x', params: { a: 'x'.repeat(2 ** 21) } }))).status,
    400,
  );
  assert.equal((await ask('[]')).status, 400);
  assert.equal((await ask('{"jsonrpc":"2.0"}', { origin: 'https://evil.example' })).status, 403);
  assert.equal((await ask('{"jsonrpc":"2.0"}', { 'content-type': 'text/plain' })).status, 415);
});
