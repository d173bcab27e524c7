import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pack, unpack } from '../../../src/server/cluster/packed.ts';

test('data survive packing, including bytes, floats and numbers outside JSON', () => {
  const value = {
    text: 'ä"\n',
    bytes: Uint8Array.of(0, 255, 10),
    empty: new Uint8Array(0),
    floats: Float32Array.of(0.5, -1, Number.NaN),
    psnr: Number.POSITIVE_INFINITY,
    scores: [null, Number.NaN, -0.25],
    inner: [{ picture: Buffer.from('abc') }, [], {}],
  };
  const back = unpack(pack(value));
  assert.deepEqual(back, { ...value, inner: [{ picture: new Uint8Array(Buffer.from('abc')) }, [], {}] });
  assert.ok((back as typeof value).bytes instanceof Uint8Array && !Buffer.isBuffer((back as typeof value).bytes));
});

test('values that resemble markers are preserved', () => {
  for (const value of [
    { $bytes: 3 },
    { $number: 'NaN' },
    { $object: [] },
    { $other: { $floats: 1 } },
    { $a: 1, $b: 2 },
  ])
    assert.deepEqual(unpack(pack({ value })), { value });
});

test('undefined fields are omitted', () => {
  assert.deepEqual(unpack(pack({ a: undefined, b: 1 })), { b: 1 });
});
