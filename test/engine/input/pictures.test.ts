import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fitPicture } from '../../../src/engine/input/pictures.ts';
import type { Picture } from '../../../src/guide.ts';
import { encodePicture } from '../../../src/pictures/codec.ts';

const picture = (channels: number, side: number, of: (i: number) => number): Picture => ({
  data: new Float32Array(channels * side * side).map((_, i) => of(i)),
  channels,
  width: side,
  height: side,
});
const wanted = { channels: 3 as const, side: 4, name: 'The picture' };

test('arrays and files are converted to channels and size', async () => {
  const gray = picture(1, 8, () => 0.5);
  const fitted = await fitPicture(gray, wanted);
  assert.deepEqual([fitted.channels, fitted.width, fitted.data.length], [3, 4, 48]);
  assert.ok(fitted.data.every((value) => Math.abs(value - 0.5) < 1e-6));
  const red = await encodePicture(picture(3, 6, (i) => (i < 36 ? 1 : -1)));
  const luma = await fitPicture(red, { ...wanted, channels: 1 });
  assert.ok(luma.data.every((value) => Math.abs(value - (2 * 0.299 - 1)) < 0.01));
  const same = await fitPicture(
    picture(3, 6, (i) => (i < 36 ? 1 : -1)),
    { ...wanted, channels: 1 },
  );
  assert.ok(same.data.every((value, i) => Math.abs(value - (luma.data[i] as number)) < 0.01));
});

test('invalid pictures are refused', async () => {
  const bad = [
    { ...picture(3, 4, () => 0), width: 2 },
    { ...picture(3, 4, () => 0), channels: 2 },
    picture(3, 4, () => Number.NaN),
    { ...picture(3, 4, () => 0), data: new Float32Array(3) },
  ];
  for (const given of bad) await assert.rejects(fitPicture(given, wanted), { code: 'picture_invalid' });
  await assert.rejects(fitPicture(new Uint8Array(9), wanted), { code: 'picture_unreadable' });
});
