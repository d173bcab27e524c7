import assert from 'node:assert/strict';
import { test } from 'node:test';
import sharp from 'sharp';
import type { KandidError } from '../../src/errors.ts';
import { decodePicture, encodePicture, type PictureFormat } from '../../src/pictures/codec.ts';
import { type Provenance, readProvenance, withProvenance } from '../../src/pictures/provenance.ts';

const made: Provenance = {
  kandid: '0.1.0',
  model: 'tiny',
  hash: 'ab'.repeat(32),
  code: 'AbC_-',
  seed: 7,
  guides: [{ name: 'text', weight: 0.5, params: { prompt: 'a <b> & "ü" 🙂 ]]> </kandid:made' } }],
};
const picture = (channels: 1 | 3 | 4) => ({
  data: Float32Array.from({ length: channels * 80 }, (_, i) => Math.sin(i)),
  channels,
  width: 10,
  height: 8,
});

for (const channels of [1, 3, 4] as const)
  for (const format of ['png', 'webp', 'jpeg'] as const satisfies PictureFormat[])
    test(`${format} of ${channels} channels carries its provenance, its pixels unchanged`, async () => {
      const bytes = await encodePicture(picture(channels), format, { quality: 90 });
      const file = withProvenance({ bytes, mime: `image/${format}`, width: 10, height: 8 }, made);
      assert.deepEqual(readProvenance(file), made);
      assert.deepEqual(
        (await decodePicture(file, { channels: 4 })).data,
        (await decodePicture(bytes, { channels: 4 })).data,
      );
      const { xmp } = await sharp(file).metadata();
      assert.equal(xmp !== undefined, format !== 'png');
    });

test('lossless WebP keeps its alpha', async () => {
  const bytes = await sharp({ create: { width: 10, height: 8, channels: 4, background: '#12345680' } })
    .webp({ lossless: true })
    .toBuffer();
  const file = withProvenance({ bytes, mime: 'image/webp', width: 10, height: 8 }, made);
  assert.deepEqual(await sharp(file).raw().toBuffer(), await sharp(bytes).raw().toBuffer());
});

test('AVIF stays as it is', () => {
  const bytes = new Uint8Array([1, 2, 3]);
  assert.equal(withProvenance({ bytes, mime: 'image/avif', width: 1, height: 1 }, made), bytes);
});

test('files without are told so, whatever they are', async () => {
  const png = await encodePicture(picture(3));
  const jpeg = await encodePicture(picture(3), 'jpeg');
  const webp = await encodePicture(picture(3), 'webp');
  const odd = [new Uint8Array(), new Uint8Array(3), png.subarray(0, 30), jpeg.subarray(0, 5), webp.subarray(0, 14)];
  for (const bytes of [png, jpeg, webp, ...odd])
    assert.throws(
      () => readProvenance(bytes, 'x.png'),
      (error: KandidError) => error.code === 'provenance_missing',
    );
});
