/** The prior of avatars-64: whole descents and descents that are watched level by level end at the same codes. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import sharp from 'sharp';
import { Engine } from '../../src/engine/engine.ts';
import type { LevelEvent } from '../../src/engine/search/events.ts';
import { eventsOf } from '../../src/engine/search/run.ts';

let engine: Engine;

before(async () => {
  engine = await Engine.open({ models: ['models'] });
});

after(() => engine.close());

async function drawn(isWatched: boolean) {
  const request = { model: 'avatars-64', seed: 5, count: 3, prefix: [[1, 2, 3]] };
  const { network, descent } = await engine.prepare(request, { isWatched });
  assert.equal(descent.isOneShot, !isWatched);
  const levels: LevelEvent[] = [];
  for await (const event of eventsOf(network, descent)) {
    if (event.type === 'level') levels.push(event);
    if (event.type === 'done') return { levels, results: event.results };
  }
  throw new Error('the descent did not end');
}

test('the same codes, pictures and levels, watched or not', async () => {
  const [whole, walked] = [await drawn(false), await drawn(true)];
  const codes = whole.results.map(({ code }) => code);
  assert.equal(new Set(codes.map((code) => code.join())).size, 3);
  assert.ok(
    codes.every(([a, b, c]) => a === 1 && b === 2 && c === 3),
    'the prefix is kept',
  );
  // A near tie may fall the other way: then every choice after it differs too.
  const isSame = codes.map((code, i) => code.join() === walked.results[i]?.code.join());
  assert.ok(isSame.filter(Boolean).length >= 2, `${isSame}`);
  assert.deepEqual(
    whole.levels.map(({ level, side }) => [level, side]),
    walked.levels.map(({ level, side }) => [level, side]),
  );
  const at = isSame.indexOf(true);
  const [one, other] = [whole, walked].map(({ results }) => results[at]?.image.data as Float32Array);
  assert.ok(one?.every((value, i) => Math.abs(value - (other?.[i] as number)) < 1e-3));
});

async function guided(isWatched: boolean) {
  const gray = await sharp({ create: { width: 64, height: 64, channels: 3, background: '#789' } })
    .png()
    .toBuffer();
  const guides = [{ name: 'target', params: { image: gray, toSide: 16 } }];
  const { network, descent } = await engine.prepare({ model: 'avatars-64', seed: 5, count: 3, guides }, { isWatched });
  const wholeAt: number[] = [];
  for await (const event of eventsOf(network, descent)) {
    if (descent.isOneShot) wholeAt.push(descent.level);
    if (event.type === 'done') return { wholeAt, codes: event.results.map(({ code }) => code.join()) };
  }
  throw new Error('the descent did not end');
}

test('a single run samples the rest after the last guided level, with the same codes as level by level', async () => {
  const [whole, walked] = [await guided(false), await guided(true)];
  assert.deepEqual(whole.wholeAt.slice(0, 1), [23], 'from the first level of 32 px');
  assert.deepEqual(walked.wholeAt, []);
  const same = whole.codes.filter((code, i) => code === walked.codes[i]);
  assert.ok(same.length >= 2, `${same.length} of 3`);
});
