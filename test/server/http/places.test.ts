import assert from 'node:assert/strict';
import type { IncomingMessage } from 'node:http';
import { after, before, test } from 'node:test';
import { Places } from '../../../src/server/http/places.ts';
import { loadServerSettings, type ServerFlags } from '../../../src/server/settings.ts';
import { post, type Serving, serve } from '../serving.ts';

const places = (flags: ServerFlags) => new Places(loadServerSettings(flags, {}));
const asked = (headers: Record<string, string>, remoteAddress = '127.0.0.1') =>
  ({ headers: { host: 'kandid:8080', ...headers }, socket: { remoteAddress } }) as unknown as IncomingMessage;

const TOLD = {
  'x-forwarded-prefix': '/kandid/',
  'x-forwarded-proto': 'https',
  'x-forwarded-host': 'example.org',
  'x-forwarded-for': '203.0.113.7, 198.51.100.4, 10.0.0.9',
};

test('proxy headers count only from trusted addresses', () => {
  const trusting = places({ trustedProxies: ['loopback', '10.0.0.0/8'] });
  assert.deepEqual(trusting.of(asked(TOLD)), {
    base: 'https://example.org/kandid',
    prefix: '/kandid',
    host: 'example.org',
  });
  assert.equal(trusting.address(asked(TOLD)), '198.51.100.4');
  for (const address of ['::1', '::ffff:127.0.0.1', '10.1.2.3'])
    assert.equal(trusting.of(asked(TOLD, address)).prefix, '/kandid', address);
  const own = { base: 'http://kandid:8080', prefix: '', host: 'kandid:8080' };
  assert.deepEqual(trusting.of(asked(TOLD, '192.0.2.1')), own);
  assert.equal(trusting.address(asked(TOLD, '192.0.2.1')), '192.0.2.1');
  assert.deepEqual(places({}).of(asked(TOLD)), own);
});

test('invalid values are ignored, even from a trusted proxy', () => {
  const trusting = places({ trustedProxies: ['loopback'] });
  for (const prefix of ['kandid', '//evil.example', '/a"b', '/a/../b c', 'https://x'])
    assert.equal(trusting.of(asked({ 'x-forwarded-prefix': prefix })).prefix, '', prefix);
  assert.equal(trusting.of(asked({ 'x-forwarded-host': 'a/b' })).host, 'kandid:8080');
  assert.equal(trusting.of(asked({ 'x-forwarded-proto': 'javascript' })).base, 'http://kandid:8080');
  assert.equal(trusting.address(asked({ 'x-forwarded-for': 'unknown' })), '127.0.0.1');
  // The last entry of a list is that of the nearest proxy.
  assert.equal(trusting.of(asked({ 'x-forwarded-host': 'evil.example, good.example' })).host, 'good.example');
});

test('the prefix is that of basePath or publicUrl', () => {
  const based = places({ basePath: '/kandid/' });
  assert.deepEqual(based.of(asked({})), { base: 'http://kandid:8080/kandid', prefix: '/kandid', host: 'kandid:8080' });
  const told = places({ publicUrl: 'https://example.org/kandid/' }).of(asked({}));
  assert.deepEqual([told.base, told.prefix], ['https://example.org/kandid', '/kandid']);
  const path = (url: string) => based.path(url, based.of(asked({})));
  assert.equal(path('/kandid/v1/jobs?limit=1'), '/v1/jobs?limit=1');
  assert.equal(path('/v1/jobs'), '/v1/jobs', 'a proxy has taken it off');
  assert.equal(path('/kandidat/v1'), '/kandidat/v1');
  assert.deepEqual([path('/kandid'), path('/kandid?x'), path('/kandid/')], [null, null, '/']);
});

let serving: Serving;
before(async () => {
  serving = await serve({ trustedProxies: ['loopback'], basePath: '/own' });
});
after(() => serving.close());

test('every address in responses has the prefix and works', async () => {
  const headers = { 'x-forwarded-prefix': '/kandid', 'x-forwarded-proto': 'https', 'x-forwarded-host': 'example.org' };
  const ask = (body: object, more: object = {}) => post(`${serving.url}/v1/generate`, body, { ...headers, ...more });
  const { images } = (await (await ask({ seed: 1 })).json()) as { images: [{ url: string; codeString: string }] };
  const [{ url, codeString }] = images;
  assert.match(url, /^https:\/\/example\.org\/kandid\/v1\/images\/tiny@/);
  const later = await ask({ seed: 1 }, { prefer: 'respond-async' });
  assert.match(later.headers.get('location') ?? '', /^\/kandid\/v1\/jobs\/job_/);
  const { events } = (await later.json()) as { events: string };
  assert.match(events, /^\/kandid\/v1\/jobs\/job_.*\/events$/);
  const picture = await ask({ seed: 1 }, { accept: 'image/png' });
  assert.match(picture.headers.get('content-location') ?? '', /^\/kandid\/v1\/images\//);
  const get = (path: string) => fetch(`${serving.url}${path}`, { headers, redirect: 'manual' });
  const moved = await get(`/v1/images/tiny/${codeString}.png`);
  assert.match(moved.headers.get('location') ?? '', /^\/kandid\/v1\/images\/tiny@/);
  const { servers } = (await (await get('/openapi.json')).json()) as { servers: object[] };
  assert.deepEqual(servers, [{ url: '/kandid' }]);
  assert.match(await (await get('/docs')).text(), /href="\/kandid\/openapi\.json"/);
  const models = { prompt: 'x', response_format: 'url' };
  const openai = await post(`${serving.url}/v1/images/generations`, models, headers);
  const { data } = (await openai.json()) as { data: [{ url: string }] };
  assert.match(data[0].url, /^https:\/\/example\.org\/kandid\/v1\/images\//);
});

test('paths are served with the prefix, and without it behind a proxy that removes it', async () => {
  const get = (path: string) => fetch(`${serving.url}${path}`, { redirect: 'manual' });
  for (const path of ['/own/healthz', '/healthz', '/own/v1/models', '/own/docs'])
    assert.equal((await get(path)).status, 200, path);
  const bare = await get('/own');
  assert.deepEqual([bare.status, bare.headers.get('location')], [308, '/own/']);
  assert.equal((await get('/ownhealthz')).status, 404);
  const { servers } = (await (await get('/own/openapi.json')).json()) as { servers: object[] };
  assert.deepEqual(servers, [{ url: '/own' }]);
});
