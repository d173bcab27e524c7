import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import sharp from 'sharp';
import { withUnpacked } from '../../../src/lab/datasets/archive.ts';
import { flowerPhotos, isHeldOut } from '../../../src/lab/datasets/flowers.ts';
import { cropWindows, photographCrops } from '../../../src/lab/datasets/photograph.ts';

let root: string;

const jpeg = (n: number) =>
  sharp({ create: { width: 30, height: 20, channels: 3, background: { r: (37 * n) % 256, g: 5 * n, b: 60 } } })
    .jpeg({ quality: 100 })
    .toBuffer();

before(async () => {
  root = await mkdtemp(join(tmpdir(), 'kandid-flowers-'));
  await mkdir(join(root, 'flower_photos', 'daisy'), { recursive: true });
  await mkdir(join(root, 'flower_photos', 'roses'));
  for (let n = 0; n < 40; n++)
    await writeFile(join(root, 'flower_photos', n % 2 ? 'roses' : 'daisy', `${100 + n}_ab${n}_n.jpg`), await jpeg(n));
  await writeFile(join(root, 'flower_photos', 'daisy', '999_copy.jpg'), await jpeg(0));
  await writeFile(join(root, 'flower_photos', 'roses', '100_other.jpg'), await jpeg(41));
  await writeFile(join(root, 'flower_photos', 'LICENSE.txt'), 'CC BY');
});

after(() => rm(root, { recursive: true }));

test('photographs are found once, as published or with the class in the name', async () => {
  const photos = await flowerPhotos(root);
  assert.equal(photos.length, 40, 'neither the same bytes nor the same number twice');
  assert.deepEqual([...new Set(photos.map(({ flower }) => flower))].sort(), ['daisy', 'roses']);
  const flat = join(root, 'flat');
  await mkdir(flat);
  for (const { file, flower, photo } of photos)
    await writeFile(join(flat, `${flower}-${photo}.jpg`), await readFile(join(root, file)));
  const names = (list: readonly { photo: string }[]) => list.map(({ photo }) => photo);
  assert.deepEqual(names(await flowerPhotos(flat)), names(photos), 'in the same order');
});

test('the split depends on the id of the photograph only', async () => {
  const photos = await flowerPhotos(root);
  const held = photos.filter(isHeldOut);
  assert.ok(held.length > 0 && held.length < photos.length / 2);
  const share = Array.from({ length: 2000 }, (_, n) => isHeldOut({ file: '', flower: 'daisy', photo: `${n}` }));
  const tenth = share.filter(Boolean).length / share.length;
  assert.ok(Math.abs(tenth - 0.1) < 0.03, `${tenth} of the photographs`);
});

test('squares lie inside the photograph, depend on the seed, and vary in size', () => {
  const windows = cropWindows({ width: 181, height: 136 }, 'a', 50);
  assert.deepEqual(windows, cropWindows({ width: 181, height: 136 }, 'a', 50));
  assert.notDeepEqual(windows, cropWindows({ width: 181, height: 136 }, 'b', 50));
  for (const { left, top, side } of windows) {
    assert.ok(left >= 0 && top >= 0 && left + side <= 181 && top + side <= 136);
    assert.ok(side >= 95 && side <= 136);
  }
  assert.ok(new Set(windows.map(({ side }) => side)).size > 20);
  assert.deepEqual(cropWindows({ width: 181, height: 136 }, 'a', 0), [{ left: 22, top: 0, side: 136 }]);
});

test('a square has the pixels of its position', async () => {
  const file = join(root, 'half.png');
  const left = await sharp({ create: { width: 20, height: 20, channels: 3, background: '#ff0000' } })
    .png()
    .toBuffer();
  await sharp({ create: { width: 40, height: 20, channels: 3, background: '#0000ff' } })
    .composite([{ input: left, left: 0, top: 0 }])
    .png()
    .toFile(file);
  const [middle] = await photographCrops(file, 'seed', { side: 2, crops: 0 });
  assert.deepEqual([...(middle ?? [])], [255, 0, 0, 0, 0, 255, 255, 0, 0, 0, 0, 255]);
});

test('an archive is unpacked temporarily; other files are refused with a remedy', async () => {
  const archive = join(root, 'flowers.tgz');
  execFileSync('tar', ['-czf', archive, '-C', root, 'flower_photos']);
  const [folder, count] = await withUnpacked(archive, async (at) => [at, (await flowerPhotos(at)).length] as const);
  assert.equal(count, 40);
  assert.equal(existsSync(folder), false);
  await writeFile(join(root, 'no.tgz'), 'no archive');
  const work = () => assert.fail('nothing was unpacked');
  await assert.rejects(withUnpacked(join(root, 'no.tgz'), work), {
    code: 'file_unreadable',
    message: /name the folder/,
  });
  await assert.rejects(withUnpacked(join(root, 'nowhere'), work), { code: 'file_unreadable' });
});

test('the error for a folder without flowers states the expected names', async () => {
  const empty = join(root, 'empty');
  await mkdir(empty);
  await assert.rejects(flowerPhotos(empty), { code: 'option_invalid', message: /FLOWER\/NUMBER/ });
});
