import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { after, before, test } from 'node:test';
import { codeToString } from '../../../src/contract/codes.ts';
import type { KandidError } from '../../../src/errors.ts';
import { Access } from '../../../src/server/http/access.ts';
import { loadServerSettings, type ServerFlags } from '../../../src/server/settings.ts';
import { FakeClock } from '../../clock.ts';
import { post, type Serving, serve } from '../serving.ts';
import { refusedStatus, Socket } from '../socket.ts';

const sha256 = (key: string) => createHash('sha256').update(key).digest('hex');
const keys = [
  { name: 'first', sha256: sha256('secret-1'), jobs: 1, requestsPerMinute: 100 },
  { name: 'second', sha256: sha256('secret-2'), requestsPerMinute: 2 },
  { name: 'third', sha256: sha256('third'), requestsPerMinute: 1 },
];
const from = (authorization?: string) => ({ authorization, address: '127.0.0.1' });
const isCode = (code: string) => (error: KandidError) => error.code === code;

function access(flags: ServerFlags = {}) {
  const clock = new FakeClock();
  return { clock, access: new Access(loadServerSettings({ apiKeys: keys, ...flags }, {}), clock) };
}

test('keys are needed where others can connect, unless said otherwise', () => {
  assert.equal(access().access.required, false);
  assert.equal(access({ host: '0.0.0.0' }).access.required, true);
  assert.equal(access({ host: '0.0.0.0', auth: 'off' }).access.required, false);
  assert.equal(access({ host: '::1' }).access.required, false);
  assert.equal(access({ auth: 'on' }).access.required, true);
});

test('a key names its client; without need of one, unknown keys are overlooked', () => {
  const { access: open } = access();
  assert.equal(open.identify(from('Bearer secret-1')).name, 'key first');
  assert.equal(open.identify(from('Bearer sk-anything')).name, 'at 127.0.0.1');
  const { access: closed } = access({ auth: 'on' });
  assert.throws(() => closed.identify(from()), isCode('key_missing'));
  assert.throws(() => closed.identify(from('Bearer wrong')), isCode('key_unknown'));
  assert.throws(() => closed.identify(from('Basic secret-1')), isCode('key_missing'));
});

test('requests a minute are counted for each client, and come back with time', () => {
  const { access: one, clock } = access();
  const second = one.identify(from('Bearer secret-2'));
  one.admit(second);
  one.admit(second);
  assert.throws(
    () => one.admit(second),
    (error: KandidError) => error.details.retrySeconds === 30,
  );
  one.admit(one.identify(from('Bearer secret-1')));
  clock.pass(30_000);
  one.admit(second);
  assert.throws(() => one.admit(second), isCode('rate_limited'));
});

test('pages: the own, and those the operator named', () => {
  const { access: one } = access({ origins: ['https://page.example'], publicUrl: 'https://kandid.example' });
  one.checkOrigin(undefined, 'x');
  one.checkOrigin('https://page.example', 'localhost:8080');
  one.checkOrigin('http://localhost:8080', 'localhost:8080');
  one.checkOrigin('https://kandid.example', 'localhost:8080');
  for (const [origin, host] of [
    ['https://evil.example', 'localhost:8080'],
    ['http://evil.example:8080', 'evil.example:8080'],
    ['http://localhost:1', 'localhost:8080'],
    ['null', 'localhost:8080'],
  ] as const)
    assert.throws(() => one.checkOrigin(origin, host), isCode('origin_refused'), origin);
  access({ origins: ['*'] }).access.checkOrigin('https://any.example', 'x');
});

let serving: Serving;
before(async () => {
  serving = await serve({ auth: 'on', apiKeys: keys, origins: ['https://page.example'] });
});
after(() => serving.close());
const bearer = (key: string) => ({ authorization: `Bearer ${key}` });

test('doors are shut without a key, those for operators are open', async () => {
  for (const path of ['/v1/models', '/v1/jobs', '/v1/guides']) {
    const answer = await fetch(`${serving.url}${path}`);
    assert.deepEqual([answer.status, answer.headers.get('www-authenticate')], [401, 'Bearer realm="kandid"'], path);
  }
  for (const path of ['/healthz', '/readyz', '/metrics', '/openapi.json', '/docs'])
    assert.equal((await fetch(`${serving.url}${path}`)).status, 200, path);
  assert.equal((await fetch(`${serving.url}/v1/guides`, { headers: bearer('secret-1') })).status, 200);
  assert.equal(await refusedStatus(serving.url, {}), 401);
  const socket = await Socket.open(serving.url, { protocols: ['kandid.v1', 'kandid.key.secret-1'] });
  assert.equal(socket.ws.protocol, 'kandid.v1');
  await socket.leave();
});

test('limits of a key: requests a minute, jobs at once', async () => {
  const ask = (key: string, body: object) =>
    post(`${serving.url}/v1/jobs`, { ...body, guides: [{ name: 'hold' }] }, bearer(key));
  const first = await ask('secret-1', {});
  assert.equal(first.status, 202);
  const busy = await ask('secret-1', {});
  assert.deepEqual([busy.status, busy.headers.get('retry-after')], [429, '1']);
  const place = first.headers.get('location') as string;
  await fetch(`${serving.url}${place}`, { method: 'DELETE', headers: bearer('secret-1') });
  const statuses = [];
  for (let i = 0; i < 3; i++)
    statuses.push((await fetch(`${serving.url}/v1/guides`, { headers: bearer('secret-2') })).status);
  assert.deepEqual(statuses, [200, 200, 429]);
});

test('permalinks are counted only where a picture is drawn', async () => {
  const headers = bearer('third');
  const { models } = (await (await fetch(`${serving.url}/v1/models`, { headers: bearer('secret-1') })).json()) as {
    models: { name: string; hash: string }[];
  };
  const tiny = models.find(({ name }) => name === 'tiny');
  const url = `${serving.url}/v1/images/tiny@${tiny?.hash.slice(0, 8)}/${codeToString([0, 1, 2, 3], [4, 4, 4, 4])}.png`;
  const tag = (await fetch(url, { method: 'HEAD', headers })).headers.get('etag') ?? '';
  const known = { ...headers, 'if-none-match': tag };
  for (let n = 0; n < 3; n++) assert.equal((await fetch(url, { headers: known })).status, 304);
  const short = url.replace(/@\w+/, '');
  assert.equal((await fetch(short, { headers, redirect: 'manual' })).status, 307);
  assert.equal((await fetch(url, { headers })).status, 200);
  assert.equal((await fetch(url, { headers })).status, 429);
  assert.equal((await fetch(url, { headers: known })).status, 304);
});

test('pages of named origins are let in, with what they may send and read', async () => {
  const origin = 'https://page.example';
  const ask = { origin, 'access-control-request-method': 'POST', 'access-control-request-headers': 'x-stainless-os' };
  const before = await fetch(`${serving.url}/v1/generate`, { method: 'OPTIONS', headers: ask });
  assert.equal(before.status, 204);
  assert.equal(before.headers.get('access-control-allow-origin'), origin);
  assert.match(before.headers.get('access-control-allow-headers') ?? '', /Authorization.*x-stainless-os/);
  const other = await fetch(`${serving.url}/v1/guides`, {
    headers: { ...bearer('secret-1'), origin: 'https://evil.example' },
  });
  assert.deepEqual([other.status, other.headers.get('access-control-allow-origin')], [403, null]);
});
