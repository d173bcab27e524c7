import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import sharp from 'sharp';
import { readCifar10 } from '../../../src/lab/datasets/cifar10.ts';

const PLANE = 32 * 32;
let root: string;

before(async () => {
  root = await mkdtemp(join(tmpdir(), 'kandid-cifar-'));
});
after(() => rm(root, { recursive: true }));

/** A record of the binary version: class, red plane, green plane, blue plane. */
const record = (label: number, [red, green, blue]: readonly [number, number, number]) =>
  Buffer.concat([Buffer.of(label), Buffer.alloc(PLANE, red), Buffer.alloc(PLANE, green), Buffer.alloc(PLANE, blue)]);

test('the binary version: class names, interleaved colours, separate parts', async () => {
  const folder = join(root, 'binary');
  await mkdir(join(folder, 'cifar-10-batches-bin'), { recursive: true });
  const file = (name: string) => join(folder, 'cifar-10-batches-bin', name);
  await writeFile(file('data_batch_1.bin'), Buffer.concat([record(3, [1, 2, 3]), record(9, [4, 5, 6])]));
  await writeFile(file('data_batch_2.bin'), record(0, [7, 8, 9]));
  await writeFile(file('test_batch.bin'), record(8, [10, 11, 12]));
  const train = await readCifar10(folder, 'train');
  assert.deepEqual(
    train.map(({ label }) => label),
    ['cat', 'truck', 'airplane'],
  );
  const pixels = await train[1]?.read();
  assert.deepEqual([...(pixels?.subarray(0, 6) ?? [])], [4, 5, 6, 4, 5, 6]);
  assert.equal(pixels?.length, 3 * PLANE);
  assert.deepEqual(
    (await readCifar10(folder, 'test')).map(({ label }) => label),
    ['ship'],
  );
});

test('picture files in folders by part and class', async () => {
  const folder = join(root, 'files');
  await mkdir(join(folder, 'test', 'frog'), { recursive: true });
  await sharp({ create: { width: 32, height: 32, channels: 3, background: '#0a141e' } })
    .png()
    .toFile(join(folder, 'test', 'frog', '0001.png'));
  const [frog] = await readCifar10(folder, 'test');
  assert.deepEqual([frog?.label, frog?.source], ['frog', 'test/frog/0001.png']);
  const pixels = await frog?.read();
  assert.deepEqual([...(pixels?.subarray(0, 3) ?? [])], [10, 20, 30]);
});

test('a truncated batch and an unrelated folder are refused', async () => {
  const folder = join(root, 'cut');
  await mkdir(folder);
  await writeFile(join(folder, 'data_batch_1.bin'), Buffer.alloc(100));
  await assert.rejects(readCifar10(folder, 'train'), {
    code: 'file_unreadable',
    message: /100 bytes, expected a multiple of 3073/,
  });
  await assert.rejects(readCifar10(folder, 'test'), {
    code: 'option_invalid',
    message: /expected data_batch_1\.bin and so on/,
  });
});
