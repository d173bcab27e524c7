import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { request } from 'node:http';
import { hostname } from 'node:os';
import { after, before, test } from 'node:test';
import { codeToString } from '../../../src/contract/codes.ts';
import type { KandidError } from '../../../src/errors.ts';
import { Access } from '../../../src/server/http/access.ts';
import { SignedLinks } from '../../../src/server/http/signed-links.ts';
import { loadServerSettings, type ServerFlags } from '../../../src/server/settings.ts';
import { FakeClock } from '../../clock.ts';
import { post, type Serving, serve } from '../serving.ts';
import { refusedStatus, Socket } from '../socket.ts';

/** Status of a response to arbitrary headers: fetch forbids some. */
function statusOf(url: string, headers: Record<string, string>): Promise<number> {
  return new Promise((resolve, reject) => {
    const asking = request(url, { headers }, (answer) => resolve(answer.resume().statusCode ?? 0));
    asking.on('error', reject).end();
  });
}

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

test('keys are required if others can connect, unless configured otherwise', () => {
  assert.equal(access().access.required, false);
  assert.equal(access({ host: '0.0.0.0' }).access.required, true);
  assert.equal(access({ host: '0.0.0.0', auth: 'off' }).access.required, false);
  assert.equal(access({ host: '::1' }).access.required, false);
  assert.equal(access({ auth: 'on' }).access.required, true);
});

test('a key identifies its client; if keys are not required, unknown ones are ignored', () => {
  const { access: open } = access();
  assert.equal(open.identify(from('Bearer secret-1')).name, 'key first');
  assert.equal(open.identify(from('Bearer sk-anything')).name, 'at 127.0.0.1');
  const { access: closed } = access({ auth: 'on' });
  assert.throws(() => closed.identify(from()), isCode('key_missing'));
  assert.throws(() => closed.identify(from('Bearer wrong')), isCode('key_unknown'));
  assert.throws(() => closed.identify(from('Basic secret-1')), isCode('key_missing'));
});

test('requests per minute are counted per client, and recover over time', async () => {
  const { access: one, clock } = access();
  const second = one.identify(from('Bearer secret-2'));
  await one.admit(second);
  await one.admit(second);
  await assert.rejects(
    () => one.admit(second),
    (error: KandidError) => error.details.retrySeconds === 30,
  );
  await one.admit(one.identify(from('Bearer secret-1')));
  clock.pass(30_000);
  await one.admit(second);
  await assert.rejects(() => one.admit(second), isCode('rate_limited'));
});

