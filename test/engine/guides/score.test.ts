import assert from 'node:assert/strict';
import { test } from 'node:test';
import { GuideRunner } from '../../../src/engine/guides/runner.ts';
import { type ScoringOptions, scorePools } from '../../../src/engine/guides/score.ts';
import { drawnSource } from '../../../src/engine/search/candidates.ts';
import type { Candidates, Guide } from '../../../src/guide.ts';
import { bright, mean, scoring } from '../tiny.ts';

/** Two rows of 16 candidates of one pixel: 0 … 15 and 16 … 31. */
const proposed = drawnSource(
  { candidates: { data: Float32Array.from({ length: 32 }, (_, i) => i), dims: [2, 16, 1, 1, 1] } },
  { rows: 2, firstRow: 0 },
);

const asking = (guides: readonly Guide[], rest: Partial<ScoringOptions> = {}): ScoringOptions => ({
  guides: guides.map((guide, i) => new GuideRunner(`guide${i}`, guide, { timeoutSeconds: 5, isTrusted: true })),
  weights: guides.map(() => 1),
  blend: 'zscore',
  level: { index: 0, levels: 1, side: 1, finalSide: 1 },
  signal: new AbortController().signal,
  ...rest,
});

/** Records the candidates that a guide receives. */
function recorded(guide: Guide) {
  const shown: { batch: number; count: number; values: number[]; buffer: ArrayBufferLike }[] = [];
  const score = (candidates: Candidates, ...rest: [never, never]) => {
    const { batch, count, data } = candidates;
    shown.push({ batch, count, values: [...data], buffer: data.buffer });
    return guide.score(candidates, ...rest);
  };
  return { shown, guide: { ...guide, score: score as Guide['score'] } };
}

const range = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i);

test('a cheap guide scores all candidates of all rows in one call, without a copy', async () => {
  const { shown, guide } = recorded(bright());
  const [first, second] = await scorePools([[0], [1]], proposed, asking([guide]));
  assert.equal(shown.length, 1);
  assert.deepEqual([shown[0]?.batch, shown[0]?.count, shown[0]?.values], [2, 16, range(0, 32)]);
  assert.equal(shown[0]?.buffer, proposed.drawn?.buffer);
  assert.deepEqual(first?.indices, range(0, 16));
  assert.deepEqual([...(first?.byGuide[0] ?? [])], range(0, 16));
  assert.deepEqual([...(second?.byGuide[0] ?? [])], range(16, 32));
});

test('beams are one pool: candidate k of the b-th has index b · K + k', async () => {
  const [pool] = await scorePools([[1, 0]], proposed, asking([bright()]));
  assert.deepEqual([...(pool?.byGuide[0] ?? [])], [...range(16, 32), ...range(0, 16)]);
  assert.equal(pool?.blended?.length, 32);
});

test('an expensive guide scores a shortlist, then neighbours of its best', async () => {
  const { shown, guide } = recorded(scoring((x) => -Math.abs(mean(x) - 5), { prefers: { shortlist: 4, refine: 3 } }));
  const [pool] = await scorePools([[0]], proposed, asking([guide]));
  assert.deepEqual(
    shown.map(({ count }) => count),
    [4, 3],
  );
  const asked = shown.flatMap(({ values }) => values).sort((a, b) => a - b);
  assert.equal(new Set(asked).size, 7, 'none twice');
  assert.deepEqual(pool?.indices, asked, 'and the choice is among these');
  assert.equal(pool?.blended?.length, 7);
  const unasked = range(0, 16).filter((i) => !asked.includes(i));
  assert.ok(unasked.every((i) => Number.isNaN(pool?.byGuide[0]?.[i])));
});

test('with cheap guides, the shortlist contains their preferred candidates', async () => {
  const { shown, guide } = recorded(scoring(() => 0, { prefers: { shortlist: 3 } }));
  const [pool] = await scorePools([[0]], proposed, asking([guide, bright()]));
  assert.equal(shown.length, 1);
  assert.ok(
    shown[0]?.values.every((value) => value >= 10),
    `${shown[0]?.values}`,
  );
  assert.ok(shown[0]?.values.includes(15));
  assert.equal(pool?.indices.length, 3);
});

test('guides with a smaller budget score later, among those that the others have scored', async () => {
  const person = recorded(scoring(mean, { prefers: { shortlist: 2 } }));
  const clip = recorded(scoring(mean, { prefers: { shortlist: 6 } }));
  const [pool] = await scorePools([[0]], proposed, asking([person.guide, clip.guide]));
  assert.equal(clip.shown[0]?.count, 6);
  assert.equal(person.shown[0]?.count, 2);
  assert.ok(person.shown[0]?.values.every((value) => clip.shown[0]?.values.includes(value)));
  assert.equal(pool?.indices.length, 2);
});

test('a shortlist at least as large as the level is the whole level', async () => {
  const { shown, guide } = recorded(bright({ prefers: { shortlist: 14, refine: 2 } }));
  const [pool] = await scorePools([[0]], proposed, asking([guide]));
  assert.equal(shown[0]?.buffer, proposed.drawn?.buffer);
  assert.equal(pool?.indices.length, 16);
});

test('with several beams, a shortlist is at least twice as large', async () => {
  const { shown, guide } = recorded(bright({ prefers: { shortlist: 2, refine: 1 } }));
  await scorePools([[0, 1]], proposed, asking([guide], { keep: 5 }));
  assert.deepEqual(
    shown.map(({ count }) => count),
    [10, 1],
  );
});

test('pools of different sizes are scored in separate calls', async () => {
  const { shown, guide } = recorded(bright({ prefers: { shortlist: 20 } }));
  const [small, large] = await scorePools([[0], [0, 1]], proposed, asking([guide]));
  assert.deepEqual(shown.map(({ count }) => count).sort(), [16, 20]);
  assert.equal(small?.indices.length, 16);
  assert.equal(large?.indices.length, 20);
});

test('inactive guides have no scores: weight 0, or another side', async () => {
  const idle = recorded(bright());
  const fine = recorded(bright({ prefers: { fromSide: 8 } }));
  const [pool] = await scorePools([[0]], proposed, asking([idle.guide, fine.guide], { weights: [0, 1] }));
  assert.deepEqual([idle.shown.length, fine.shown.length], [0, 0]);
  assert.deepEqual([pool?.blended, pool?.byGuide], [null, [null, null]]);
});

test('without a preference of the person, the choice among the shown is random', async () => {
  const [pool] = await scorePools([[0]], proposed, asking([scoring(() => 0, { prefers: { shortlist: 5 } })]));
  assert.equal(pool?.blended, null);
  assert.equal(pool?.indices.length, 5);
});
