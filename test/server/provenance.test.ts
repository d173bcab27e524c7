/** Pictures record the same provenance for the same request through all interfaces. */
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { KandidClient } from '../../src/client/client.ts';
import { encodePicture } from '../../src/pictures/codec.ts';
import { type Provenance, readProvenance } from '../../src/pictures/provenance.ts';
import { kandid } from '../cli/fake-io.ts';
import { post, type Serving, serve } from './serving.ts';

const folder = mkdtempSync(join(tmpdir(), 'kandid-provenance-'));
const sketch = join(folder, 'sketch.png');
const SLOW_GUIDES = 'test/fixtures/slow-guides';

let server: Serving;
let image = '';
before(async () => {
  server = await serve();
  const data = new Float32Array(3 * 64).fill(0.5);
  const bytes = await encodePicture({ data, channels: 3, width: 8, height: 8 });
  image = Buffer.from(bytes).toString('base64');
  writeFileSync(sketch, bytes);
});
after(async () => {
  await server.close();
  rmSync(folder, { recursive: true, force: true });
});

/** `hold` blocks from level 9 on, which the model lacks. */
const guides = (picture: string) => [
  { name: 'denoise', weight: 2, params: { image: picture, sigma: 0.4 } },
  { name: 'hold', weight: 1, params: { level: 9 } },
];

async function byCommand(picture: string): Promise<Provenance> {
  const out = join(folder, 'out.png');
  const words = guides(picture).flatMap(({ name, weight, params }) => [
    '--guide',
    `${name}:${weight}:${JSON.stringify(params)}`,
  ]);
  const result = await kandid(
    ['generate', '--model', 'tiny', '--seed', '5', '--guides', SLOW_GUIDES, '--out', out, ...words],
    {},
  );
  assert.equal(result.code, 0, result.err);
  return readProvenance(readFileSync(out));
}

async function byHttp(): Promise<Provenance> {
  const answer = await post(`${server.url}/v1/generate`, { model: 'tiny', seed: 5, guides: guides(image) });
  const { images } = (await answer.json()) as { images: { base64: string }[] };
  return readProvenance(Buffer.from(images[0]?.base64 ?? '', 'base64'));
}

async function byStream(): Promise<Provenance> {
  const client = new KandidClient({ url: server.url });
  for await (const message of client.generate({ model: 'tiny', seed: 5, guides: guides(image) }))
    if (message.type === 'image') return readProvenance(message.bytes);
  throw new Error('no picture came');
}

test('command line, HTTP and stream record the same provenance for the same request', async () => {
  const [command, http, stream] = [await byCommand(`@${sketch}`), await byHttp(), await byStream()];
  assert.deepEqual(command, http);
  assert.deepEqual(stream, http);
  assert.deepEqual(http.guides, [
    { name: 'denoise', weight: 2, params: { sigma: 0.4 } },
    { name: 'hold', weight: 1, params: { level: 9 } },
  ]);
});

test('decoded and encoded pictures have provenance, also at a level', async () => {
  const code = [0, 1, 2, 3];
  for (const level of [undefined, 1]) {
    const out = join(folder, `decoded-${level}.png`);
    const flags = level === undefined ? [] : ['--level', String(level)];
    const result = await kandid(['decode', JSON.stringify(code), '--model', 'tiny', '--out', out, ...flags]);
    assert.equal(result.code, 0, result.err);
    const answer = await post(`${server.url}/v1/decode`, { model: 'tiny', codes: [code], level });
    const { images } = (await answer.json()) as { images: { base64: string }[] };
    const served = readProvenance(Buffer.from(images[0]?.base64 ?? '', 'base64'));
    assert.deepEqual(readProvenance(readFileSync(out)), served);
    assert.equal(served.level, level === undefined ? undefined : level + 1);
    assert.ok(served.code);
  }
});

test('a picture given as base64 on the command line is not recorded', async () => {
  const { guides: written } = await byCommand(image);
  assert.ok(!JSON.stringify(written).includes(image.slice(0, 40)));
});

test('parameters of web services are never recorded', async () => {
  const { default: http } = await import('../../guides/http.ts');
  assert.deepEqual(
    ['url', 'data'].filter((name) => http.recorded?.includes(name)),
    [],
  );
});