test('origins: the own one, and those configured', () => {
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

test('host names: this machine and those configured; any if keys are required', () => {
  const served = (flags: ServerFlags, ...names: string[]) => {
    const { hosts } = access(flags).access;
    return names.map((name) => hosts.serves(name));
  };
  const local = ['localhost:8080', 'LOCALHOST', 'localhost.', '127.0.0.1:1', '127.9.9.9', '[::1]:8080'];
  assert.ok(served({}, ...local).every(Boolean));
  const foreign = ['evil.example', 'evil.example:8080', '127.0.0.1.evil.example', '10.0.0.1', '', 'a b', 'x@localhost'];
  assert.ok(!served({}, ...foreign).some(Boolean));
  const named = { hostNames: ['kandid.lan'], publicUrl: 'https://kandid.example/x' };
  assert.deepEqual(served(named, 'kandid.lan:80', 'KANDID.example', 'evil.example'), [true, true, false]);
  assert.deepEqual(served({ hostNames: ['*'] }, 'evil.example'), [true]);
  const open = { host: '0.0.0.0', auth: 'off' };
  assert.deepEqual(served(open, '10.0.0.1:8080', '[fe80::1]', hostname(), 'evil.example'), [true, true, true, false]);
  assert.deepEqual(served({ host: '0.0.0.0' }, 'any.example'), [true]);
  assert.deepEqual(served({ auth: 'on' }, 'any.example'), [true]);
});

test('cross-site fetches are refused, but links and embedded pictures are not', () => {
  const { access: one } = access();
  const ask = (method: string, headers: Record<string, string>, isEmbeddable = false) =>
    one.checkSite({ method, headers: { 'sec-fetch-site': 'cross-site', ...headers } }, isEmbeddable);
  const link = { 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' };
  const image = { 'sec-fetch-mode': 'no-cors', 'sec-fetch-dest': 'image' };
  for (const [method, headers] of [
    ['GET', image],
    ['GET', { ...link, 'sec-fetch-dest': 'iframe' }],
    ['POST', link],
  ] as const)
    assert.throws(() => ask(method, headers), isCode('origin_refused'), JSON.stringify(headers));
  ask('GET', link);
  ask('GET', image, true);
  ask('GET', { ...image, 'sec-fetch-site': 'same-site' });
});

test('clients that try many keys are blocked for a while, even with a correct key; others are not', () => {
  const { access: one, clock } = access({ auth: 'on' });
  const [here, there] = [{ address: '10.0.0.1' }, { address: '10.0.0.2' }];
  const identified = (key: string, from: { address: string }) =>
    one.identify({ authorization: `Bearer ${key}`, ...from });
  identified('secret-1', here);
  for (let i = 0; i < 20; i++) assert.throws(() => identified(`guess-${i}`, here), isCode('key_unknown'));
  for (const key of ['guess', 'secret-2']) assert.throws(() => identified(key, here), isCode('keys_tried'));
  assert.equal(identified('secret-1', here).name, 'key first');
  assert.equal(identified('secret-2', there).name, 'key second');
  clock.pass(3000);
  assert.equal(identified('secret-2', here).name, 'key second');
});

let serving: Serving;
before(async () => {
  serving = await serve({ auth: 'on', apiKeys: keys, origins: ['https://page.example'] });
});
after(() => serving.close());
const bearer = (key: string) => ({ authorization: `Bearer ${key}` });

test('routes require a key, those for operators too', async () => {
  for (const path of ['/v1/models', '/v1/jobs', '/v1/guides', '/metrics']) {
    const answer = await fetch(`${serving.url}${path}`);
    assert.deepEqual([answer.status, answer.headers.get('www-authenticate')], [401, 'Bearer realm="kandid"'], path);
  }
  for (const path of ['/healthz', '/readyz', '/openapi.json', '/docs'])
    assert.equal((await fetch(`${serving.url}${path}`)).status, 200, path);
  assert.equal((await fetch(`${serving.url}/metrics`, { headers: bearer('secret-1') })).status, 200);
  assert.equal((await fetch(`${serving.url}/v1/guides`, { headers: bearer('secret-1') })).status, 200);
  assert.equal(await refusedStatus(serving.url, {}), 401);
  const socket = await Socket.open(serving.url, { protocols: ['kandid.v1', 'kandid.key.secret-1'] });
  assert.equal(socket.ws.protocol, 'kandid.v1');
  await socket.leave();
});

test('limits of a key: requests per minute, concurrent jobs', async () => {
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

test('permalinks count only if a picture is drawn', async () => {
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

test('configured origins get CORS headers', async () => {
  const origin = 'https://page.example';
  const asked = 'x-stainless-os,openai-organization, openai-beta,traceparent,user-agent,not a header';
  const ask = { origin, 'access-control-request-method': 'POST', 'access-control-request-headers': asked };
  const before = await fetch(`${serving.url}/v1/generate`, { method: 'OPTIONS', headers: ask });
  assert.equal(before.status, 204);
  assert.equal(before.headers.get('access-control-allow-origin'), origin);
  const allowed = before.headers.get('access-control-allow-headers') ?? '';
  assert.match(allowed, /Authorization.*x-stainless-os, openai-organization, openai-beta, traceparent, user-agent$/);
  assert.match(before.headers.get('vary') ?? '', /Origin.*Access-Control-Request-Headers/);
  const other = await fetch(`${serving.url}/v1/guides`, {
    headers: { ...bearer('secret-1'), origin: 'https://evil.example' },
  });
  assert.deepEqual([other.status, other.headers.get('access-control-allow-origin')], [403, null]);
});

test('foreign host names and sites are refused over HTTP and WebSocket', async () => {
  const open = await serve();
  for (const path of ['/', '/v1/jobs', '/v1/models', '/healthz', '/openapi.json', '/nothing'])
    assert.equal(await statusOf(`${open.url}${path}`, { host: 'evil.example' }), 421, path);
  assert.equal(await refusedStatus(open.url, { headers: { host: 'evil.example' } }), 421);
  assert.equal(await statusOf(`${open.url}/v1/jobs`, { host: 'localhost' }), 200);
  const site = { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'no-cors', 'sec-fetch-dest': 'script' };
  assert.equal(await statusOf(`${open.url}/v1/jobs`, site), 403);
  const { headers } = await fetch(`${open.url}/v1/jobs`);
  assert.equal(headers.get('cross-origin-resource-policy'), 'same-origin');
  const made = (await (await post(`${open.url}/v1/generate`, { seed: 1 })).json()) as Made;
  assert.equal(await statusOf(made.images[0].url, site), 200);
  await open.close();
});

interface Made {
  readonly images: readonly [{ readonly url: string }];
}

const MADE = { guides: [], seed: 1, base64: false, size: 16 };

test('if keys are required, signed permalinks in responses work without one for a limited time', async () => {
  const answer = await post(`${serving.url}/v1/generate`, MADE, bearer('secret-1'));
  const { images } = (await answer.json()) as Made;
  const [{ url }] = images;
  const opened = await fetch(url);
  assert.equal(opened.status, 200);
  assert.match(opened.headers.get('cache-control') ?? '', /^private/);
  const refused = async (changed: string) => (await fetch(changed)).status;
  assert.equal(await refused(url.replace('size=16', 'size=17')), 403);
  assert.equal(await refused(url.replace(/expires=\d+/, 'expires=99999999999')), 403);
  assert.equal(await refused(url.replace(/&signature=.*/, '')), 401);
  assert.equal(await refused(url.replace('.png', '.webp')), 403);
  const redirect = await fetch(url, { headers: bearer('guess') });
  assert.equal(redirect.status, 401);
});

test('signatures expire, and can be disabled', async () => {
  const clock = new FakeClock();
  const links = (flags: ServerFlags) => new SignedLinks(loadServerSettings({ auth: 'on', ...flags }, {}), clock);
  const one = links({ permalinkSeconds: 60, permalinkSecret: 'sixteen characters' });
  const link = one.signed('/v1/images/ti%20ny@01234567/abc.png?size=3');
  one.check(link);
  links({ permalinkSecret: 'sixteen characters' }).check(link);
  assert.throws(() => links({}).check(link), isCode('link_invalid'));
  clock.pass(61_000);
  assert.throws(() => one.check(link), isCode('link_expired'));
  assert.equal(links({ permalinks: 'open' }).signed('/x'), '/x');
  assert.equal(links({ auth: 'off' }).signed('/x'), '/x');
  const open = await serve({ auth: 'on', apiKeys: keys, permalinks: 'open' });
  const answer = await post(`${open.url}/v1/generate`, MADE, bearer('secret-1'));
  const [{ url }] = ((await answer.json()) as Made).images;
  assert.doesNotMatch(url, /signature/);
  assert.equal((await fetch(url)).status, 200);
  await open.close();
});
