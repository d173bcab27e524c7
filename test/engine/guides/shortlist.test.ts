import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  bestOf,
  joinPoints,
  neighbours,
  pointsOf,
  shortlistPool,
  spread,
} from '../../../src/engine/guides/shortlist.ts';

/** Points on a line, as candidates of 1×1 pixel. */
const line = (...values: number[]) => pointsOf(Float32Array.from(values), 1, 1);
const all = (points: { data: Float32Array; size: number }) => Array.from(points.data, (_, i) => i);

test('spreads from the most central one to the farthest, again and again', () => {
  const points = line(0, 1, 2, 3, 10);
  // The mean is 3.2: 3 first, then 10 (7 away), then 0 (3 away).
  assert.deepEqual(spread(points, all(points), 1, null), [3]);
  assert.deepEqual(spread(points, all(points), 2, null), [3, 4]);
  assert.deepEqual(spread(points, all(points), 3, null), [0, 3, 4]);
  assert.deepEqual(spread(points, all(points), 9, null), [0, 1, 2, 3, 4]);
});

test('equal candidates are all taken before none is left', () => {
  const points = line(1, 1, 1, 1);
  assert.deepEqual(spread(points, all(points), 3, null), [0, 1, 2]);
});

test('with scores, only the best take part, the best for certain', () => {
  const values = Array.from({ length: 64 }, (_, i) => i);
  const points = line(...values);
  const scores = Float64Array.from(values, (i) => -i);
  const list = spread(points, all(points), 4, scores);
  assert.equal(shortlistPool(64, 4), 16);
  assert.equal(list.length, 4);
  assert.equal(list[0], 0);
  assert.ok(list.every((index) => index < 16));
  assert.ok(list.includes(15));
});

test('neighbours of the three best, in turn, none twice', () => {
  const points = line(0, 1, 2, 10, 11, 12, 20, 21, 22, 30);
  const asked = [0, 3, 6, 9];
  const scores = Float64Array.of(4, 3, 2, 1);
  assert.deepEqual(neighbours(points, all(points), asked, scores, 3), [1, 4, 7]);
  assert.deepEqual(neighbours(points, all(points), asked, scores, 4), [1, 2, 4, 7]);
  assert.deepEqual(neighbours(points, all(points), asked, scores, 99), [1, 2, 4, 5, 7, 8]);
});

test('large candidates are compared shrunk to 8 pixels', () => {
  const candidates = new Float32Array(2 * 3 * 16 * 16).map((_, i) => (i < 768 ? 0 : (i % 2) * 2 - 1));
  const points = pointsOf(candidates, 3, 16);
  assert.equal(points.size, 3 * 8 * 8);
  assert.ok(
    points.data.every((value) => Math.abs(value) < 1e-6),
    'a fine pattern averages out',
  );
});

test('joins the points of several rows', () => {
  const joined = joinPoints([line(1, 2), line(3)]);
  assert.deepEqual([...joined.data], [1, 2, 3]);
  assert.equal(joined.size, 1);
});

test('the best by score, the lower index of equals', () => {
  assert.deepEqual(bestOf([5, 6, 7, 8], Float64Array.of(1, 3, 3, 2), 3), [6, 7, 8]);
});
