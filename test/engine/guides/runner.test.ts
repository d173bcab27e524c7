import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { GuideRunner, withTimeLimit } from '../../../src/engine/guides/runner.ts';
import { runTogether } from '../../../src/engine/search/run.ts';
import { type Candidates, type Guide, GuideProblem, type Preferences } from '../../../src/guide.ts';
import { bright, codesOf, descentOf, tinyNetwork } from '../tiny.ts';

const LEVEL = { index: 0, levels: 1, side: 2, finalSide: 2 };
const signal = new AbortController().signal;
const candidates = (): Candidates => ({
  data: new Float32Array(2 * 3 * 4).fill(0.5),
  batch: 2,
  count: 3,
  channels: 1,
  side: 2,
});
const never = () => new Promise<never>(() => {});

/** Faulty guides, and the error that each must cause. */
const bad: Record<string, { guide: Guide; code: string; message: RegExp }> = {
  throws: {
    guide: { score: () => assert.fail('out of ideas') },
    code: 'guide_failed',
    message: /Guide "guide0" failed: out of ideas\. /,
  },
  'rejects with what is no error': {
    guide: { score: () => Promise.reject('nothing') },
    code: 'guide_failed',
    message: /"guide0".*nothing/,
  },
  'has a problem for its user': {
    guide: {
      score() {
        throw new GuideProblem('the service wants money');
      },
    },
    code: 'guide_refused',
    message: /"guide0": the service wants money\./,
  },
  'returns NaN': {
    guide: { score: ({ batch, count }) => new Float32Array(batch * count).fill(Number.NaN, 1) },
    code: 'guide_score_value',
    message: /"guide0" returned NaN as score 1/,
  },
  'returns infinity': {
    guide: { score: ({ batch, count }) => new Float32Array(batch * count).fill(Number.NEGATIVE_INFINITY) },
    code: 'guide_score_value',
    message: /-Infinity as score 0/,
  },
  'returns too few scores': {
    guide: { score: ({ count }) => new Float32Array(count - 1) },
    code: 'guide_score_count',
    message: /"guide0" returned 3 scores, expected 4/,
  },
  'returns nothing': {
    guide: { score: () => undefined as unknown as Float32Array },
    code: 'guide_failed',
    message: /"guide0".*undefined and not a Float32Array/,
  },
  'returns a Proxy': {
    guide: { score: ({ batch, count }) => new Proxy(new Float32Array(batch * count), {}) },
    code: 'guide_failed',
    message: /"guide0".*a Proxy and not a Float32Array/,
  },
  'returns what throws when it is looked at': {
    guide: {
      score: () =>
        new Proxy(new Float32Array(), {
          has: () => assert.fail('do not look'),
          getPrototypeOf: () => assert.fail('do not look'),
        }),
    },
    code: 'guide_failed',
    message: /"guide0".*do not look/,
  },
  'gives the candidates away': {
    guide: {
      score({ data, batch, count }) {
        structuredClone(data.buffer, { transfer: [data.buffer as ArrayBuffer] });
        return new Float32Array(batch * count);
      },
    },
    code: 'guide_failed',
    message: /"guide0".*gave away the memory/,
  },
  'returns a plain list': {
    guide: { score: () => [1, 2, 3, 4] as unknown as Float32Array },
    code: 'guide_failed',
    message: /"guide0".*Array and not a Float32Array/,
  },
  'never answers': { guide: { score: never }, code: 'guide_timeout', message: /"guide0" gave no answer within 0.05 s/ },
  'changes what it was shown': {
    guide: {
      score({ data, batch, count }) {
        data.forEach((value, i) => {
          data[i] = (value + 1) / 2;
        });
        return new Float32Array(batch * count).map((_, i) => i);
      },
    },
    code: 'guide_changed_input',
    message: /"guide0" modified the candidates/,
  },
  'throws when it is asked about its levels': {
    guide: { score: never, prefers: { asks: () => assert.fail('which level?') } },
    code: 'guide_failed',
    message: /"guide0".*which level/,
  },
};

describe('a faulty guide ends its own request with a coded error, and no other', () => {
  for (const [name, { guide, code, message }] of Object.entries(bad)) {
    test(name, async () => {
      const network = await tinyNetwork();
      const broken = descentOf(network, { guides: [guide], timeoutSeconds: 0.05, isTrusted: false });
      const other = descentOf(network, { seed: 2, count: 2, guides: [bright()] });
      const alone = descentOf(network, { seed: 2, count: 2, guides: [bright()] });
      await runTogether(network, [broken, other]);
      await runTogether(network, [alone]);
      assert.equal(broken.status, 'failed');
      assert.equal(broken.error?.code, code);
      assert.match(broken.error?.message ?? '', message);
      assert.deepEqual(broken.drainEvents(), []);
      assert.deepEqual(codesOf(other.drainEvents()), codesOf(alone.drainEvents()));
    });
  }
});

