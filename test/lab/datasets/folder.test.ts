import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readdir, readFile, rm, unlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import sharp from 'sharp';
import { filesBelow, heldOutCount, readFolderPicture } from '../../../src/lab/datasets/folder.ts';
import { writeFolder } from '../../../src/lab/datasets/folder-files.ts';

const format = { side: 8, channels: 3 } as const;
let root: string;
let from: string;

const picture = (color: string, width = 12, height = 12) =>
  sharp({ create: { width, height, channels: 4, background: color } })
    .png()
    .toBuffer();

before(async () => {
  root = await mkdtemp(join(tmpdir(), 'kandid-folder-'));
  from = join(root, 'cats');
  await mkdir(join(from, 'more'), { recursive: true });
  await mkdir(join(from, '.hidden'));
  for (let n = 0; n < 80; n++)
    await writeFile(join(from, n % 2 ? 'more' : '', `${n}.png`), await picture(`rgb(${n}, ${2 * n}, 9)`));
  await writeFile(join(from, 'notes.txt'), 'no picture');
  await writeFile(join(from, 'cut.png'), (await picture('red', 300, 300)).subarray(0, 100));
  await writeFile(join(from, '.hidden', 'x.png'), 'hidden');
});

after(() => rm(root, { recursive: true }));

const read = (name: string, part: string, file: string) => readFile(join(root, name, part, file));
const sources = async (name: string, part: string) =>
  (await read(name, part, 'labels.jsonl'))
    .toString()
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line).source as string);

test('readable pictures are split, the others listed and counted', async () => {
  const report = await writeFolder(from, join(root, 'a'), format);
  assert.deepEqual({ train: report.train, test: report.test }, { train: 72, test: 8 });
  assert.deepEqual(report.skipped.map(({ file }) => file).sort(), ['cut.png', 'notes.txt']);
  assert.match(report.skipped.find(({ file }) => file === 'notes.txt')?.reason ?? '', /notes\.txt is not a picture/);
  const [train, held] = [await sources('a', 'train'), await sources('a', 'test')];
  assert.equal(new Set([...train, ...held]).size, 80);
  assert.ok(train.some((source) => source.startsWith('more/')));
  const array = await read('a', 'train', 'pictures.npy');
  assert.equal(array.length, 128 + 72 * 8 * 8 * 3);
  const number = Number(/(\d+)\.png/.exec(train[5] ?? '')?.[1]);
  assert.deepEqual([...array.subarray(128 + 5 * 192, 128 + 5 * 192 + 3)], [number, 2 * number, 9]);
  assert.deepEqual((await readdir(join(root, 'a'))).sort(), ['prepared.json', 'test', 'train']);
});

test('an interrupted run resumes with the same result', async () => {
  const to = join(root, 'b');
  const stop = (done: number) => {
    if (done >= 32) throw new Error('stopped');
  };
  await assert.rejects(writeFolder(from, to, format, stop), { code: 'file_unwritable', message: /stopped/ });
  await writeFile(join(to, 'seen.jsonl.tmp'), '{"file":"cut sho', { flag: 'a' });
  const seen: number[] = [];
  const report = await writeFolder(from, to, format, (done) => seen.push(done));
  assert.equal(seen[0], 48);
  assert.equal(report.skipped.length, 2);
  for (const part of ['train', 'test'])
    for (const file of ['pictures.npy', 'labels.jsonl', 'dataset.json'])
      assert.deepEqual(await read('b', part, file), await read('a', part, file), `${part}/${file}`);
});

test('a second run does nothing; a changed folder is prepared again', async () => {
  const none = () => assert.fail('nothing is left to do');
  const report = await writeFolder(from, join(root, 'a'), format, none);
  assert.equal(report.train, 72);
  await unlink(join(from, 'cut.png'));
  assert.equal((await writeFolder(from, join(root, 'a'), format)).skipped.length, 1);
});

test('too few pictures are an error with their number', async () => {
  const few = join(root, 'few');
  await mkdir(few);
  await writeFile(join(few, 'one.png'), await picture('red'));
  const expected = { code: 'option_invalid', message: /holds 1 readable picture,.*at least 64/ };
  await assert.rejects(writeFolder(few, join(root, 'c'), format), expected);
  for (let n = 0; n < 70; n++) await writeFile(join(few, `${n}.txt`), 'x');
  const unusable = { code: 'option_invalid', message: /holds 1 readable picture and 70 files.*\.txt/ };
  await assert.rejects(writeFolder(few, join(root, 'c'), format), unusable);
  await assert.rejects(writeFolder(join(root, 'nowhere'), join(root, 'c'), format), { code: 'file_unreadable' });
});

test('pictures are cropped to the middle square, composed on white, and gray if requested', async () => {
  const middle = await picture('blue', 10, 10);
  const wide = await sharp({ create: { width: 40, height: 10, channels: 3, background: 'red' } })
    .composite([{ input: middle, left: 15, top: 0 }])
    .png()
    .toBuffer();
  await writeFile(join(root, 'wide.png'), wide);
  await writeFile(join(root, 'clear.png'), await picture('#00000000'));
  const pixels = await readFolderPicture(join(root, 'wide.png'), format);
  assert.deepEqual([...pixels.subarray(0, 3)], [0, 0, 255]);
  const white = await readFolderPicture(join(root, 'clear.png'), { side: 8, channels: 1 });
  assert.deepEqual([...white], Array(64).fill(255));
});

test('the order depends on names, and an added file moves no other', async () => {
  const before = await filesBelow(from);
  await writeFile(join(from, 'new.png'), await picture('red'));
  const added = await filesBelow(from);
  assert.deepEqual(
    added.filter((file) => file !== 'new.png'),
    before,
  );
  assert.deepEqual([64, 1000, 1e6].map(heldOutCount), [8, 50, 1000]);
});
