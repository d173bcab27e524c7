import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Network } from '../../src/engine/network/network.ts';
import type { Descent } from '../../src/engine/search/descent.ts';
import type { GenerateEvent } from '../../src/engine/search/events.ts';
import type { RunReport } from '../../src/worker/messages.ts';
import { Scheduler } from '../../src/worker/scheduler.ts';
import { descentOf, grayNetwork, type PlanOptions, tinyNetwork } from '../engine/tiny.ts';

const LEVELS = Array.from({ length: 6 }, () => ({ side: 2, candidates: 8 }));
const AT_RANDOM = { sampler: { top: 8, temperature: 0 } };

/** Runs a descent and returns its events. */
function follow(scheduler: Scheduler, network: Network, descent: Descent, client = 'a'): Promise<GenerateEvent[]> {
  const events: GenerateEvent[] = [];
  return new Promise((resolve) => {
    scheduler.add({ network, descent, client, onEvent: (event) => events.push(event), onEnd: () => resolve(events) });
  });
}

function recorded(options: { rowsPerRun?: number } = {}) {
  const runs: RunReport[] = [];
  const hooks: ((run: RunReport) => void)[] = [];
  const scheduler = new Scheduler({
    ...options,
    onRun: (run) => {
      runs.push(run);
      for (const hook of hooks) hook(run);
    },
  });
  return { scheduler, runs, hooks };
}

const codesOf = (events: readonly GenerateEvent[]) => {
  const end = events.at(-1);
  return end?.type === 'done' ? end.results.map(({ code }) => code) : null;
};

test('descents added together run as one batch, level by level', async () => {
  const network = grayNetwork(LEVELS);
  const { scheduler, runs } = recorded();
  const all = [1, 2, 3].map((seed) => follow(scheduler, network, descentOf(network, { seed, count: 2, ...AT_RANDOM })));
  const ended = await Promise.all(all);
  assert.deepEqual(
    runs.map(({ level, jobs }) => [level, jobs]),
    LEVELS.map((_, level) => [level, 3]),
  );
  for (const events of ended) assert.equal(events.length, LEVELS.length + 1);
  assert.equal(scheduler.size, 0);
});

test('results do not depend on batches', async () => {
  const network = await tinyNetwork();
  const plans: PlanOptions[] = [1, 2, 3, 4].map((seed) => ({ seed, count: seed, ...AT_RANDOM }));
  const alone: (number[][] | null)[] = [];
  for (const plan of plans) alone.push(codesOf(await follow(new Scheduler(), network, descentOf(network, plan))));
  const scheduler = new Scheduler({ rowsPerRun: 3 });
  const together = await Promise.all(plans.map((plan) => follow(scheduler, network, descentOf(network, plan))));
  assert.deepEqual(together.map(codesOf), alone);
});

test('a late descent joins at a level boundary, catches up and shares the runs', async () => {
  const network = grayNetwork(LEVELS);
  const { scheduler, runs, hooks } = recorded();
  let late: Promise<GenerateEvent[]> | undefined;
  hooks.push(({ level }) => {
    if (level === 2) late ??= follow(scheduler, network, descentOf(network, { seed: 2, ...AT_RANDOM }));
  });
  await follow(scheduler, network, descentOf(network, { seed: 1, ...AT_RANDOM }));
  await late;
  assert.deepEqual(
    runs.map(({ level, jobs }) => [level, jobs]),
    [
      [0, 1],
      [1, 1],
      [2, 1],
      [0, 1],
      [1, 1],
      [2, 1],
      [3, 2],
      [4, 2],
      [5, 2],
    ],
  );
});

test('runs have a limited number of rows', async () => {
  const network = grayNetwork(LEVELS);
  const { scheduler, runs } = recorded({ rowsPerRun: 5 });
  await Promise.all(
    [7, 3].map((count, seed) => follow(scheduler, network, descentOf(network, { seed, count, ...AT_RANDOM }))),
  );
  assert.ok(runs.every(({ rows }) => rows <= 5));
});

