import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ResultBeams } from '../../../src/engine/search/beams.ts';
import { survivorsOf } from '../../../src/engine/search/particles.ts';
import { eventsOf } from '../../../src/engine/search/run.ts';
import type { LevelInfo } from '../../../src/guide.ts';
import { bright, codesOf, collect, descentOf, grayNetwork, mean, type PlanOptions, scoring } from '../tiny.ts';

const particle = (index: number, score: number): ResultBeams => ({
  index,
  beams: [],
  chosen: null,
  lastScores: [score],
});
const four = [0.1, 0.9, 0.5, 0.7].map((score, index) => particle(index, score));

test('the best particles survive, regardless of their result', () => {
  const places = (keep: number) =>
    survivorsOf(four, { blend: 'zscore', count: 1, prefixes: [] }, [1], keep).map(({ index }) => index);
  assert.deepEqual(places(2), [1, 3]);
  assert.deepEqual(places(3), [1, 3, 2]);
  assert.deepEqual(places(4), [0, 1, 2, 3], 'as they are where none ends');
});

test('with different prefixes, each result keeps its own best particle', () => {
  // Particles 0 and 2 belong to the first result, 1 and 3 to the second.
  const places = (keep: number) =>
    survivorsOf(four, { blend: 'zscore', count: 2, prefixes: [[0], [1]] }, [1], keep).map(({ index }) => index);
  assert.deepEqual(places(2), [2, 1]);
  assert.deepEqual(places(3), [2, 1, 3]);
});

const LEVELS = [
  { side: 2, candidates: 4 },
  { side: 4, candidates: 4 },
  { side: 8, candidates: 4 },
];
const network = grayNetwork(LEVELS);

/** A guide whose preference at the last side is opposite to that at the first. */
const changeable = scoring((candidate, { index }: LevelInfo) => (index === 0 ? -mean(candidate) : mean(candidate)));

async function run(options: PlanOptions) {
  return await collect(eventsOf(network, descentOf(network, options)));
}

test('the result is the best of several particles by the finished picture', async () => {
  const brightness = async (population: number[]) => {
    const done = (await run({ guides: [changeable], population })).at(-1);
    assert.ok(done?.type === 'done');
    assert.equal(done.results.length, 1);
    return mean(done.results[0]?.image.data ?? new Float32Array(1));
  };
  const [alone, three] = [await brightness([1, 1, 1]), await brightness([3, 3, 3])];
  assert.ok(three > alone, `${three} and ${alone}`);
});

test('level events have one entry per result, and results are distinct', async () => {
  const events = await run({ guides: [bright()], count: 2, population: [8, 3, 2] });
  for (const event of events)
    if (event.type === 'level') assert.deepEqual([event.previews.length, event.choices.length], [2, 2]);
  const codes = codesOf(events);
  assert.equal(codes.length, 2);
  assert.notDeepEqual(codes[0], codes[1]);
});

test('the same seed gives the same pictures', async () => {
  const options = { guides: [changeable], count: 2, population: [6, 5, 2], sampler: { top: 2, temperature: 1 } };
  assert.deepEqual(codesOf(await run({ ...options, seed: 7 })), codesOf(await run({ ...options, seed: 7 })));
});

test('results keep their prefixes', async () => {
  const prefixes = [[3], [0]];
  const codes = codesOf(await run({ guides: [bright()], count: 2, prefixes, population: [4, 4, 4] }));
  assert.deepEqual(
    codes.map(([first]) => first),
    [3, 0],
  );
});

test('cancelled, it gives the best so far: one for each result', async () => {
  const abort = new AbortController();
  const guide = scoring((candidate, { index }) => {
    if (index === 1) abort.abort();
    return mean(candidate);
  });
  const events = await run({ guides: [guide], population: [3, 3, 3], signal: abort.signal });
  const end = events.at(-1);
  assert.ok(end?.type === 'cancelled');
  assert.deepEqual([end.level, end.results.length], [1, 1]);
  assert.deepEqual(end.results[0]?.prefix, [3], 'the brightest of the first level');
});
