import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { deflateSync } from 'node:zlib';
import sharp from 'sharp';
import type { KandidError } from '../../src/errors.ts';
import { decodePicture, encodePicture, type PictureFormat } from '../../src/pictures/codec.ts';
import { type Provenance, provenancePacket, readProvenance } from '../../src/pictures/provenance.ts';

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

const FORMATS = ['png', 'webp', 'jpeg', 'avif'] as const satisfies PictureFormat[];
const fileOf = (format: PictureFormat, provenance: Provenance, channels: 1 | 3 | 4 = 3) =>
  encodePicture(picture(channels), format, { quality: 90, xmp: provenancePacket(provenance) });

for (const channels of [1, 3, 4] as const)
  for (const format of FORMATS)
    test(`${format} of ${channels} channels contains its provenance, with unchanged pixels`, async () => {
      const bytes = await encodePicture(picture(channels), format, { quality: 90 });
      const file = await fileOf(format, made, channels);
      assert.deepEqual(readProvenance(file), made);
      assert.deepEqual(
        (await decodePicture(file, { channels: 4 })).data,
        (await decodePicture(bytes, { channels: 4 })).data,
      );
      const { xmp, exif, icc } = await sharp(file).metadata();
      assert.equal(xmp?.toString(), provenancePacket(made));
      assert.deepEqual([exif, icc], [undefined, undefined]);
    });

for (const format of ['png', 'webp', 'jpeg'] as const)
  test(`a ${format} file written before sharp wrote the packet is read`, () => {
    assert.deepEqual(readProvenance(readFileSync(`test/fixtures/provenance/earlier.${format}`)), made);
  });

test('a packet that decompresses to more than Kandid writes is not decompressed', () => {
  const text = Buffer.concat([Buffer.from(provenancePacket(made)), Buffer.alloc(20_000_000)]);
  for (const start of ['iTXtXML:com.adobe.xmp\0\x01\0\0\0', 'zTXtXML:com.adobe.xmp\0\0']) {
    assert.deepEqual(readProvenance(pngOf(start, deflateSync(provenancePacket(made)))), made);
    assert.throws(() => readProvenance(pngOf(start, deflateSync(text))), missing);
    assert.throws(() => readProvenance(pngOf(start, Buffer.from('no deflate'))), missing);
  }
});

/** A PNG with a chunk that begins with these bytes. */
function pngOf(start: string, text: Buffer): Buffer {
  const chunk = Buffer.concat([Buffer.from(start, 'latin1'), text]);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(chunk.length - 4);
  return Buffer.concat([Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'), length, chunk, Buffer.alloc(4)]);
}

test('files without provenance are recognised, in any format', async () => {
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

test('a packet that restarts many times is not searched quadratically', () => {
  for (const bytes of [100_000, 20_000_000]) {
    const packet = Buffer.from('<kandid:made>'.repeat(bytes / 13));
    const started = process.cpuUsage();
    assert.throws(() => readProvenance(webpOf(['XMP ', packet])), missing);
    // A quadratic search would take hours.
    assert.ok(process.cpuUsage(started).user < 2_000_000);
  }
});

test('endless chunks and segments are not followed', () => {
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

test('deep JSON, or more than Kandid writes, is not read', async () => {
  const deep = await fileOf('webp', { ...made, guides: JSON.parse(`${'['.repeat(40)}${']'.repeat(40)}`) });
  assert.throws(() => readProvenance(deep), missing);
  for (const format of FORMATS) {
    const large = await fileOf(format, { ...made, code: 'A'.repeat(40_000) });
    assert.throws(() => readProvenance(large), missing);
  }
});

test('long parameters are omitted, so that the rest can be read', async () => {
  const [guide] = made.guides ?? [];
  const long = {
    ...made,
    guides: Array.from({ length: 16 }, () => ({ ...guide, params: { prompt: 'x'.repeat(5000) } })),
  };
  const read = readProvenance(await fileOf('png', long as Provenance));
  assert.deepEqual(read, { ...made, guides: Array(16).fill({ name: 'text', weight: 0.5 }) });
});
