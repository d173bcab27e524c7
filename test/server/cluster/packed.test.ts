import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pack, unpack } from '../../../src/server/cluster/packed.ts';

test('plain data come back as they were, with bytes, floats and numbers that JSON does not know', () => {
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

test('what looks like our own marks is what it is', () => {
  for (const value of [
    { $bytes: 3 },
    { $number: 'NaN' },
    { $object: [] },
    { $other: { $floats: 1 } },
    { $a: 1, $b: 2 },
  ])
    assert.deepEqual(unpack(pack({ value })), { value });
});

test('what is left undefined is left out', () => {
  assert.deepEqual(unpack(pack({ a: undefined, b: 1 })), { b: 1 });
});
