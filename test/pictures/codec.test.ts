import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { crc32 } from 'node:zlib';
import sharp from 'sharp';
import { KandidError } from '../../src/errors.ts';
import type { Picture } from '../../src/guide.ts';
import { psnr } from '../../src/kit/quality.ts';
import { type DecodeOptions, decodePicture, encodePicture } from '../../src/pictures/codec.ts';
import { pictureToPixels, pixelsToPicture } from '../../src/pictures/pixels.ts';

type Color = { r: number; g: number; b: number; alpha?: number };
const flat = (width: number, height: number, background: Color) =>
  sharp({ create: { width, height, channels: background.alpha === undefined ? 3 : 4, background } });
const RED = { r: 255, g: 0, b: 0 };

/** 8-bit values of the pixel at (x, y). */
const at = (picture: Picture, x: number, y: number) => {
  const pixels = pictureToPixels(picture);
  const from = (y * picture.width + x) * picture.channels;
  return [...pixels.subarray(from, from + picture.channels)];
};
const near = (actual: number[], expected: number[], tolerance = 3) => {
  assert.equal(actual.length, expected.length);
  assert.ok(
    actual.every((value, i) => Math.abs(value - (expected[i] as number)) <= tolerance),
    `${actual} is not about ${expected}`,
  );
};
const refusal = async (bytes: Uint8Array, options?: DecodeOptions) => {
  const caught = await decodePicture(bytes, options).catch((error: unknown) => error);
  assert.ok(caught instanceof KandidError, `got ${caught}`);
  return caught;
};

const gradient = (width: number, height: number): Picture => ({
  data: Float32Array.from({ length: 3 * width * height }, (_, i) => {
    const [x, y] = [i % width, Math.floor(i / width) % height];
    return 0.9 * Math.sin(x / 9 + y / 13 + Math.floor(i / (width * height)));
  }),
  channels: 3,
  width,
  height,
});

test('PNG preserves every 8-bit value', async () => {
  const pixels = Uint8Array.from({ length: 256 * 3 }, (_, i) => (i * 7) % 256);
  const picture = pixelsToPicture(pixels, { width: 16, height: 16, channels: 3 }, 3);
  const again = await decodePicture(await encodePicture(picture, 'png'));
  assert.deepEqual(again.data, picture.data);
  assert.deepEqual([...pictureToPixels(again)], [...pixels]);
});

for (const format of ['webp', 'jpeg', 'avif'] as const)
  test(`${format} approximately preserves the picture`, async () => {
    const picture = gradient(64, 48);
    const again = await decodePicture(await encodePicture(picture, format, { quality: 90 }));
    assert.deepEqual([again.width, again.height, again.channels], [64, 48, 3]);
    assert.ok(psnr(picture, again) > 26, `${psnr(picture, again)} dB`);
  });

test('one channel: gray is kept, colour becomes luma; encoded as gray', async () => {
  const red = await decodePicture(await flat(2, 2, RED).png().toBuffer(), { channels: 1 });
  near(at(red, 0, 0), [76], 0);
  const encoded = await encodePicture(red, 'png');
  assert.equal((await sharp(encoded).metadata()).channels, 1);
  near(at(await decodePicture(encoded, { channels: 1 }), 1, 1), [76], 0);
  near(at(await decodePicture(encoded), 1, 1), [76, 76, 76], 0);
});

test('alpha: kept as the fourth channel, otherwise composed on white', async () => {
  const clear = await flat(2, 2, { ...RED, alpha: 0 })
    .png()
    .toBuffer();
  near(at(await decodePicture(clear), 0, 0), [255, 255, 255]);
  near(at(await decodePicture(clear, { channels: 1 }), 0, 0), [255]);
  assert.equal(at(await decodePicture(clear, { channels: 4 }), 0, 0)[3], 0);
  const solid = await flat(2, 2, RED).png().toBuffer();
  near(at(await decodePicture(solid, { channels: 4 }), 0, 0), [255, 0, 0, 255]);
  const gray = await flat(2, 2, { ...RED, alpha: 0.5 })
    .grayscale()
    .png()
    .toBuffer();
  assert.equal(at(await decodePicture(gray, { channels: 4 }), 0, 0)[3], 128);
});

