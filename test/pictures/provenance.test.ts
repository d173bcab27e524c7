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

/** A WebP of chunks. */
function webpOf(...chunks: readonly [name: string, data: Uint8Array][]): Uint8Array {
  const parts = chunks.map(([name, data]) => {
    const head = Buffer.alloc(8);
    head.write(name, 'latin1');
    head.writeUInt32LE(data.length, 4);
    return Buffer.concat([head, data, Buffer.alloc(data.length & 1)]);
  });
  return Buffer.concat([Buffer.from('RIFF\0\0\0\0WEBP', 'latin1'), ...parts]);
}

const missing = { code: 'provenance_missing' };

test('a packet that begins again and again is not searched again and again', () => {
  for (const bytes of [100_000, 20_000_000]) {
    const packet = Buffer.from('<kandid:made>'.repeat(bytes / 13));
    const started = process.cpuUsage();
    assert.throws(() => readProvenance(webpOf(['XMP ', packet])), missing);
    // Hours, were it quadratic.
    assert.ok(process.cpuUsage(started).user < 2_000_000);
  }
});

test('chunks and segments without end are not followed', () => {
  const many = 2_000_000;
  const jpeg = Buffer.concat([Buffer.from([0xff, 0xd8]), Buffer.alloc(4 * many, Buffer.from([0xff, 0xfe, 0, 2]))]);
  const png = Buffer.concat([Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'), Buffer.alloc(12 * many)]);
  const webp = Buffer.concat([Buffer.from(webpOf()), Buffer.alloc(8 * many)]);
  for (const file of [jpeg, png, webp]) {
    const before = process.memoryUsage().heapUsed;
    assert.throws(() => readProvenance(file), missing);
    assert.ok(process.memoryUsage().heapUsed - before < 50 * 2 ** 20);
  }
});

test('what is deep, or larger than Kandid writes, is not read', async () => {
  const bytes = await encodePicture(picture(3), 'webp');
  const about = { bytes, mime: 'image/webp', width: 10, height: 8 };
  const deep = JSON.parse(`${'['.repeat(40)}${']'.repeat(40)}`);
  assert.throws(() => readProvenance(withProvenance(about, { ...made, guides: deep })), missing);
  const large = { ...made, code: 'A'.repeat(40_000) };
  for (const format of ['png', 'jpeg', 'webp'] as const) {
    const file = { ...about, bytes: await encodePicture(picture(3), format), mime: `image/${format}` };
    assert.throws(() => readProvenance(withProvenance(file, large)), missing);
  }
});

test('parameters that are too long are left out, so that the rest can be read', async () => {
  const bytes = await encodePicture(picture(3));
  const [guide] = made.guides ?? [];
  const long = {
    ...made,
    guides: Array.from({ length: 16 }, () => ({ ...guide, params: { prompt: 'x'.repeat(5000) } })),
  };
  const read = readProvenance(withProvenance({ bytes, mime: 'image/png', width: 10, height: 8 }, long as Provenance));
  assert.deepEqual(read, { ...made, guides: Array(16).fill({ name: 'text', weight: 0.5 }) });
});
