import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import { createApp } from '../../../src/server/app.ts';
import { Access } from '../../../src/server/http/access.ts';
import { pageRoutes } from '../../../src/server/routes/page.ts';
import { createServices } from '../../../src/server/services.ts';
import { loadServerSettings } from '../../../src/server/settings.ts';

const INDEX = '<!doctype html><title>A page</title>';
const SCRIPT = `${'let counted = 0;'.repeat(50)}`;
const folder = mkdtempSync(join(tmpdir(), 'kandid-page-'));
const servers: Server[] = [];
let url: string;

async function serving(from: string): Promise<string> {
  const settings = loadServerSettings({ logLevel: 'silent' }, {});
  const services = createServices(settings, []);
  const app = createApp(services, new Access(settings, services.clock), pageRoutes(from));
  const server = createServer(app);
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

before(async () => {
  mkdirSync(join(folder, 'assets'));
  mkdirSync(join(folder, '.vite'));
  writeFileSync(join(folder, 'index.html'), INDEX);
  writeFileSync(join(folder, 'assets/index-1a2b.js'), SCRIPT);
  writeFileSync(join(folder, 'assets/index-1a2b.js.br'), brotliCompressSync(SCRIPT));
  writeFileSync(join(folder, 'assets/index-1a2b.js.gz'), gzipSync(SCRIPT));
  writeFileSync(join(folder, '.vite/manifest.json'), '{}');
  url = await serving(folder);
});
after(() => {
  for (const server of servers) server.close();
  rmSync(folder, { recursive: true, force: true });
});

test('the content security policy of the page allows no inline and no external sources', async () => {
  const answer = await fetch(url);
  assert.equal(await answer.text(), INDEX);
  assert.equal(answer.headers.get('content-type'), 'text/html; charset=utf-8');
  assert.equal(answer.headers.get('cache-control'), 'no-cache');
  const policy = answer.headers.get('content-security-policy') ?? '';
  assert.match(policy, /default-src 'none'; script-src 'self'; style-src 'self'/);
  assert.doesNotMatch(policy, /unsafe|https?:|\*/);
});

test('files with a hash in their name are immutable, all have an ETag', async () => {
  const answer = await fetch(`${url}/assets/index-1a2b.js`);
  assert.match(answer.headers.get('cache-control') ?? '', /immutable/);
  const tag = (await fetch(url)).headers.get('etag') ?? '';
  const again = await fetch(url, { headers: { 'if-none-match': tag } });
  assert.deepEqual([again.status, await again.text()], [304, '']);
});

test('compressed files are sent to clients that accept them', async () => {
  for (const [accepted, encoding] of [
    ['gzip, br', 'br'],
    ['gzip', 'gzip'],
    ['identity', null],
  ] as const) {
    const { headers, length } = await raw('/assets/index-1a2b.js', accepted);
    assert.equal(headers['content-encoding'] ?? null, encoding);
    assert.equal(length < SCRIPT.length, encoding !== null);
    assert.equal(headers.vary, 'Accept-Encoding');
  }
});

test('only files of the page are served', async () => {
  for (const path of ['/.vite/manifest.json', '/assets/nothing.js', '/assets/..%2findex.html', '/package.json'])
    assert.equal((await fetch(url + path)).status, 404, path);
  assert.equal((await fetch(url, { method: 'POST' })).status, 405);
  assert.equal((await fetch(url, { method: 'HEAD' })).status, 200);
});

test('a page that was not built is reported with a remedy', async () => {
  const answer = await fetch(await serving(join(folder, 'nowhere')));
  assert.equal(answer.status, 503);
  assert.match(await answer.text(), /was not built.*npm run build.*\/docs/s);
});

/** The response as sent; fetch would decompress it. */
function raw(path: string, accepted: string) {
  return new Promise<{ headers: Record<string, unknown>; length: number }>((resolve, reject) => {
    const asking = request(url + path, { headers: { 'accept-encoding': accepted } }, (answer) => {
      let length = 0;
      answer.on('data', (chunk: Buffer) => {
        length += chunk.length;
      });
      answer.on('end', () => resolve({ headers: answer.headers, length }));
    });
    asking.on('error', reject).end();
  });
}