const PROFILES = 'test/fixtures/pictures';
/** One colour, sRGB (200, 30, 30), as a PNG of a depth with a profile. */
const RED_FILES = { srgb8: 'c-red-srgb8.png', srgb16: 'c-red-srgb16.png', p3of16: 'c-red-p3-16.png' };

for (const [name, file] of Object.entries(RED_FILES))
  for (const format of ['png', 'tiff', 'webp', 'jpeg', 'avif'] as const)
    test(`sRGB for every depth, profile and file: ${name} as ${format}`, async () => {
      const bytes = readFileSync(join(PROFILES, file));
      const isDeep = (await sharp(bytes).metadata()).depth === 'ushort' && ['png', 'tiff'].includes(format);
      // The numbers and the profile are carried over as they are.
      const kept = sharp(bytes, { ignoreIcc: true }).keepIccProfile();
      const given =
        format === 'png'
          ? bytes
          : await (isDeep ? kept.toColourspace('rgb16') : kept)
              .toFormat(format, format === 'tiff' ? { compression: 'lzw' } : {})
              .toBuffer();
      const { depth, hasProfile } = await sharp(given).metadata();
      assert.deepEqual([depth, hasProfile], [isDeep ? 'ushort' : 'uchar', true]);
      for (const channels of [3, 4] as const)
        near(at(await decodePicture(given, { channels }), 1, 1).slice(0, 3), [200, 30, 30], format === 'avif' ? 6 : 3);
      const side = await decodePicture(given, { side: 2 });
      near(at(side, 1, 1), [200, 30, 30], format === 'avif' ? 6 : 3);
    });

const NOT_TAKEN: readonly [start: string, what: RegExp][] = [
  ['BM\x36\0\0\0', /BMP.*save it as PNG/],
  ['\0\0\0\x18ftypheic\0\0\0\0mif1heic', /HEIC.*JPEG/],
  ['\0\0\0\x18ftypmif1\0\0\0\0mif1heic', /HEIC.*JPEG/],
  ['<svg xmlns="http://www.w3.org/2000/svg"/>', /SVG.*PNG/],
  ['%PDF-1.7', /PDF.*PNG/],
];

for (const [start, what] of NOT_TAKEN)
  test(`reports the file type and a remedy: ${JSON.stringify(start.slice(0, 12))}`, async () => {
    const error = await refusal(Buffer.from(start.padEnd(64, '\0'), 'latin1'));
    assert.equal(error.code, 'picture_unreadable');
    assert.match(error.message, what);
  });

test('16 bits per channel', async () => {
  const gray = await flat(3, 3, { r: 100, g: 100, b: 100 }).toColourspace('grey16').png().toBuffer();
  assert.equal((await sharp(gray).metadata()).depth, 'ushort');
  near(at(await decodePicture(gray), 0, 0), [100, 100, 100]);
  const color = await flat(3, 3, { r: 200, g: 100, b: 50 }).toColourspace('rgb16').png().toBuffer();
  near(at(await decodePicture(color), 1, 1), [200, 100, 50]);
});

test('CMYK is converted to sRGB', async () => {
  const bytes = await flat(8, 8, { r: 200, g: 60, b: 60 }).toColourspace('cmyk').jpeg({ quality: 100 }).toBuffer();
  assert.equal((await sharp(bytes).metadata()).space, 'cmyk');
  const picture = await decodePicture(bytes);
  near(at(picture, 4, 4), [200, 60, 60], 40);
});

test('EXIF orientation is applied, and the original size is that of the upright picture', async () => {
  const left = flat(8, 4, { r: 0, g: 0, b: 0 }).composite([
    { input: await flat(4, 4, RED).png().toBuffer(), left: 0, top: 0 },
  ]);
  const bytes = await left.withMetadata({ orientation: 6 }).png().toBuffer();
  const picture = await decodePicture(bytes);
  assert.deepEqual([picture.width, picture.height], [4, 8]);
  assert.deepEqual(picture.original, { width: 4, height: 8 });
  near(at(picture, 1, 1), [255, 0, 0]);
  near(at(picture, 1, 6), [0, 0, 0]);
});

