import assert from 'node:assert/strict';
import { test } from 'node:test';
import { integers, tensor } from '../../src/kit/tensor.ts';

test('data that does not match the dims is refused', () => {
  assert.throws(() => tensor(new Float32Array(5), [2, 3]), /hold 6 values, the data 5/);
});

test('integers are 64-bit', () => {
  assert.deepEqual(integers([1, 2]), { data: BigInt64Array.of(1n, 2n), dims: [2] });
  assert.deepEqual(integers([1, 2, 3, 4], [2, 2]).dims, [2, 2]);
});
