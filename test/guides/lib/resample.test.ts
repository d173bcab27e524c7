import assert from 'node:assert/strict';
import { it } from 'node:test';
import { axisOf, matrixOf, resample } from '../../../guides/lib/resample.ts';

const plane = (width: number, height: number) =>
  Float32Array.from({ length: width * height }, (_, p) => Math.sin(p * 1.7));

function assertClose(actual: ArrayLike<number>, expected: ArrayLike<number>): void {
  assert.equal(actual.length, expected.length);
  for (let i = 0; i < expected.length; i++)
    assert.ok(
      Math.abs((actual[i] as number) - (expected[i] as number)) < 1e-5,
      `${i}: ${actual[i]}, expected ${expected[i]}`,
    );
}

it('pools areas exactly, whole factors and others', () => {
  assertClose(matrixOf('area', 2, 4), [0.5, 0.5, 0, 0, 0, 0, 0.5, 0.5]);
  assertClose(matrixOf('area', 2, 3), [2 / 3, 1 / 3, 0, 0, 1 / 3, 2 / 3]);
  assertClose(matrixOf('area', 4, 2), [1, 0, 1, 0, 0, 1, 0, 1]);
});

it('keeps the mean, whatever the factor', () => {
  const source = plane(30, 20);
  const mean = (data: Float32Array) => data.reduce((sum, value) => sum + value, 0) / data.length;
  assert.ok(Math.abs(mean(resample(source, { planes: 1, height: 20, width: 30 }, 7, 11)) - mean(source)) < 1e-5);
});

it('does as its matrices say', () => {
  const [height, width] = [9, 12];
  const source = plane(width, height);
  for (const kernel of ['area', 'bilinear', 'bicubic'] as const) {
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
    assertClose(resample(source, { planes: 1, height, width }, 5, 20, kernel), expected);
  }
});

it('resizes bicubically as Pillow does', () => {
  // Image.fromarray(np.array([[0, 1, 4, 9]], 'float32')).resize((n, 1), Image.BICUBIC) for n = 8, 2
  const source = Float32Array.of(0, 1, 4, 9);
  assertClose(
    resample(source, { planes: 1, height: 1, width: 4 }, 1, 8, 'bicubic'),
    [-0.088235, 0.124088, 0.572519, 1.5625, 3.0625, 5.312977, 8.116788, 9.441176],
  );
  assertClose(resample(source, { planes: 1, height: 1, width: 4 }, 1, 2, 'bicubic'), [0.603306, 6.082644]);
});

it('reads a sparse axis off a dense matrix, empty rows included', () => {
  const axis = axisOf(Float32Array.of(0, 0, 0, 0, 0.25, 0.75, 0, 0, 0), 3, 3);
  assert.deepEqual([axis.taps, ...axis.start], [2, 0, 1, 0]);
  assert.deepEqual([...axis.weights], [0, 0, 0.25, 0.75, 0, 0]);
});
