import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ranked } from '../../../src/engine/search/ranking.ts';

const by = (weights: readonly number[], blend: 'zscore' | 'rank' | 'product' = 'zscore') => ({ blend, weights });

test('sorted by the scores of the guide, ties in their order', () => {
  assert.deepEqual(ranked([[0.1], [0.7], [0.3], [0.7]], by([1])), [1, 3, 2, 0]);
  assert.deepEqual(ranked([[0.1], [0.7], [0.3]], by([-1])), [0, 2, 1], 'away from what the guide likes');
});

test('guides count by weight, independent of the scale of their scores', () => {
  const results = [
    [1000, 0],
    [0, 0.001],
    [500, 0.0009],
  ];
  assert.deepEqual(ranked(results, by([1, 0])), [0, 2, 1]);
  assert.deepEqual(ranked(results, by([0, 1])), [1, 2, 0]);
  assert.equal(ranked(results, by([1, 1]))[0], 2, 'good for both');
});

test('the order is kept without guides, or if a guide has not scored all results', () => {
  assert.deepEqual(ranked([[], [], []], by([])), [0, 1, 2]);
  assert.deepEqual(ranked([[null], [3], [9]], by([1])), [0, 1, 2]);
  assert.deepEqual(
    ranked(
      [
        [null, 1],
        [3, 2],
        [9, 3],
      ],
      by([1, 1]),
    ),
    [2, 1, 0],
  );
});