test('an animation yields its first frame', async () => {
  const frames = Buffer.concat([
    await flat(4, 4, RED).raw().toBuffer(),
    await flat(4, 4, { r: 0, g: 0, b: 255 }).raw().toBuffer(),
  ]);
  for (const format of ['gif', 'webp'] as const) {
    const raw = { width: 4, height: 8, channels: 3, pageHeight: 4 } as const;
    const bytes = await sharp(frames, { raw })
      .toFormat(format, { lossless: true, delay: [10, 10] })
      .toBuffer();
    assert.equal((await sharp(bytes).metadata()).pages, 2);
    const picture = await decodePicture(bytes);
    assert.deepEqual([picture.width, picture.height], [4, 4]);
    near(at(picture, 1, 1), [255, 0, 0], 6);
  }
});

test('a picture of one pixel is valid, also with a given side', async () => {
  const bytes = await flat(1, 1, RED).png().toBuffer();
  assert.equal((await decodePicture(bytes)).data.length, 3);
  const large = await decodePicture(bytes, { side: 8 });
  assert.deepEqual([large.width, large.height], [8, 8]);
  near(at(large, 7, 0), [255, 0, 0]);
  near(at(await decodePicture(bytes, { maxSide: 8 }), 0, 0), [255, 0, 0]);
});

test('side: the middle square, area-shrunk', async () => {
  const picture = gradient(60, 40);
  const square = await decodePicture(await encodePicture(picture), { side: 8 });
  assert.deepEqual([square.width, square.height, square.original], [8, 8, { width: 60, height: 40 }]);
  let sum = 0;
  for (let y = 0; y < 5; y++) for (let x = 10; x < 15; x++) sum += picture.data[y * 60 + x] as number;
  assert.ok(Math.abs((square.data[0] as number) - sum / 25) < 0.01);
});

test('side and maxSide of a large picture, shrunk in two steps', async () => {
  const bytes = await encodePicture(gradient(900, 700));
  const square = await decodePicture(bytes, { side: 16 });
  assert.equal(square.data.length, 3 * 16 * 16);
  const fitted = await decodePicture(bytes, { maxSide: 30 });
  assert.deepEqual([fitted.width, fitted.height], [30, 23]);
  const whole = await decodePicture(bytes, { maxSide: 1000 });
  assert.deepEqual([whole.width, whole.height], [900, 700]);
});

test('other files are refused, including SVG', async () => {
  const svg = '<svg xmlns="http://www.w3.org/2000/svg" width="4" height="4"/>';
  for (const text of ['', 'hello', svg, '\x89PNG\r\n\x1a\nbroken', 'GIF89a']) {
    const error = await refusal(Buffer.from(text, 'latin1'), { name: 'photo.png' });
    assert.equal(error.code, 'picture_unreadable', text);
    assert.match(error.message, /^photo\.png is not a picture/);
  }
});

test('a truncated picture is refused', async () => {
  for (const format of ['png', 'jpeg', 'webp', 'avif'] as const) {
    const bytes = await encodePicture(gradient(80, 80), format);
    const error = await refusal(bytes.subarray(0, bytes.length >> 1));
    assert.match(error.code, /^picture_(damaged|unreadable)$/, format);
  }
});

test('a picture with too many pixels is refused before it is decoded', async () => {
  const begun = performance.now();
  const error = await refusal(hugePng(50_000), { name: 'huge.png' });
  assert.equal(error.code, 'picture_too_large');
  assert.deepEqual(error.details, { name: 'huge.png', width: 50_000, height: 50_000, limit: 50_000_000 });
  assert.ok(performance.now() - begun < 1000);
  const small = await encodePicture(gradient(20, 20));
  assert.equal((await refusal(small, { limitPixels: 399 })).code, 'picture_too_large');
  assert.equal((await decodePicture(small, { limitPixels: 400 })).width, 20);
});

/** A PNG that claims side × side pixels but contains almost none. */
function hugePng(side: number): Buffer {
  const chunk = (type: string, data: Buffer) => {
    const body = Buffer.concat([Buffer.from(type), data]);
    const size = Buffer.alloc(4);
    size.writeUInt32BE(data.length);
    const sum = Buffer.alloc(4);
    sum.writeUInt32BE(crc32(body));
    return Buffer.concat([size, body, sum]);
  };
  const header = Buffer.alloc(13);
  header.writeUInt32BE(side, 0);
  header.writeUInt32BE(side, 4);
  header.set([8, 2, 0, 0, 0], 8);
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10]);
  return Buffer.concat([
    signature,
    chunk('IHDR', header),
    chunk('IDAT', Buffer.alloc(8)),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}
