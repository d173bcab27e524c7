import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { DIGITS_SIDE, readDigits, readFashion } from '../../../src/lab/datasets/digits.ts';
import { writeWholeSet } from '../../../src/lab/datasets/files.ts';

let folder: string;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'kandid-digits-'));
});

after(() => rm(folder, { recursive: true }));

test('digits: about ten thousand, one in ten held out, disjoint parts with all classes', async () => {
  const [train, held] = [await readDigits('train'), await readDigits('test')];
  assert.equal(train.length + held.length, 10_000);
  assert.ok(Math.abs(held.length - 1000) < 20, `${held.length}`);
  const sources = new Set([...train, ...held].map(({ source }) => source));
  assert.equal(sources.size, 10_000);
  for (const part of [train, held]) assert.equal(new Set(part.map(({ label }) => label)).size, 10);
});

test('digits: shuffled deterministically, padded with black', async () => {
  const [first, again] = [await readDigits('test'), await readDigits('test')];
  assert.deepEqual(first, again);
  assert.ok(new Set(first.slice(0, 20).map(({ label }) => label)).size > 5);
  for (const { pixels } of first.slice(0, 50)) {
    assert.equal(pixels.length, DIGITS_SIDE * DIGITS_SIDE);
    assert.ok(Math.max(...pixels) > 200);
    assert.ok(pixels.subarray(0, 2 * DIGITS_SIDE).every((value) => value === 0));
    assert.ok(pixels.every((value, at) => value === 0 || (at % DIGITS_SIDE >= 2 && at % DIGITS_SIDE < 30)));
  }
});

/** The bytes of a gzipped IDX file. */
function idx(shape: readonly number[], bytes: Uint8Array): Buffer {
  const header = Buffer.alloc(4 + 4 * shape.length);
  header.writeUInt32BE(0x800 + shape.length, 0);
  for (const [axis, length] of shape.entries()) header.writeUInt32BE(length, 4 + 4 * axis);
  return gzipSync(Buffer.concat([header, bytes]));
}

test('fashion: read from IDX files, with class names', async () => {
  const images = Uint8Array.from({ length: 2 * 784 }, (_, at) => at % 251);
  await writeFile(join(folder, 't10k-images-idx3-ubyte.gz'), idx([2, 28, 28], images));
  await writeFile(join(folder, 't10k-labels-idx1-ubyte.gz'), idx([2], Uint8Array.of(9, 1)));
  const pictures = await readFashion('test', folder);
  assert.deepEqual(
    pictures.map(({ label }) => label),
    ['ankle boot', 'trousers'],
  );
  assert.equal(pictures[1]?.pixels[2 * DIGITS_SIDE + 3], images[785]);
});

test('fashion: a missing or damaged file is reported with a remedy', async () => {
  const isNamed = { code: 'file_unreadable', message: /train-images.*dataset-fashion-mnist.*--from/ };
  await assert.rejects(readFashion('train', folder), isNamed);
  await writeFile(join(folder, 'train-images-idx3-ubyte.gz'), gzipSync(Buffer.alloc(40)));
  await assert.rejects(readFashion('train', folder), isNamed);
});

test('a small set is written completely and reproducibly, and its array is readable', async () => {
  const set = {
    shape: [2, 2, 1] as const,
    pictures: [Uint8Array.of(1, 2, 3, 4), Uint8Array.of(5, 6, 7, 8)],
    labels: [{ labels: { class: 'a' } }, { labels: { class: 'b' } }],
    description: { dataset: 'digits' },
  };
  const out = join(folder, 'set');
  await writeWholeSet(out, set);
  const first = await readFile(join(out, 'pictures.npy'));
  await writeWholeSet(out, set);
  assert.deepEqual(await readFile(join(out, 'pictures.npy')), first);
  assert.match(first.toString('latin1'), /'shape': \(2, 2, 2, 1,\)/);
  assert.deepEqual([...first.subarray(-8)], [1, 2, 3, 4, 5, 6, 7, 8]);
  assert.equal((await readFile(join(out, 'labels.jsonl'), 'utf8')).split('\n').length, 3);
});
