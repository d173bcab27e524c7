import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { HELD_OUT_COLUMNS, heldOutPictures } from '../../../src/lab/evaluate/held-out.ts';
import { openPictures } from '../../../src/lab/evaluate/picture-sets.ts';
import { encodePicture } from '../../../src/pictures/codec.ts';
import { mosaic } from '../../../src/pictures/mosaic.ts';
import { flat } from './known-context.ts';

const models = mkdtempSync(join(tmpdir(), 'kandid-held-out-'));
after(() => rmSync(models, { recursive: true, force: true }));

/** Shades that bytes hold exactly. */
const shade = (n: number) => flat([n / 127.5 - 1, 1 - n / 127.5, 0.2], 4);
const COUNT = HELD_OUT_COLUMNS + 3;
const folder = join(models, 'pictures', 'held-out');
mkdirSync(folder, { recursive: true });
const sheet = mosaic(
  Array.from({ length: COUNT }, (_, n) => shade(n)),
  { columns: HELD_OUT_COLUMNS },
);
// WebP by name alone: what a file is shows in its first bytes.
writeFileSync(join(folder, 'some.webp'), await encodePicture(sheet, 'png'));
writeFileSync(join(folder, 'some.jsonl'), '{}\n'.repeat(COUNT));

const format = { side: 4, channels: 3, count: 1000 } as const;

test('the pictures of a sheet in order, one per line; resized to another side', async () => {
  const pictures = (await heldOutPictures('some', ['nowhere', models], format)) ?? [];
  assert.equal(pictures.length, COUNT);
  for (const [n, { data, width, height }] of pictures.entries()) {
    assert.deepEqual([width, height], [4, 4]);
    const wanted = shade(n).data;
    assert.ok(
      data.every((value, i) => Math.abs(value - (wanted[i] as number)) < 1e-2),
      `picture ${n}`,
    );
  }
  const [small] = (await heldOutPictures('some', [models], { ...format, side: 2, count: 1 })) ?? [];
  assert.deepEqual([small?.width, small?.data.length], [2, 12]);
});

test('null if no folder has a sheet; larger pictures than available are refused', async () => {
  assert.equal(await heldOutPictures('other', [models], format), null);
  await assert.rejects(
    heldOutPictures('some', [models], { ...format, side: 8 }),
    /that come with Kandid have 4 px, the model's pictures 8 px/,
  );
  const request = { dataset: 'other', part: 'test', data: models, models: [models], ...format } as const;
  await assert.rejects(
    openPictures(request),
    /--pictures is missing, expected a folder of pictures, or --data with other-4\/test/,
  );
});

test('the shipped flowers', async () => {
  const set = await openPictures({
    dataset: 'flowers',
    part: 'test',
    count: 1000,
    side: 64,
    channels: 3,
    data: models,
    models: ['models'],
  });
  assert.equal(set.count, 200);
  const [first] = await set.read(0, 1);
  assert.deepEqual([first?.width, first?.height, first?.channels], [64, 64, 3]);
});