test('a small request overtakes a large one', async () => {
  const network = grayNetwork(LEVELS);
  const { scheduler, runs, hooks } = recorded({ rowsPerRun: 4 });
  let small: Promise<unknown> | undefined;
  let runsWhenSmallEnded = 0;
  hooks.push(({ level }) => {
    if (level !== 2 || small) return;
    const before = runs.length;
    small = follow(scheduler, network, descentOf(network, { seed: 2, ...AT_RANDOM })).then(() => {
      runsWhenSmallEnded = runs.length - before;
    });
  });
  await follow(scheduler, network, descentOf(network, { seed: 1, count: 40, ...AT_RANDOM }));
  await small;
  assert.ok(runsWhenSmallEnded <= LEVELS.length + 1, `${runsWhenSmallEnded} runs`);
  assert.ok(runs.length > 50);
});

test('a stream of small requests does not starve a large one', async () => {
  const network = grayNetwork(LEVELS);
  const { scheduler, hooks } = recorded({ rowsPerRun: 4 });
  let isOver = false;
  let smalls = 0;
  hooks.push(() => {
    if (!isOver && smalls < 2000) void follow(scheduler, network, descentOf(network, { seed: smalls++, ...AT_RANDOM }));
  });
  await follow(scheduler, network, descentOf(network, { seed: 1, count: 12, ...AT_RANDOM }));
  isOver = true;
  assert.ok(smalls < 2000, `${smalls} small ones went before`);
});

test('a slow guide delays only its own request, also at the same level', async () => {
  const network = grayNetwork(LEVELS);
  const { scheduler } = recorded();
  let answer: (scores: Float32Array) => void = () => {};
  let slow: Promise<GenerateEvent[]> | undefined;
  const asked = new Promise<number>((resolve) => {
    const guides = [
      {
        score: ({ count }: { count: number }) =>
          new Promise<Float32Array>((give) => {
            answer = give;
            resolve(count);
          }),
        prefers: { asks: ({ index }: { index: number }) => index === 0 },
      },
    ];
    slow = follow(scheduler, network, descentOf(network, { guides }));
  });
  const quick = follow(scheduler, network, descentOf(network, { seed: 2, ...AT_RANDOM }));
  const count = await asked;
  assert.ok(codesOf(await quick));
  answer(Float32Array.from({ length: count }, (_, k) => (k === 5 ? 1 : 0)));
  assert.equal(codesOf((await slow) ?? [])?.[0]?.[0], 5);
});

test('a descent with an aborted signal ends when poked, whatever its guide does', async () => {
  const network = grayNetwork(LEVELS);
  const { scheduler } = recorded();
  const controller = new AbortController();
  const asked = deferred();
  const guides = [
    {
      score: ({ count }: { count: number }, level: { index: number }) => {
        if (level.index < 3) return new Float32Array(count);
        asked.resolve(undefined);
        return new Promise<Float32Array>(() => {});
      },
    },
  ];
  const descent = descentOf(network, { guides, signal: controller.signal });
  const following = follow(scheduler, network, descent);
  await asked.promise;
  controller.abort();
  scheduler.poke(descent);
  const end = (await following).at(-1);
  assert.ok(end?.type === 'cancelled');
  assert.equal(end.level, 3);
  assert.equal(end.results[0]?.prefix.length, 3);
  assert.equal(scheduler.size, 0);
});

test('a failure does not affect others', async () => {
  const network = grayNetwork(LEVELS);
  const { scheduler } = recorded();
  const guides = [
    {
      score: () => {
        throw new Error('no');
      },
    },
  ];
  const failing = descentOf(network, { guides });
  const [failed, others] = await Promise.all([
    follow(scheduler, network, failing),
    follow(scheduler, network, descentOf(network, AT_RANDOM)),
  ]);
  assert.equal(failing.error?.code, 'guide_failed');
  assert.equal(codesOf(failed), null);
  assert.ok(codesOf(others));
});

test('codes of several jobs are decoded in one run', async () => {
  const network = await tinyNetwork();
  const { scheduler, runs } = recorded();
  const [two, one] = await Promise.all([
    scheduler.decode({
      network,
      condition: null,
      client: 'a',
      codes: [
        [0, 1, 2, 3],
        [3, 2, 1, 0],
      ],
    }),
    scheduler.decode({ network, condition: null, client: 'b', codes: [[1, 1, 1, 1]] }),
  ]);
  assert.deepEqual(
    runs.map(({ level, rows, jobs }) => [level, rows, jobs]),
    [[null, 3, 2]],
  );
  const expected = await network.decode([
    [0, 1, 2, 3],
    [3, 2, 1, 0],
    [1, 1, 1, 1],
  ]);
  assert.deepEqual([...two, ...one], expected);
});

