import assert from 'node:assert/strict';
import { test } from 'node:test';
import { choose, limitPerParent, samplerOf } from '../../../src/engine/search/sampler.ts';
import { Random } from '../../../src/kit/random.ts';

const indices = [10, 11, 12, 13];
const scores = Float64Array.of(0.1, 0.9, 0.9, 0.5);

function frequencies(draw: (random: Random) => number[], rounds = 20_000): Map<number, number> {
  const random = Random.of(3);
  const counts = new Map<number, number>();
  for (let i = 0; i < rounds; i++)
    for (const index of draw(random)) counts.set(index, (counts.get(index) ?? 0) + 1 / rounds);
  return counts;
}

function assertNear(got: Map<number, number>, expected: Record<number, number>): void {
  for (const [index, share] of Object.entries(expected))
    assert.ok(
      Math.abs((got.get(Number(index)) ?? 0) - share) < 0.015,
      `${index}: ${got.get(Number(index))} for ${share}`,
    );
  assert.equal(got.size, Object.values(expected).filter((share) => share > 0).length);
}

test('top 1 takes the best, the lower index of equals', () => {
  assert.deepEqual(choose(indices, scores, 1, samplerOf({}), Random.of(1)), [11]);
  assert.deepEqual(choose(indices, scores, 3, samplerOf({}), Random.of(1)), [11, 12, 13]);
});

test('top n is uniform among the best n, top K random', () => {
  const draw = (top: number) => frequencies((random) => choose(indices, scores, 1, samplerOf({ top }), random));
  assertNear(draw(2), { 11: 0.5, 12: 0.5 });
  assertNear(draw(3), { 11: 1 / 3, 12: 1 / 3, 13: 1 / 3 });
  assertNear(draw(4), { 10: 0.25, 11: 0.25, 12: 0.25, 13: 0.25 });
  assertNear(draw(100), { 10: 0.25, 11: 0.25, 12: 0.25, 13: 0.25 });
});

test('temperature is a softmax over standardised scores: their scale does not matter', () => {
  const values = [0, 1, 2, 5];
  const mean = 2;
  const deviation = Math.sqrt(14 / 4);
  const weights = values.map((value) => Math.exp((value - mean) / deviation / 0.7));
  const sum = weights.reduce((a, b) => a + b);
  const expected = Object.fromEntries(weights.map((weight, i) => [indices[i], weight / sum]));
  const draw = (scale: number) =>
    frequencies((random) =>
      choose(
        indices,
        Float64Array.from(values, (v) => v * scale),
        1,
        samplerOf({ temperature: 0.7 }),
        random,
      ),
    );
  assertNear(draw(1), expected);
  assertNear(draw(1e6), expected);
});

test('temperature and top together: the softmax of the best n', () => {
  const got = frequencies((random) => choose(indices, scores, 1, samplerOf({ top: 2, temperature: 1 }), random));
  assertNear(got, { 11: 0.5, 12: 0.5 });
});

test('several are drawn without putting back, the best first', () => {
  const random = Random.of(2);
  for (const sampler of [samplerOf({ top: 2 }), samplerOf({ temperature: 1 }), samplerOf({ top: 99 })]) {
    for (let i = 0; i < 200; i++) {
      const kept = choose(indices, scores, 2, sampler, random);
      assert.equal(new Set(kept).size, 2);
      const of = (index: number) => scores[indices.indexOf(index)] as number;
      assert.ok(of(kept[0] as number) >= of(kept[1] as number));
    }
  }
  assert.deepEqual(choose(indices, scores, 9, samplerOf({ temperature: 1 }), random), [11, 12, 13, 10]);
});

test('drawing several by a softmax follows the chain of single draws', () => {
  // P(first = a, second = b) = p_a · p_b / (1 − p_a): the share of sets that hold index 10.
  const p = [0.1, 0.2, 0.3, 0.4];
  const z = standardise(p.map(Math.log));
  const got = frequencies((random) =>
    choose(indices, Float64Array.from(p, Math.log), 2, samplerOf({ temperature: 1 / z.deviation }), random),
  );
  const share = (a: number) =>
    (p[a] as number) + p.reduce((sum, q, b) => sum + (b === a ? 0 : (q * (p[a] as number)) / (1 - q)), 0);
  assertNear(got, Object.fromEntries(indices.map((index, i) => [index, share(i)])));
});

function standardise(values: readonly number[]) {
  const mean = values.reduce((a, b) => a + b) / values.length;
  return { deviation: Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length) };
}

test('without scores all are equally likely', () => {
  assertNear(
    frequencies((random) => choose(indices, null, 1, samplerOf({}), random)),
    { 10: 0.25, 11: 0.25, 12: 0.25, 13: 0.25 },
  );
});

test('a temperature opens the choice to all, unless top is said', () => {
  assert.deepEqual(samplerOf({}), { top: 1, temperature: 0 });
  assert.deepEqual(samplerOf({ temperature: 0.5 }), { top: Number.POSITIVE_INFINITY, temperature: 0.5 });
  assert.deepEqual(samplerOf({ temperature: 0.5, top: 4 }), { top: 4, temperature: 0.5 });
});

test('of many parents: a quarter of the beams from one at most, the best of its children', () => {
  // Parents of four children each; those of the first are the best.
  const all = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11];
  const falling = Float64Array.from(all, (index) => -index);
  assert.deepEqual(limitPerParent(all, falling, 4, 4).indices, [0, 1, 4, 5, 8, 9]);
  assert.deepEqual(limitPerParent(all, falling, 12, 4).indices, [0, 1, 2, 4, 5, 6, 8, 9, 10]);
  const { indices: kept, scores: theirs } = limitPerParent([2, 3, 6], Float64Array.of(0.1, 0.3, 0.2), 2, 4);
  assert.deepEqual(
    [kept, [...theirs]],
    [
      [2, 3, 6],
      [0.1, 0.3, 0.2],
    ],
  );
});
