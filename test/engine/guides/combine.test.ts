import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BLENDS, type BlendKind } from '../../../src/contract/requests.ts';
import { besidePrior, blendScores, ranks, standardised } from '../../../src/engine/guides/combine.ts';

const scores = (...values: number[]) => Float64Array.from(values);
const blend = (kind: BlendKind, ...parts: [number, number[]][]) => {
  const total = blendScores(
    kind,
    parts.map(([weight, values]) => ({ weight, scores: Float64Array.from(values) })),
  );
  return total && Array.from(total, (value) => Math.round(value * 1e6) / 1e6);
};

test('ranks run from 0 to 1, equal scores share', () => {
  assert.deepEqual([...ranks(scores(3, 1, 2))], [1, 0, 0.5]);
  assert.deepEqual([...ranks(scores(5, 5, 1, 9, 5))], [0.5, 0.5, 0, 1, 0.5]);
  assert.deepEqual([...ranks(scores(7))], [0]);
});

test('z-scores have mean 0 and standard deviation 1', () => {
  assert.deepEqual([...standardised(scores(1, 3))], [-1, 1]);
  assert.deepEqual([...standardised(scores(4, 4))], [0, 0]);
});

test('rank blend, by hand', () => {
  // ranks 0, .5, 1 and 1, 0, .5: 1·first + 2·second
  assert.deepEqual(blend('rank', [1, [1, 2, 300]], [2, [9, 1, 2]]), [2, 0.5, 2]);
});

test('z-score blend, by hand', () => {
  // [-1, 1] · 1 and [1, -1] · 3, whatever the scale of the scores
  assert.deepEqual(blend('zscore', [1, [0, 2]], [3, [1000, 0]]), [2, -2]);
});

test('likelihood blend, by hand: sums as they are', () => {
  assert.deepEqual(blend('likelihood', [1, [0, 2, 5]], [3, [1000, 0, 1]]), [3000, 2, 8]);
  assert.deepEqual([...besidePrior('likelihood', scores(1, 3))], [1, 3]);
  for (const kind of ['rank', 'zscore', 'product'] as const)
    assert.deepEqual([...besidePrior(kind, scores(1, 3))], [-1, 1]);
});

test('product blend, by hand: a softmax over a quarter of 8 candidates spreads over 2', () => {
  const [first, second, third] = blend('product', [1, [1, 1, 0, 0, 0, 0, 0, 0]]) as number[];
  // Two winners alone have the entropy log 2 in the limit, so all weight lies on them.
  assert.ok(Math.abs((first as number) - Math.log(0.5)) < 0.02 && first === second);
  assert.ok((third as number) < -5);
});

test('product takes its scale from the best: a few hopeless candidates do not blunt a guide', () => {
  const rising = Array.from({ length: 12 }, (_, i) => i);
  const falling = rising.map((i) => -i);
  const winner = (kind: BlendKind) => {
    const hopeless = [-1000, -1000, -1000, -1000];
    const total = blend(kind, [1, [...rising, ...hopeless]], [0.5, [...falling, -11, -11, -11, -11]]) as number[];
    return total.indexOf(Math.max(...total));
  };
  assert.equal(winner('product'), 11, 'the first guide has the larger weight and decides');
  assert.equal(winner('zscore'), 0, 'the twelve look alike to it beside the hopeless ones');
});

test('who has no opinion has no say, and where nobody has one there is no score', () => {
  for (const kind of BLENDS) {
    assert.equal(blend(kind), null);
    assert.equal(blend(kind, [1, [2, 2, 2]]), null);
    assert.equal(blend(kind, [0, [1, 2, 3]]), null);
    assert.deepEqual(blend(kind, [5, [2, 2, 2]], [1, [1, 2, 3]]), blend(kind, [1, [1, 2, 3]]));
  }
});

test('guides that cancel out leave it to chance', () => {
  assert.equal(blend('rank', [1, [1, 2, 3]], [1, [3, 2, 1]]), null);
  assert.equal(blend('zscore', [1, [1, 2, 3]], [1, [3, 2, 1]]), null);
});

test('a negative weight steers away', () => {
  for (const kind of ['rank', 'zscore', 'product'] as const) {
    const [low, , high] = blend(kind, [-1, [1, 2, 3]]) as number[];
    assert.ok((low as number) > (high as number));
  }
});

test('only the order of scores matters to rank, only their shape to z-score and product', () => {
  const values = [3, -1, 4, 1, -5];
  const scaled = values.map((value) => 1e-6 * value + 12);
  for (const kind of ['rank', 'zscore', 'product'] as const) {
    const plain = blend(kind, [1, values]) as number[];
    const other = blend(kind, [1, scaled]) as number[];
    assert.ok(plain.every((value, i) => Math.abs(value - (other[i] as number)) < 1e-4));
  }
});

test('what is vetoed comes after all others, whatever other guides say; where all are, nothing changes', () => {
  const liked = { scores: Float64Array.of(9, 1, 2), weight: 100 };
  for (const kind of ['zscore', 'rank', 'product'] as const) {
    const one = blendScores(kind, [liked, { scores: Float64Array.of(0.1, 0.5, 0.6), weight: 0.1, vetoBelow: 0.3 }]);
    const [first, second, third] = one as unknown as [number, number, number];
    assert.ok(first < second && second < third, `${kind}: ${one}`);
    const all = blendScores(kind, [liked, { scores: Float64Array.of(0.1, 0.1, 0.1), weight: 0.1, vetoBelow: 0.3 }]);
    assert.deepEqual(all, blendScores(kind, [liked]));
  }
  assert.equal(blendScores('zscore', [{ scores: Float64Array.of(1, 1), weight: 1, vetoBelow: 0 }]), null);
});