function deferred() {
  let resolve: (value: unknown) => void = () => {};
  const promise = new Promise((give) => {
    resolve = give;
  });
  return { promise, resolve };
}

test('clients share time: many large requests of one do not delay a small one of another', async (t) => {
  // A busy machine stretches what is measured: here each measurement takes as long.
  let clock = 0;
  t.mock.method(performance, 'now', () => ++clock);
  const network = grayNetwork(LEVELS);
  const { scheduler, runs, hooks } = recorded({ rowsPerRun: 4 });
  let small: Promise<unknown> | undefined;
  let between = 0;
  hooks.push(({ level }) => {
    if (level !== 2 || small) return;
    const before = runs.length;
    small = follow(scheduler, network, descentOf(network, { seed: 2, ...AT_RANDOM }), 'small').then(() => {
      between = runs.length - before;
    });
  });
  const large = [1, 2, 3, 4, 5, 6].map((seed) =>
    follow(scheduler, network, descentOf(network, { seed, count: 40, ...AT_RANDOM }), 'large'),
  );
  await Promise.all(large);
  await small;
  assert.ok(between > 0 && between <= 4 * LEVELS.length, `${between} runs, of ${runs.length}`);
  assert.ok(runs.length > 200);
});

test('codes are decoded in chunks, in which clients take turns', async () => {
  const network = await tinyNetwork();
  const { scheduler, runs } = recorded();
  const codes = Array.from({ length: 100 }, (_, n) => [n % 4, 0, 1, 2]);
  const many = scheduler.decode({ network, condition: null, client: 'many', codes });
  let behind = 0;
  const few = scheduler.decode({ network, condition: null, client: 'few', codes: codes.slice(0, 16) }).then((made) => {
    behind = runs.length;
    return made;
  });
  assert.equal((await few).length, 16);
  assert.ok(behind <= 3, `${behind} runs before`);
  assert.equal((await many).length, 100);
  assert.ok(runs.every(({ rows }) => rows <= 16));
});

test('cancelled codes are not decoded', async () => {
  const network = await tinyNetwork();
  const { scheduler, runs, hooks } = recorded();
  const controller = new AbortController();
  hooks.push(() => controller.abort(new Error('gone')));
  const codes = Array.from({ length: 100 }, () => [0, 0, 1, 2]);
  const drawing = scheduler.decode({ network, condition: null, client: 'a', codes, signal: controller.signal });
  await assert.rejects(drawing, /gone/);
  await scheduler.decode({ network, condition: null, client: 'b', codes: [[1, 1, 1, 1]] });
  assert.equal(runs.length, 2);
});

test('chunks of computations take turns by client, one at a time', async (t) => {
  const { scheduler } = recorded();
  const order: string[] = [];
  let running = 0;
  // Turns are by the time used, which a busy machine stretches: here each takes as long.
  let clock = 0;
  t.mock.method(performance, 'now', () => clock);
  const piece = (client: string) =>
    scheduler.compute(client, async () => {
      running += 1;
      assert.equal(running, 1);
      await Promise.resolve();
      clock += 3;
      running -= 1;
      order.push(client);
    });
  await Promise.all([...Array.from({ length: 8 }, () => piece('many')), piece('few'), piece('few')]);
  assert.ok(order.lastIndexOf('few') <= 4, order.join());
  await assert.rejects(
    scheduler.compute('a', () => Promise.reject(new Error('no'))),
    /no/,
  );
});

test('the number of candidates per call of an expensive guide is limited, for any number of results', async () => {
  const network = grayNetwork([
    { side: 2, candidates: 64 },
    { side: 2, candidates: 64 },
  ]);
  const asked: number[] = [];
  const guide = (shortlist?: number) => ({
    ...(shortlist === undefined ? {} : { prefers: { shortlist } }),
    score: ({ batch, count }: { batch: number; count: number }) => {
      asked.push(batch * count);
      return new Float32Array(batch * count).map((_, i) => (i * 7919) % 101);
    },
  });
  const plan = { count: 60, sampler: { top: 64, temperature: 1 } };
  await follow(new Scheduler(), network, descentOf(network, { ...plan, guides: [guide(64)] }));
  assert.ok(Math.max(...asked) <= 512, asked.join());
  asked.length = 0;
  await follow(new Scheduler(), network, descentOf(network, { ...plan, guides: [guide()] }));
  assert.ok(Math.max(...asked) > 512, asked.join());
});
