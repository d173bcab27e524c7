import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  chooseFromRows,
  concatRows,
  gatherRows,
  integers,
  reshape,
  sliceRows,
  type Tensor,
  tensor,
} from '../../src/core/tensor.ts';

const counting = (...dims: number[]): Tensor => {
  const size = dims.reduce((a, b) => a * b, 1);
  return tensor(
    Float32Array.from({ length: size }, (_, i) => i),
    dims,
  );
};

test('data that does not fit the dims is refused', () => {
  assert.throws(() => tensor(new Float32Array(5), [2, 3]), /hold 6 values, the data 5/);
  assert.throws(() => reshape(counting(2, 3), [7]), RangeError);
});

test('integers are 64-bit', () => {
  assert.deepEqual(integers([1, 2]), { data: BigInt64Array.of(1n, 2n), dims: [2] });
  assert.deepEqual(integers([1, 2, 3, 4], [2, 2]).dims, [2, 2]);
});

test('a slice of rows is a view', () => {
  const whole = counting(4, 2);
  const middle = sliceRows(whole, 1, 3);
  assert.deepEqual([...middle.data], [2, 3, 4, 5]);
  assert.deepEqual(middle.dims, [2, 2]);
  middle.data[0] = 9;
  assert.equal(whole.data[2], 9);
  assert.throws(() => sliceRows(whole, 2, 5), RangeError);
});

test('rows are gathered in the order named, repeats allowed', () => {
  const rows = gatherRows(counting(3, 2), [2, 0, 2]);
  assert.deepEqual([...rows.data], [4, 5, 0, 1, 4, 5]);
  assert.deepEqual(rows.dims, [3, 2]);
  assert.throws(() => gatherRows(counting(3, 2), [3]), RangeError);
  assert.throws(() => gatherRows(counting(3, 2), [-1]), RangeError);
});

test('one entry of the second axis is chosen per row', () => {
  const chosen = chooseFromRows(counting(2, 3, 2), [2, 0]);
  assert.deepEqual([...chosen.data], [4, 5, 6, 7]);
  assert.deepEqual(chosen.dims, [2, 2]);
  assert.throws(() => chooseFromRows(counting(2, 3, 2), [3, 0]), RangeError);
  assert.throws(() => chooseFromRows(counting(2, 3, 2), [1]), RangeError);
});

test('rows of several tensors are joined, of one returned as they are', () => {
  const joined = concatRows([counting(1, 2), counting(2, 2)]);
  assert.deepEqual([...joined.data], [0, 1, 0, 1, 2, 3]);
  assert.deepEqual(joined.dims, [3, 2]);
  const alone = counting(2, 2);
  assert.equal(concatRows([alone]), alone);
  assert.throws(() => concatRows([counting(1, 2), counting(1, 3)]), RangeError);
  assert.throws(() => concatRows([]), RangeError);
});
