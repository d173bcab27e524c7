import assert from 'node:assert/strict';
import { test } from 'node:test';
import { halfToNumber, toHalves } from '../../src/kit/half.ts';

function rounded(values: readonly number[]) {
  const into = new Uint16Array(values.length);
  const fits = toHalves(Float32Array.from(values), into);
  return { fits, numbers: [...into].map(halfToNumber) };
}

test('every finite half survives conversion to float32 and back', () => {
  const halves = Uint16Array.from({ length: 0x1_0000 }, (_, i) => i).filter((half) => (half & 0x7c00) !== 0x7c00);
  const into = new Uint16Array(halves.length);
  assert.equal(toHalves(Float32Array.from(halves, halfToNumber), into), true);
  assert.deepEqual(into, halves);
});

test('rounds to the nearest, ties to even, including subnormal numbers', () => {
  const { fits, numbers } = rounded([
    1 + 2 ** -11,
    1 + 3 * 2 ** -11,
    1.0004,
    2 ** -25,
    1.5 * 2 ** -24,
    2 ** -26,
    65_519,
  ]);
  assert.equal(fits, true);
  assert.deepEqual(numbers, [1, 1 + 2 ** -9, 1, 0, 2 ** -23, 0, 65_504]);
});

test('values outside half precision are reported', () => {
  assert.deepEqual(rounded([65_520]), { fits: false, numbers: [Number.POSITIVE_INFINITY] });
  assert.equal(rounded([Number.NaN]).fits, false);
});
