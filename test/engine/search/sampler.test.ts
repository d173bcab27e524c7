import assert from 'node:assert/strict';
import { test } from 'node:test';
import { standardised } from '../../../src/engine/guides/combine.ts';
import {
  choose,
  limitPerParent,
  type SamplerOptions,
  samplerOf,
  temperatureAt,
} from '../../../src/engine/search/sampler.ts';
import { Random } from '../../../src/kit/random.ts';

const indices = [10, 11, 12, 13];
const scores = Float64Array.of(0.1, 0.9, 0.9, 0.5);

/** How a request with these options chooses at a level of 4 px, a guide deciding. */
function drawing(options: SamplerOptions) {
  const sampler = samplerOf(options, { hasPrior: false, guides: 'cheap' });
  return { top: sampler.top, temperature: temperatureAt(sampler, 4) };
}

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
  assert.deepEqual(choose(indices, scores, 1, drawing({}), Random.of(1)), [11]);
  assert.deepEqual(choose(indices, scores, 3, drawing({}), Random.of(1)), [11, 12, 13]);
});

test('top n is uniform among the best n, top K random', () => {
  const draw = (top: number) => frequencies((random) => choose(indices, scores, 1, drawing({ top }), random));
  assertNear(draw(2), { 11: 0.5, 12: 0.5 });
  assertNear(draw(3), { 11: 1 / 3, 12: 1 / 3, 13: 1 / 3 });
  assertNear(draw(4), { 10: 0.25, 11: 0.25, 12: 0.25, 13: 0.25 });
  assertNear(draw(100), { 10: 0.25, 11: 0.25, 12: 0.25, 13: 0.25 });
});

test('temperature is a softmax over scores, which guides give standardised: their scale does not matter', () => {
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
        standardised(Float64Array.from(values, (v) => v * scale)),
        1,
        drawing({ temperature: 0.7 }),
        random,
      ),
    );
  assertNear(draw(1), expected);
  assertNear(draw(1e6), expected);
});

test('temperature and top together: the softmax of the best n', () => {
  const got = frequencies((random) => choose(indices, scores, 1, drawing({ top: 2, temperature: 1 }), random));
  assertNear(got, { 11: 0.5, 12: 0.5 });
});

test('several are drawn without putting back, the best first', () => {
  const random = Random.of(2);
  for (const sampler of [drawing({ top: 2 }), drawing({ temperature: 1 }), drawing({ top: 99 })]) {
    for (let i = 0; i < 200; i++) {
      const kept = choose(indices, scores, 2, sampler, random);
      assert.equal(new Set(kept).size, 2);
      const of = (index: number) => scores[indices.indexOf(index)] as number;
      assert.ok(of(kept[0] as number) >= of(kept[1] as number));
    }
  }
  assert.deepEqual(choose(indices, scores, 9, drawing({ temperature: 1 }), random), [11, 12, 13, 10]);
});

test('drawing several by a softmax follows the chain of single draws', () => {
  // P(first = a, second = b) = p_a · p_b / (1 − p_a): the share of sets that hold index 10.
  const p = [0.1, 0.2, 0.3, 0.4];
  const got = frequencies((random) =>
    choose(indices, Float64Array.from(p, Math.log), 2, drawing({ temperature: 1 }), random),
  );
  const share = (a: number) =>
    (p[a] as number) + p.reduce((sum, q, b) => sum + (b === a ? 0 : (q * (p[a] as number)) / (1 - q)), 0);
  assertNear(got, Object.fromEntries(indices.map((index, i) => [index, share(i)])));
});

test('without scores all are equally likely', () => {
  assertNear(
    frequencies((random) => choose(indices, null, 1, drawing({}), random)),
    { 10: 0.25, 11: 0.25, 12: 0.25, 13: 0.25 },
  );
});

test('a temperature opens the choice to all, unless top is given', () => {
  assert.deepEqual(drawing({}), { top: 1, temperature: 0 });
  assert.deepEqual(drawing({ temperature: 0.5 }), { top: Number.POSITIVE_INFINITY, temperature: 0.5 });
  assert.deepEqual(drawing({ temperature: 0.5, top: 4 }), { top: 4, temperature: 0.5 });
});

test('the prior decides alone by draws, beside guides with a weight, and not at all where there is none', () => {
  const alone = samplerOf({}, { hasPrior: true, guides: 'none' });
  assert.equal(alone.top, Number.POSITIVE_INFINITY);
  assert.ok(temperatureAt(alone, 4) > 0 && alone.prior === 1);
  assert.equal(samplerOf({}, { hasPrior: true, guides: 'expensive' }).prior, 0.3);
  const guided = samplerOf({}, { hasPrior: true, guides: 'cheap' });
  assert.ok((guided.prior ?? 0) > 0 && temperatureAt(guided, 4) === 0 && guided.top === 1);
  assert.equal(samplerOf({ prior: 2 }, { hasPrior: false, guides: 'none' }).prior, 0);
  assert.equal(samplerOf({ prior: 0 }, { hasPrior: true, guides: 'none' }).temperature, 0);
  const likeliest = samplerOf({ temperature: 0 }, { hasPrior: true, guides: 'none' });
  assert.deepEqual({ ...likeliest }, { top: 1, temperature: 0, prior: 1 });
});

test('temperatures by side: sides left out have none', () => {
  const sampler = samplerOf({ temperature: { 4: 1, 16: 0.5 } }, { hasPrior: true, guides: 'none' });
  assert.deepEqual(
    [4, 8, 16].map((side) => temperatureAt(sampler, side)),
    [1, 0, 0.5],
  );
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
