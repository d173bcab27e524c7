import assert from 'node:assert/strict';
import { test } from 'node:test';
import { areaResize, bilinearResize, type PlaneSize } from '../../src/kit/resize.ts';

const close = (actual: ArrayLike<number>, expected: ArrayLike<number>, tolerance = 1e-5) => {
  assert.equal(actual.length, expected.length);
  for (let i = 0; i < actual.length; i++)
    assert.ok(Math.abs((actual[i] as number) - (expected[i] as number)) < tolerance, `at ${i}: ${actual[i]}`);
};
const curve = (length: number) => Float32Array.from({ length }, (_, i) => Math.sin(i * 1.7) + i / 1000);

/** The same by repeating each pixel until output pixels cover whole numbers of them. */
function areaByRepeating(data: Float32Array, from: PlaneSize, to: PlaneSize): number[] {
  const out: number[] = [];
  for (let y = 0; y < to.height; y++)
    for (let x = 0; x < to.width; x++) {
      let sum = 0;
      for (let j = 0; j < from.height; j++)
        for (let i = 0; i < from.width; i++) {
          const row = Math.floor((y * from.height + j) / to.height);
          sum += data[row * from.width + Math.floor((x * from.width + i) / to.width)] as number;
        }
      out.push(sum / (from.height * from.width));
    }
  return out;
}

test('area shrinking by a whole factor is the mean of each block', () => {
  close(areaResize(Float32Array.of(1, 3, 5, 7), { height: 2, width: 2 }, { height: 1, width: 1 }), [4]);
});

for (const [height, width, toHeight, toWidth] of [
  [4, 5, 3, 2],
  [7, 7, 4, 4],
  [64, 48, 7, 5],
  [3, 3, 5, 7],
] as const) {
  test(`area resizing ${height}×${width} to ${toHeight}×${toWidth} counts pixels by the area covered`, () => {
    const data = curve(height * width);
    const [from, to] = [
      { height, width },
      { height: toHeight, width: toWidth },
    ];
    close(areaResize(data, from, to), areaByRepeating(data, from, to));
  });
}

test('area shrinking keeps the mean of every plane apart', () => {
  const data = Float32Array.from({ length: 3 * 64 }, (_, i) => Math.floor(i / 64));
  const small = areaResize(data, { height: 8, width: 8 }, { height: 3, width: 5 });
  close(
    small,
    Array.from({ length: 45 }, (_, i) => Math.floor(i / 15)),
  );
});

test("bilinear ×2 is PyTorch's F.interpolate(x, (8, 10), mode='bilinear') of arange(20) ** 1.5 as 4×5", () => {
  const data = Float32Array.from({ length: 20 }, (_, i) => i ** 1.5);
  const large = bilinearResize(data, { height: 4, width: 5 }, { height: 8, width: 10 });
  close(large.subarray(0, 10), [0, 0.25, 0.75, 1.4571, 2.3713, 3.4204, 4.6042, 5.8971, 7.299, 8], 1e-3);
  close(large.subarray(10, 20), [2.7951, 3.2024, 4.0169, 5.006, 6.1696, 7.452, 8.8533, 10.353, 11.951, 12.75], 1e-3);
});

test('a picture of one pixel grows to a flat one', () => {
  close(bilinearResize(Float32Array.of(0.5), { height: 1, width: 1 }, { height: 2, width: 3 }), new Array(6).fill(0.5));
});

test('the same size gives a copy; planes that do not fit are refused', () => {
  const data = curve(4);
  const copy = areaResize(data, { height: 2, width: 2 }, { height: 2, width: 2 });
  assert.notEqual(copy, data);
  close(copy, data);
  assert.throws(() => areaResize(data, { height: 3, width: 1 }, { height: 1, width: 1 }), RangeError);
});
