import assert from 'node:assert/strict';
import { test } from 'node:test';
import { axisOf, matrixOf, type PlaneSize, resample } from '../../src/kit/resample.ts';

const close = (actual: ArrayLike<number>, expected: ArrayLike<number>, tolerance = 1e-5) => {
  assert.equal(actual.length, expected.length);
  for (let i = 0; i < actual.length; i++)
    assert.ok(Math.abs((actual[i] as number) - (expected[i] as number)) < tolerance, `at ${i}: ${actual[i]}`);
};
const curve = (length: number) => Float32Array.from({ length }, (_, i) => Math.sin(i * 1.7) + i / 1000);

/** Reference: repeats each pixel until output pixels cover whole numbers of them. */
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

test('area shrinking by an integer factor is the mean of each block', () => {
  close(resample(Float32Array.of(1, 3, 5, 7), { height: 2, width: 2 }, { height: 1, width: 1 }), [4]);
});

for (const [height, width, toHeight, toWidth] of [
  [4, 5, 3, 2],
  [7, 7, 4, 4],
  [64, 48, 7, 5],
  [3, 3, 5, 7],
] as const) {
  test(`area resizing ${height}×${width} to ${toHeight}×${toWidth} weights pixels by covered area`, () => {
    const data = curve(height * width);
    const [from, to] = [
      { height, width },
      { height: toHeight, width: toWidth },
    ];
    close(resample(data, from, to), areaByRepeating(data, from, to));
  });
}

test('area shrinking keeps the mean of each plane separately', () => {
  const data = Float32Array.from({ length: 3 * 64 }, (_, i) => Math.floor(i / 64));
  const small = resample(data, { height: 8, width: 8 }, { height: 3, width: 5 });
  close(
    small,
    Array.from({ length: 45 }, (_, i) => Math.floor(i / 15)),
  );
});

test("bilinear ×2 is PyTorch's F.interpolate(x, (8, 10), mode='bilinear') of arange(20) ** 1.5 as 4×5", () => {
  const data = Float32Array.from({ length: 20 }, (_, i) => i ** 1.5);
  const large = resample(data, { height: 4, width: 5 }, { height: 8, width: 10 }, 'bilinear-plain');
  close(large.subarray(0, 10), [0, 0.25, 0.75, 1.4571, 2.3713, 3.4204, 4.6042, 5.8971, 7.299, 8], 1e-3);
  close(large.subarray(10, 20), [2.7951, 3.2024, 4.0169, 5.006, 6.1696, 7.452, 8.8533, 10.353, 11.951, 12.75], 1e-3);
});

test('a picture of one pixel becomes a constant one', () => {
  close(
    resample(Float32Array.of(0.5), { height: 1, width: 1 }, { height: 2, width: 3 }, 'bilinear-plain'),
    new Array(6).fill(0.5),
  );
});

test('the same size returns a copy; mismatched planes are refused', () => {
  const data = curve(4);
  const copy = resample(data, { height: 2, width: 2 }, { height: 2, width: 2 });
  assert.notEqual(copy, data);
  close(copy, data);
  assert.throws(() => resample(data, { height: 3, width: 1 }, { height: 1, width: 1 }), RangeError);
});

const plane = (width: number, height: number) =>
  Float32Array.from({ length: width * height }, (_, p) => Math.sin(p * 1.7));

test('area pooling is exact, for integer and other factors', () => {
  close(matrixOf('area', 2, 4), [0.5, 0.5, 0, 0, 0, 0, 0.5, 0.5]);
  close(matrixOf('area', 2, 3), [2 / 3, 1 / 3, 0, 0, 1 / 3, 2 / 3]);
  close(matrixOf('area', 4, 2), [1, 0, 1, 0, 0, 1, 0, 1]);
});

test('keeps the mean for every factor', () => {
  const source = plane(30, 20);
  const mean = (data: Float32Array) => data.reduce((sum, value) => sum + value, 0) / data.length;
  assert.ok(
    Math.abs(mean(resample(source, { height: 20, width: 30 }, { height: 7, width: 11 })) - mean(source)) < 1e-5,
  );
});

test('equals the product with its matrices', () => {
  const [height, width] = [9, 12];
  const source = plane(width, height);
  for (const kernel of ['area', 'bilinear', 'bicubic', 'bilinear-plain', 'bicubic-plain'] as const) {
    const rows = matrixOf(kernel, 5, height);
    const columns = matrixOf(kernel, 20, width);
    const expected = new Float64Array(5 * 20);
    for (let i = 0; i < 5; i++)
      for (let j = 0; j < 20; j++)
        for (let a = 0; a < height; a++)
          for (let b = 0; b < width; b++)
            expected[i * 20 + j] =
              (expected[i * 20 + j] ?? 0) +
              (rows[i * height + a] ?? 0) * (columns[j * width + b] ?? 0) * (source[a * width + b] ?? 0);
    close(resample(source, { height, width }, { height: 5, width: 20 }, kernel), expected);
  }
});

test('resizes bicubically as Pillow does', () => {
  // Image.fromarray(np.array([[0, 1, 4, 9]], 'float32')).resize((n, 1), Image.BICUBIC) for n = 8, 2
  const source = Float32Array.of(0, 1, 4, 9);
  close(
    resample(source, { height: 1, width: 4 }, { height: 1, width: 8 }, 'bicubic'),
    [-0.088235, 0.124088, 0.572519, 1.5625, 3.0625, 5.312977, 8.116788, 9.441176],
  );
  close(resample(source, { height: 1, width: 4 }, { height: 1, width: 2 }, 'bicubic'), [0.603306, 6.082644]);
});

test('converts a dense matrix to a sparse axis, including empty rows', () => {
  const axis = axisOf(Float32Array.of(0, 0, 0, 0, 0.25, 0.75, 0, 0, 0), 3, 3);
  assert.deepEqual([axis.taps, ...axis.start], [2, 0, 1, 0]);
  assert.deepEqual([...axis.weights], [0, 0, 0.25, 0.75, 0, 0]);
});
