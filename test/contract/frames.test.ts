import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodeFrame, encodeFrame } from '../../src/contract/frames.ts';
import type { KandidError } from '../../src/errors.ts';

test('a frame is a big-endian length, a JSON header, and bytes', () => {
  const frame = encodeFrame({ a: 'é' }, Uint8Array.of(7, 8));
  assert.deepEqual([...frame.subarray(0, 4)], [0, 0, 0, 10]);
  assert.equal(Buffer.from(frame.subarray(4, 14)).toString(), '{"a":"é"}');
  assert.deepEqual([...frame.subarray(14)], [7, 8]);
});

test('encoding and decoding are inverse, also at an offset in a buffer', () => {
  const frame = encodeFrame({ type: 'preview', level: 3 }, Uint8Array.of(1, 2, 3));
  const inside = Uint8Array.of(9, 9, 9, ...frame).subarray(3);
  const { header, bytes } = decodeFrame(inside);
  assert.deepEqual(header, { type: 'preview', level: 3 });
  assert.deepEqual([...bytes], [1, 2, 3]);
  assert.deepEqual(decodeFrame(encodeFrame(1, new Uint8Array(0))).bytes.length, 0);
});

test('damaged frames are refused', () => {
  const refused = (...bytes: number[]) => {
    try {
      decodeFrame(Uint8Array.from(bytes));
    } catch (error) {
      return (error as KandidError).message;
    }
    return 'taken';
  };
  assert.match(refused(0, 0, 0), /it has 3 bytes/);
  assert.match(refused(0, 0, 0, 9, 123, 125), /claims 9 bytes/);
  assert.match(refused(255, 255, 255, 255, 123, 125), /claims 4294967295 bytes/);
  assert.match(refused(0, 0, 0, 2, 123, 123), /not JSON/);
  assert.match(refused(0, 0, 0, 2, 0xc3, 0x28), /not JSON/);
});
