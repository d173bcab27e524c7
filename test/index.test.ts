import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import * as library from '../src/index.ts';
import { encodePicture, Kandid, type Picture } from '../src/index.ts';
import { collect } from './engine/tiny.ts';

const kandid = await Kandid.open({ defaultModel: 'tiny', device: 'cpu', threads: 1 });
after(() => kandid.close());

test('exports of the library', () => {
  assert.deepEqual(Object.keys(library).sort(), [
    'Kandid',
    'KandidError',
    'decodePicture',
    'encodePicture',
    'psnr',
    'ssim',
  ]);
});

test('five lines create a picture file', async () => {
  const [picture] = await kandid.pictures({ seed: 1 });
  assert.ok(picture);
  const file = await encodePicture(picture.image, 'png');
  assert.equal(Buffer.from(file).subarray(1, 4).toString(), 'PNG');
});

test('lists models and guides', () => {
  const tiny = kandid.models().find(({ name }) => name === 'tiny');
  assert.deepEqual([tiny?.side, tiny?.channels, tiny?.bits, tiny?.levels.length], [8, 3, 8, 4]);
  assert.match(tiny?.hash ?? '', /^[0-9a-f]{64}$/);
  assert.ok(kandid.guides().some(({ name }) => name === 'text'));
  assert.deepEqual(kandid.device, { kind: 'cpu', cuda: null, name: 'cpu', fallback: null });
});

test('generates, encodes, decodes, varies and crosses', async () => {
  const [first, second] = await kandid.pictures({ count: 2, seed: 5 });
  assert.ok(first && second);
  const [again] = await kandid.decode('tiny', [first.codeString]);
  assert.ok(again?.data.every((value, i) => Math.abs(value - (first.image.data[i] as number)) < 1e-4));
  assert.equal(await kandid.codeString(first.code), first.codeString);

  const found = await kandid.encode(first.image, { beams: 64 });
  assert.deepEqual(found.code, first.code);
  assert.ok(found.psnr > 60);

  const events = await collect(kandid.vary(first.codeString, 3, { count: 4, seed: 2 }));
  const done = events.at(-1);
  assert.ok(done?.type === 'done');
  assert.ok(done.results.every(({ code }) => String(code.slice(0, 3)) === String(first.code.slice(0, 3))));
  assert.equal(new Set(done.results.map(({ codeString }) => codeString)).size, 4);

  const crossed = await kandid.cross(first.code, second.codeString, { at: 2 });
  assert.deepEqual(crossed, [...first.code.slice(0, 2), ...second.code.slice(2)]);
});

test('every guide with a picture works on the tiny model with a file', async () => {
  const data = new Float32Array(192).map((_, i) => Math.sin(i / 7));
  const image = await encodePicture({ data, channels: 3, width: 8, height: 8 }, 'png');
  for (const name of [
    'target',
    'inpaint',
    'super_resolution',
    'colorize',
    'denoise',
    'low_bit',
    'edges',
    'style',
    'color',
  ]) {
    const more = name === 'inpaint' ? { mask: image } : {};
    const [result] = await kandid.pictures({ guides: [{ name, params: { image, ...more } }], seed: 1 });
    assert.equal(result?.code.length, 4, name);
  }
});

test('the target guide comes as close as encoding', async () => {
  const data = new Float32Array(192).map((_, i) => Math.sin(i / 7));
  const picture: Picture = { data, channels: 3, width: 8, height: 8 };
  const image = await encodePicture(picture, 'png');
  const [result] = await kandid.pictures({ guides: [{ name: 'target', params: { image } }] });
  assert.deepEqual(result?.code, (await kandid.encode(picture)).code);
});

test('cancellation before preparation, and in pictures()', async () => {
  const signal = AbortSignal.abort();
  const events = await collect(kandid.generate({}, { signal }));
  assert.deepEqual(
    events.map(({ type }) => type),
    ['cancelled'],
  );
  await assert.rejects(kandid.pictures({}, { signal }), { code: 'cancelled' });
});

test('invalid arguments are refused', async () => {
  await assert.rejects(collect(kandid.vary([0, 0, 0, 0], 5)), { code: 'option_invalid', message: /0 … 4/ });
  await assert.rejects(kandid.cross('AA', 'BBBB', { at: 1 }), { code: 'code_invalid' });
  await assert.rejects(kandid.decode('tiny', ['?']), { code: 'code_invalid' });
  await assert.rejects(kandid.encode(Buffer.from('text')), { code: 'picture_unreadable' });
});
