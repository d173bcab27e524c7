import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { openSpool } from '../../../src/server/bodies/spool.ts';
import { bytesIn, storeWork } from '../../../src/server/bodies/stored-work.ts';
import type { Work } from '../../../src/worker/messages.ts';

const folder = mkdtempSync(join(tmpdir(), 'kandid-'));
after(() => rmSync(folder, { recursive: true }));

type Generate = Extract<Work, { kind: 'generate' }>;
const picture = (length: number, value: number) => new Uint8Array(length).fill(value);
const work = (...pictures: Uint8Array[]): Generate => ({
  kind: 'generate',
  request: { guides: pictures.map((image) => ({ name: 'target', weight: 1, params: { image } })), count: 2 },
  output: { format: 'png' },
});

test('large pictures wait on disk, which frees their memory, and are restored unchanged', async () => {
  const [large, small] = [picture(100_000, 7), picture(10, 3)];
  const given = work(large, small, large);
  const expected = structuredClone(given);
  const stored = await storeWork(given, folder);
  assert.ok(stored);
  assert.deepEqual([large.byteLength, small.byteLength], [0, 10]);
  assert.equal(bytesIn(stored.outline), 10);
  assert.deepEqual(await stored.load(stored.outline), expected);
  const outline = stored.outline as Generate;
  const guides = outline.request.guides?.map((guide) => ({ ...guide, weight: 5 }));
  const loaded = (await stored.load({ ...outline, request: { ...outline.request, guides } })) as Generate;
  assert.deepEqual(
    loaded.request.guides?.map(({ weight, params = {} }) => [weight, (params.image as Uint8Array).length]),
    [
      [5, 100_000],
      [5, 10],
      [5, 100_000],
    ],
  );
  await stored.close();
  await stored.close();
  await assert.rejects(stored.load(stored.outline), { code: 'spool_failed', status: 503 });
});

test('small work stays in memory', async () => {
  assert.equal(await storeWork(work(picture(1000, 1)), folder), null);
});

test('files have no name, so that nothing remains after the process ends', async () => {
  const file = await openSpool(folder);
  await file.append(picture(1000, 9));
  assert.deepEqual(readdirSync(folder), []);
  assert.deepEqual(await file.read(998, 2), picture(2, 9));
  await assert.rejects(file.read(999, 2), { code: 'spool_failed' });
  await file.close();
});

test('a missing folder is reported', async () => {
  await assert.rejects(openSpool(join(folder, 'nothing')), { code: 'spool_failed' });
});

test('bytes of pictures and long texts are counted', () => {
  assert.equal(bytesIn(work(picture(100, 1), picture(5, 2))), 105);
  assert.equal(bytesIn({ a: 'short', b: 'x'.repeat(5000) }), 5000);
});
