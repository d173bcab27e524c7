import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { type Amounts, FULL } from '../../../src/lab/bench/server/context.ts';
import { barText, figure, mean, percentile } from '../../../src/lab/bench/server/figure.ts';
import { closeConnections } from '../../../src/lab/bench/server/http-client.ts';
import { firstPictureMs } from '../../../src/lab/bench/server/previews.ts';
import { ServerProcess } from '../../../src/lab/bench/server/server-process.ts';
import { PARTS } from '../../../src/lab/bench/server/suite.ts';
import { kandid } from '../../cli/fake-io.ts';

after(closeConnections);

/** So little that only what holds at any speed can be looked at. */
const LITTLE: Amounts = {
  ...FULL,
  previews: 2,
  sockets: 4,
  rounds: 1,
  alone: 2,
  curveSeconds: 0,
  curve: [1, 2],
  cancels: 2,
  cancelCount: 4,
  readers: 2,
  windows: 1,
  windowSeconds: 0.3,
  overloadSeconds: 1.5,
  capacitySeconds: 0.5,
  clients: 2,
  workerKills: 2,
  killSockets: 2,
  killSeconds: 60,
  permalinkSeconds: 0.3,
  mixedLoad: 60,
  hostileSeconds: 0.2,
  hostileBodies: 1,
  hostileMutations: 200,
};
const server = { models: ['models'], model: 'tiny', device: 'cpu', threads: 1 };

test('figures are compared with their limits', () => {
  const of = (value: number, bar: { most?: number; least?: number }) => figure('x', value, { unit: 'ms', bar });
  assert.deepEqual(
    [of(1, { most: 1 }).met, of(2, { most: 1 }).met, of(Number.NaN, { most: 1 }).met],
    [true, false, false],
  );
  assert.deepEqual([of(5, { least: 5 }).met, of(4, { least: 5 }).met, figure('x', 1).met], [true, false, null]);
  assert.deepEqual(
    [barText(of(1, { most: 1 })), barText(of(1, { least: 2, most: 3 })), barText(figure('x', 1))],
    ['≤ 1 ms', '≥ 2 ms, ≤ 3 ms', ''],
  );
  assert.deepEqual([figure('x', 1.23456).value, figure('x', 5285.3).value], [1.23, 5285]);
});

test('percentiles and means', () => {
  const hundred = Array.from({ length: 100 }, (_, n) => 99 - n);
  assert.deepEqual([percentile(hundred, 0.99), percentile(hundred, 0), percentile([7], 0.5)], [99, 0, 7]);
  assert.equal(mean([1, 2, 6]), 3);
});

test('a picture that is finished before its first preview was read counts as that preview; a lost one never came', () => {
  assert.equal(firstPictureMs({ type: 'done', ms: 9, firstPreviewMs: 4 }), 4);
  assert.equal(firstPictureMs({ type: 'done', ms: 9, firstPreviewMs: null }), 9);
  assert.equal(firstPictureMs({ type: 'error', ms: 9, firstPreviewMs: null }), Number.POSITIVE_INFINITY);
});

/** Bars that are met however slow the machine is. */
const MUST: Readonly<Record<string, readonly string[]>> = {
  // After the third of four levels one is left.
  cancel: ['levels chosen after it'],
  // Of one window, the last is the first.
  'slow-reader': ['memory of the server'],
  overload: ['answers that are neither', 'without Retry-After'],
  kills: ['workers killed', 'did not end exactly once', 'server was down'],
  permalinks: ['other answers'],
  mixed: ['no answer, or 5xx', 'exit code after SIGTERM'],
  hostile: ['processes that ended', 'memory of the server', 'memory of the worker', 'shutdown: exit code'],
};

/** What is measured, where no bar holds on a slow machine. */
const MEASURED: Readonly<Record<string, readonly string[]>> = {
  previews: ['first preview, to a picture', 'first preview, from words'],
  together: [
    'sockets at once: slowest ÷ fastest finish',
    'pictures a second, one by one',
    'pictures a second, 4 waiting',
    'pictures a second: waiting ÷ one by one',
    'network alone, batch 1',
    'network alone, batch 2',
    'event-loop delay p99 under that load',
    '/healthz p99 under that load',
  ],
  cancel: ['cancel → levels chosen after it', 'cancel → answered with the best pictures so far'],
  'slow-reader': [
    'a socket that never reads: time of the others ÷ without it',
    'a socket that never reads: memory of the server, last ÷ first such window',
  ],
};

const MAY_BE_NONE = 'cancel → levels chosen after it';

test('amounts exist for all parts and are positive', () => {
  const asked = [...new Set([...Object.keys(MUST), ...Object.keys(MEASURED)])];
  assert.deepEqual(asked.sort(), PARTS.map(({ name }) => name).sort());
});

for (const part of PARTS)
  test(`${part.name}: figures of a separate server`, async () => {
    const figures = await part.run({ server, amounts: LITTLE, signal: new AbortController().signal });
    assert.ok(figures.length > 0);
    // A request that did not end well is infinite.
    for (const { name, value } of figures) assert.ok(Number.isFinite(value) && value >= 0, `${name}: ${value}`);
    const names = figures.map(({ name }) => name);
    assert.deepEqual(names, MEASURED[part.name] ?? names);
    for (const { name, value } of figures)
      if (MEASURED[part.name] && name !== MAY_BE_NONE) assert.ok(value > 0, `${name}: ${value}`);
    for (const words of MUST[part.name] ?? []) {
      const found = figures.find(({ name }) => name.includes(words));
      assert.equal(found?.met, true, `${words}: ${JSON.stringify(found)}`);
    }
  });

test('a server that cannot start reports the reason', async () => {
  await assert.rejects(ServerProcess.start({ ...server, model: 'nothing' }), /model "nothing"/);
});

test('bench --server: selected parts, as JSON', async () => {
  const { code, out, err } = await kandid(['bench', 'tiny', '--server', '--quick', '--only', 'permalinks', '--json']);
  assert.equal(code, 0, err);
  const told = JSON.parse(out);
  assert.equal(told.model, 'tiny');
  assert.deepEqual(
    told.server.map(({ name }: { name: string }) => name.split(':')[0]),
    ['permalinks', 'permalinks', 'permalinks'],
  );
  const wrong = await kandid(['bench', 'tiny', '--server', '--only', 'permalink']);
  assert.equal(wrong.code, 2);
  assert.match(wrong.err, /--only.*permalinks/);
});