test('returns scores unchanged and counts them', async () => {
  const guide = new GuideRunner('sum', { score: () => Float32Array.of(1, 2, 3, 4, 5, 6) }, { timeoutSeconds: 1 });
  assert.deepEqual([...(await guide.score(candidates(), LEVEL, signal))], [1, 2, 3, 4, 5, 6]);
  await guide.score(candidates(), LEVEL, signal);
  assert.deepEqual({ ...guide.use, ms: 0 }, { name: 'sum', calls: 2, candidates: 12, ms: 0 });
});

test('a guide with patienceSeconds may take longer', async () => {
  const answer = () => new Promise<Float32Array>((resolve) => setTimeout(() => resolve(new Float32Array(6)), 40));
  const hasty = new GuideRunner('hasty', { score: answer }, { timeoutSeconds: 0.01 });
  const patient = new GuideRunner(
    'patient',
    { score: answer, prefers: { patienceSeconds: 10 } },
    { timeoutSeconds: 0.01 },
  );
  await assert.rejects(hasty.score(candidates(), LEVEL, signal), { code: 'guide_timeout' });
  assert.equal((await patient.score(candidates(), LEVEL, signal)).length, 6);
});

test('the signal of a guide aborts at a timeout and at a cancellation', async () => {
  const signals: AbortSignal[] = [];
  const guide = new GuideRunner(
    'waits',
    {
      score(_, __, inner) {
        signals.push(inner);
        return never();
      },
    },
    { timeoutSeconds: 0.02 },
  );
  await assert.rejects(guide.score(candidates(), LEVEL, signal), { code: 'guide_timeout' });
  const controller = new AbortController();
  const asked = guide.score(candidates(), LEVEL, controller.signal);
  controller.abort();
  await assert.rejects(asked, { code: 'cancelled' });
  await assert.rejects(guide.score(candidates(), LEVEL, controller.signal), { code: 'cancelled' });
  assert.deepEqual(
    signals.map(({ aborted }) => aborted),
    [true, true],
    'and it was not asked again',
  );
});

test('leaves no listeners or timers', async () => {
  let listeners = 0;
  const controller = new AbortController();
  const counting = new Proxy(controller.signal, {
    get(target, key) {
      if (key === 'addEventListener') return () => void listeners++;
      if (key === 'removeEventListener') return () => void listeners--;
      return Reflect.get(target, key, target);
    },
  });
  await withTimeLimit('g', 60, counting, async () => 1);
  await assert.rejects(withTimeLimit('g', 60, counting, () => Promise.reject(new Error('no'))));
  await assert.rejects(withTimeLimit('g', 0.01, counting, never));
  assert.equal(listeners, 0);
  const timers = process.getActiveResourcesInfo().filter((name) => name === 'Timeout');
  assert.equal(timers.length, 0);
});

test('is active within its fromSide and toSide, and where it asks to be', () => {
  const at = (side: number, index = 0) => ({ index, levels: 9, side, finalSide: 64 });
  const guide = new GuideRunner(
    'g',
    { score: never, prefers: { fromSide: 8, toSide: 32, asks: ({ index }) => index !== 5 } },
    { timeoutSeconds: 1 },
  );
  assert.deepEqual(
    [4, 8, 32, 64].map((side) => guide.isActiveAt(at(side))),
    [false, true, true, false],
  );
  assert.equal(guide.isActiveAt(at(8, 5)), false);
});

test('is active at the finest sides only if it is cheap or requests it', () => {
  const at = (side: number) => ({ index: 0, levels: 9, side, finalSide: 256 });
  const asked = (prefers: Preferences) => {
    const guide = new GuideRunner('g', { score: never, prefers }, { timeoutSeconds: 1, finestAsked: 64 });
    return [64, 128, 256].map((side) => guide.isActiveAt(at(side)));
  };
  assert.deepEqual(asked({}), [true, true, true]);
  assert.deepEqual(asked({ shortlist: 8 }), [true, false, false]);
  assert.deepEqual(asked({ shortlist: 8, toSide: 128 }), [true, true, false]);
});

test('scores more candidates at levels where prefers.times says so', () => {
  const at = (side: number) => ({ index: 0, levels: 9, side, finalSide: 64 });
  const times = ({ side }: { side: number }) => (side === 4 ? 2.7 : side === 8 ? 1 : Number.NaN);
  const guide = new GuideRunner(
    'g',
    { score: never, prefers: { shortlist: 6, refine: 3, times } },
    { timeoutSeconds: 1 },
  );
  assert.deepEqual(guide.budgetAt(at(4)), { shortlist: 16, refine: 8 });
  assert.deepEqual(guide.budgetAt(at(8)), { shortlist: 6, refine: 3 });
  assert.throws(() => guide.budgetAt(at(16)), { code: 'guide_failed' });
});

test('is disposed of once, even if that fails', async () => {
  let times = 0;
  const guide = new GuideRunner(
    'g',
    {
      score: never,
      dispose() {
        times += 1;
        throw new Error('stuck');
      },
    },
    { timeoutSeconds: 1 },
  );
  await guide.dispose();
  await guide.dispose();
  assert.equal(times, 1);
});
