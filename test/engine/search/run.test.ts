import assert from 'node:assert/strict';
import { test } from 'node:test';
import { eventsOf } from '../../../src/engine/search/run.ts';
import type { Guide } from '../../../src/guide.ts';
import { bright, collect, descentOf, tinyNetwork } from '../tiny.ts';

/** A guide that records its calls. */
function recording(guide: Guide) {
  const calls = { scored: 0, disposed: 0 };
  const recorded: Guide = {
    ...guide,
    score(...args) {
      calls.scored += 1;
      return guide.score(...args);
    },
    dispose() {
      calls.disposed += 1;
    },
  };
  return { guide: recorded, calls };
}

test('a cancellation between levels returns the best pictures so far, from which a request can continue', async () => {
  const network = await tinyNetwork();
  const controller = new AbortController();
  const { guide, calls } = recording(bright());
  const descent = descentOf(network, { count: 2, guides: [guide], signal: controller.signal });
  const seen = [];
  for await (const event of eventsOf(network, descent)) {
    seen.push(event);
    if (event.type === 'level' && event.level === 1) controller.abort();
  }
  const end = seen.at(-1);
  assert.ok(end?.type === 'cancelled');
  assert.equal(end.level, 2);
  assert.deepEqual(calls, { scored: 2, disposed: 1 }, 'not one level more');
  const last = seen.at(-2);
  assert.ok(last?.type === 'level');
  assert.deepEqual(
    end.results.map(({ prefix }) => prefix),
    last.codes,
  );
  assert.deepEqual(end.results[0]?.image, last.previews[0]);
  const whole = await collect(eventsOf(network, descentOf(network, { count: 2, guides: [bright()] })));
  const prefixes = end.results.map(({ prefix }) => prefix);
  const rest = await collect(eventsOf(network, descentOf(network, { count: 2, guides: [bright()], prefixes })));
  const codes = (events: typeof whole) => {
    const done = events.at(-1);
    return done?.type === 'done' ? done.results.map(({ code }) => code) : null;
  };
  assert.deepEqual(codes(rest), codes(whole));
});

test('a cancellation while a guide is scoring takes effect at once', async () => {
  const network = await tinyNetwork();
  const controller = new AbortController();
  const { guide, calls } = recording({
    score: ({ batch, count }, { index }, signal) => {
      if (index === 0) return new Float32Array(batch * count).map((_, i) => i);
      assert.equal(signal.aborted, false);
      setTimeout(() => controller.abort(), 5);
      return new Promise(() => {});
    },
  });
  const descent = descentOf(network, { guides: [guide], signal: controller.signal, timeoutSeconds: 60 });
  const started = performance.now();
  const events = await collect(eventsOf(network, descent));
  assert.ok(performance.now() - started < 5000);
  const end = events.at(-1);
  assert.ok(end?.type === 'cancelled');
  assert.deepEqual([end.level, end.results[0]?.prefix, calls.disposed], [1, [3], 1]);
});

test('a cancellation during a synchronous guide takes effect after the level', async () => {
  const network = await tinyNetwork();
  const controller = new AbortController();
  const guide = bright();
  const descent = descentOf(network, {
    signal: controller.signal,
    guides: [
      {
        score(candidates, level, signal) {
          if (level.index === 1) controller.abort();
          return guide.score(candidates, level, signal);
        },
      },
    ],
  });
  const events = await collect(eventsOf(network, descent));
  assert.deepEqual(
    events.map(({ type }) => type),
    ['level', 'cancelled'],
  );
});

test('cancelled before the start: no results', async () => {
  const network = await tinyNetwork();
  const { guide, calls } = recording(bright());
  const events = await collect(eventsOf(network, descentOf(network, { guides: [guide], signal: AbortSignal.abort() })));
  assert.equal(events.length, 1);
  assert.ok(events[0]?.type === 'cancelled');
  assert.deepEqual([events[0].level, events[0].results, calls], [0, [], { scored: 0, disposed: 1 }]);
});

test('leaving the loop stops the work and frees the guides', async () => {
  const network = await tinyNetwork();
  const { guide, calls } = recording(bright());
  for await (const event of eventsOf(network, descentOf(network, { guides: [guide] })))
    if (event.type === 'level') break;
  assert.deepEqual(calls, { scored: 1, disposed: 1 });
});

test('a failure is thrown after the completed levels, and the guides are freed', async () => {
  const network = await tinyNetwork();
  const { guide, calls } = recording({
    score: ({ batch, count }, { index }) =>
      index < 2 ? new Float32Array(batch * count).map((_, i) => i) : assert.fail('tired'),
  });
  const seen: string[] = [];
  const reading = async () => {
    for await (const event of eventsOf(network, descentOf(network, { guides: [guide] }))) seen.push(event.type);
  };
  await assert.rejects(reading, { code: 'guide_failed' });
  assert.deepEqual([seen, calls.disposed], [['level', 'level'], 1]);
});

test('a failing network fails all descents of the run with its error', async () => {
  const network = await tinyNetwork();
  network.runLevel = () => Promise.reject(new Error('no memory'));
  await assert.rejects(collect(eventsOf(network, descentOf(network))), { code: 'internal', message: /no memory/ });
});

test('other work of the process runs between levels', async () => {
  const network = await tinyNetwork();
  let turns = 0;
  const timer = setInterval(() => turns++, 0);
  for (let i = 0; i < 20; i++) await collect(eventsOf(network, descentOf(network)));
  clearInterval(timer);
  assert.ok(turns > 10, `${turns} turns`);
});
