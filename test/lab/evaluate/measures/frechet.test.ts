import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Random } from '../../../../src/kit/random.ts';
import { frechetDistance } from '../../../../src/lab/evaluate/measures/frechet.ts';

/** Rows of independent normals: [mean, deviation] of each column, then turned in the plane of the first two. */
function rows(count: number, columns: readonly (readonly [number, number])[], seed: number, angle = 0): Float64Array[] {
  const random = Random.of(seed);
  return Array.from({ length: count }, () => {
    const row = Float64Array.from(columns, ([mean, deviation]) => mean + deviation * random.normal());
    const [x, y] = [row[0] as number, row[1] as number];
    row[0] = Math.cos(angle) * x - Math.sin(angle) * y;
    row[1] = Math.sin(angle) * x + Math.cos(angle) * y;
    return row;
  });
}

test('equal sets have distance 0, a shifted one the squared shift', () => {
  const set = rows(
    50,
    [
      [0, 1],
      [2, 3],
      [0, 0],
    ],
    1,
  );
  assert.ok(Math.abs(frechetDistance(set, set)) < 1e-9);
  const moved = set.map((row) => row.map((value, i) => value + (i === 0 ? 3 : 0)));
  assert.ok(Math.abs(frechetDistance(set, moved) - 9) < 1e-9);
});

test('independent normals: the closed form, also after a common rotation', () => {
  const closed = (3 - 0) ** 2 + (2 - 1) ** 2 + (1 - 4) ** 2;
  for (const angle of [0, 0.7]) {
    const a = rows(
      40_000,
      [
        [0, 2],
        [0, 1],
      ],
      2,
      angle,
    );
    const b = rows(
      40_000,
      [
        [3, 1],
        [0, 4],
      ],
      3,
      angle,
    );
    assert.ok(Math.abs(frechetDistance(a, b) / closed - 1) < 0.03, `${frechetDistance(a, b)}`);
  }
});

test('tiny sets: by hand, and by SciPy', () => {
  const rowsOf = (...values: number[][]) => values.map((row) => Float64Array.from(row));
  // Variances 2/3 and 2/3, 8/3 and 8/3, means 3 apart: 9 + 2 (√(8/3) − √(2/3))².
  const near = rowsOf([1, 0], [-1, 0], [0, 1], [0, -1]);
  const far = rowsOf([5, 0], [1, 0], [3, 2], [3, -2]);
  assert.ok(Math.abs(frechetDistance(near, far) - (9 + 4 / 3)) < 1e-9);
  // |μ₁ − μ₂|² + tr(C₁ + C₂ − 2 scipy.linalg.sqrtm(C₁ C₂)), the covariances not turned alike.
  const one = rowsOf([1, 0, 2], [0, 1, 1], [3, 1, 0], [2, 4, 1], [0, 2, 5]);
  const other = rowsOf([0, 2, 1], [4, 0, 1], [1, 1, 1], [2, 3, 0], [5, 1, 4]);
  assert.ok(Math.abs(frechetDistance(one, other) - 6.026379848336999) < 1e-9);
  assert.ok(Math.abs(frechetDistance(other, one) - 6.026379848336999) < 1e-9);
});

test('fewer rows than columns are supported', () => {
  const wide: readonly (readonly [number, number])[] = Array.from({ length: 30 }, () => [0, 1] as const);
  assert.ok(Number.isFinite(frechetDistance(rows(5, wide, 4), rows(5, wide, 5))));
});

test('many rows, of which only sums are stored, agree with SciPy; constant features are supported', () => {
  // numpy.cov and scipy.linalg.sqrtm of the rows below.
  const at = (i: number, j: number) => Math.sin(3 * i + j * j) * (1 + j) + 100;
  const some = (from: number) =>
    Array.from({ length: 12 }, (_, i) =>
      Float64Array.of(at(from + i, 0), at(from + i, 1), at(from + i, 2), 7, at(from + i, 2) - at(from + i, 0)),
    );
  assert.ok(Math.abs(frechetDistance(some(0), some(40)) - 1.144212387) < 1e-6, `${frechetDistance(some(0), some(40))}`);
});
