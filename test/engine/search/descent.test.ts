import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { codeToString } from '../../../src/contract/codes.ts';
import { advance, beginChoosing } from '../../../src/engine/search/batches.ts';
import { eventsOf, runTogether } from '../../../src/engine/search/run.ts';
import type { LevelInfo } from '../../../src/guide.ts';
import {
  bright,
  codesOf,
  collect,
  descentOf,
  grayNetwork,
  mean,
  type PlanOptions,
  scoring,
  tinyNetwork,
} from '../tiny.ts';

interface Vectors {
  readonly step: { readonly code: number[]; readonly candidates: number[][] };
  readonly decode: readonly { readonly code: number[]; readonly image: number[] }[];
}
const vectors = JSON.parse(readFileSync('test/fixtures/tiny-vectors.json', 'utf8')) as Vectors;

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

/** Numbers of requests that run together: one, three, all. */
const BATCHES = [1, 3, 8];

async function codes(options: PlanOptions): Promise<number[][]> {
  const network = await tinyNetwork();
  return codesOf(await collect(eventsOf(network, descentOf(network, options))));
}

test('the step path proposes the candidates of the exporter, level by level', async () => {
  const seen: number[][] = [];
  const guide = scoring((candidate, { index }) => {
    seen[index] = [...(seen[index] ?? []), ...candidate];
    return 0;
  });
  const network = await tinyNetwork();
  // Forced choices are not scored, so a second request is used in which only the last level is free.
  for (let level = 0; level < 4; level++) {
    seen.length = 0;
    const descent = descentOf(network, { guides: [guide], prefixes: [vectors.step.code.slice(0, level)] });
    while (descent.level <= level) await advance(network, [descent]);
    const expected = vectors.step.candidates[level] as number[];
    assert.equal(seen[level]?.length, expected.length);
    for (const [i, value] of expected.entries()) assert.ok(Math.abs(value - (seen[level]?.[i] as number)) < 1e-4);
  }
});

test('a descent with a complete prefix ends at the picture of decode.onnx', async () => {
  const network = await tinyNetwork();
  for (const { code, image } of vectors.decode) {
    const events = await collect(eventsOf(network, descentOf(network, { prefixes: [code] })));
    const end = events.at(-1);
    assert.ok(end?.type === 'done');
    assert.deepEqual(end.results[0]?.code, code);
    for (const [i, value] of image.entries())
      assert.ok(Math.abs(value - (end.results[0]?.image.data[i] as number)) < 1e-4);
  }
});

test('level events report choices and previews', async () => {
  const network = grayNetwork([
    { side: 2, candidates: 4 },
    { side: 4, candidates: 4 },
  ]);
  const events = await collect(eventsOf(network, descentOf(network, { guides: [bright()], count: 2 })));
  assert.deepEqual(
    events.map(({ type }) => type),
    ['level', 'level', 'done'],
  );
  const [first, second, done] = events;
  assert.ok(first?.type === 'level' && second?.type === 'level' && done?.type === 'done');
  assert.deepEqual([first.level, first.levels, first.side, second.level, second.side], [0, 2, 2, 1, 4]);
  assert.deepEqual(first.choices, [3, 2], 'the best, and the next best for the other result');
  assert.deepEqual(second.choices, [3, 3]);
  assert.deepEqual(second.codes, [
    [3, 3],
    [2, 3],
  ]);
  assert.deepEqual(first.guideScores, [[0.75, 0.5]]);
  assert.ok((first.scores[0] as number) > (first.scores[1] as number));
  assert.deepEqual([...(first.previews[0]?.data ?? [])], [0.75, 0.75, 0.75, 0.75]);
  assert.equal(second.previews[0]?.width, 4);
  assert.deepEqual(done.results[0], {
    code: [3, 3],
    codeString: codeToString([3, 3], [4, 4]),
    seed: 1,
    image: { data: new Float32Array(16).fill(1.125), channels: 1, width: 4, height: 4 },
    index: 0,
  });
  assert.deepEqual(done.guides, [{ name: 'guide0', calls: 2, candidates: 4 + 8, ms: done.guides[0]?.ms }]);
  const { network: inside, guides, engine } = second.timings;
  assert.ok([inside, guides, engine].every((ms) => ms >= 0 && ms < 10_000));
});

test('the same request and seed give the same codes: 5 runs, alone and in batches of 1, 3 and 8', async () => {
  const network = await tinyNetwork();
  const requests: PlanOptions[] = [
    { seed: 11, count: 3, sampler: { top: 2, temperature: 0 }, guides: [bright()] },
    { seed: 12, count: 1, sampler: { top: 99, temperature: 0.7 }, guides: [bright(), scoring((x) => x[0] as number)] },
    { seed: 13, count: 2, beams: [4, 2, 2, 1], guides: [scoring((x) => -mean(x))] },
    { seed: 14, count: 4 },
    { seed: 15, count: 2, prefixes: [[1, 2]], sampler: { top: 3, temperature: 0 }, guides: [bright()] },
    { seed: 16, count: 1, guides: [bright({ prefers: { shortlist: 2, refine: 1 } })] },
    { seed: 17, count: 5, sampler: { top: 4, temperature: 1.5 }, beams: [2, 2, 2, 1], guides: [bright()] },
    { seed: 18, count: 8, sampler: { top: 2, temperature: 0 }, guides: [bright()], blend: 'rank' },
  ];
  const alone = await Promise.all(requests.map(codes));
  for (let run = 0; run < 5; run++) {
    for (const size of BATCHES) {
      const descents = requests.map((request) => descentOf(network, request));
      for (let from = 0; from < descents.length; from += size)
        await runTogether(network, descents.slice(from, from + size));
      for (const [i, descent] of descents.entries()) assert.deepEqual(codesOf(descent.drainEvents()), alone[i]);
    }
  }
});

test('a late request shares runs and gets the same codes', async () => {
  const network = await tinyNetwork();
  const request = { seed: 3, count: 2, sampler: { top: 2, temperature: 0 }, guides: [bright()] };
  const early = descentOf(network, request);
  await advance(network, [early]);
  await advance(network, [early]);
  const late = descentOf(network, request);
  await runTogether(network, [early, late]);
  assert.deepEqual(codesOf(late.drainEvents()), codesOf(early.drainEvents()));
});

test('results do not depend on their number', async () => {
  const request = { seed: 4, sampler: { top: 3, temperature: 0 }, guides: [bright()] };
  const eight = await codes({ ...request, count: 8 });
  assert.deepEqual(await codes({ ...request, count: 3 }), eight.slice(0, 3));
  assert.deepEqual(await codes({ ...request, count: 1 }), eight.slice(0, 1));
});

test('results are distinct with every sampler', async () => {
  const samplers = [
    { top: 1, temperature: 0 },
    { top: 2, temperature: 0 },
    { top: 99, temperature: 0.01 },
    { top: 99, temperature: 3 },
  ];
  for (const sampler of samplers)
    for (const beams of [
      [1, 1, 1, 1],
      [8, 8, 4, 1],
    ])
      for (const count of [8, 100])
        for (const guides of [[], [bright()], [bright({ prefers: { shortlist: 2 } })]]) {
          const found = await codes({ count, sampler, beams, guides });
          assert.equal(new Set(found.map(String)).size, count, JSON.stringify({ sampler, beams, count }));
        }
});

test('results are sorted, best first, with their index in level events', async () => {
  const network = await tinyNetwork();
  const sampler = { top: 99, temperature: 3 };
  for (const weight of [1, -1]) {
    const options = { count: 6, sampler, guides: [bright()], weights: [weight] };
    const events = await collect(eventsOf(network, descentOf(network, options)));
    const last = events.findLast((event) => event.type === 'level');
    const done = events.at(-1);
    assert.ok(done?.type === 'done' && last);
    const brightness = done.results.map(({ image }) => weight * mean(image.data));
    assert.deepEqual(
      brightness,
      [...brightness].sort((a, b) => b - a),
    );
    assert.notDeepEqual(
      done.results.map(({ index }) => index),
      [0, 1, 2, 3, 4, 5],
    );
    for (const { index, code } of done.results) assert.deepEqual(last.codes[index], code);
  }
});

test('all codes of a model can be requested at once', async () => {
  for (const sampler of [
    { top: 1, temperature: 0 },
    { top: 99, temperature: 0 },
  ]) {
    const found = await codes({ count: 256, sampler, guides: [bright()] });
    assert.equal(new Set(found.map(String)).size, 256);
    const few = await codes({ count: 4, sampler, guides: [bright()], prefixes: [[0, 1, 2]] });
    assert.deepEqual(few.map(String).sort(), ['0,1,2,0', '0,1,2,1', '0,1,2,2', '0,1,2,3']);
  }
});

test('prefixes are kept, one for all results or one for each', async () => {
  const shared = await codes({
    count: 3,
    prefixes: [[3, 1]],
    sampler: { top: 99, temperature: 0 },
    guides: [bright()],
  });
  assert.ok(shared.every(([first, second]) => first === 3 && second === 1));
  const own = await codes({ count: 2, prefixes: [[3], [1]], guides: [bright()] });
  assert.deepEqual(
    own.map(([first]) => first),
    [3, 1],
  );
});

test('beams find codes that greedy choices miss', async () => {
  const network = grayNetwork([
    { side: 1, candidates: 2 },
    { side: 1, candidates: 2 },
  ]);
  // Candidate 1 scores higher at level 0, but the best code begins with candidate 0.
  const guide = scoring((x, { index }) => (index === 0 ? mean(x) : -Math.abs(mean(x) - 0.25)));
  const run = async (beams: number[]) =>
    codesOf(await collect(eventsOf(network, descentOf(network, { guides: [guide], beams }))));
  assert.deepEqual(await run([1, 1]), [[1, 0]]);
  assert.deepEqual(await run([2, 1]), [[0, 1]]);
});

test('blends are computed over all beams together', async () => {
  const network = grayNetwork([
    { side: 1, candidates: 2 },
    { side: 1, candidates: 2 },
  ]);
  const opposed = scoring((x) => -mean(x));
  const events = await collect(
    eventsOf(
      network,
      descentOf(network, { guides: [bright(), opposed], weights: [1, 0.5], beams: [2, 1], blend: 'rank' }),
    ),
  );
  const level = events[1];
  assert.ok(level?.type === 'level');
  // Ranks of 4 candidates are 0, ⅓, ⅔, 1; the best of one guide is the worst of the other: 1 · 1 + 0.5 · 0.
  assert.deepEqual(level.choices, [1]);
  assert.equal(level.scores[0], 1);
});

test('changed weights apply to the remaining levels', async () => {
  const network = grayNetwork(Array.from({ length: 4 }, () => ({ side: 1, candidates: 4 })));
  const descent = descentOf(network, { guides: [bright(), scoring((x) => -mean(x))], weights: [1, 0] });
  await advance(network, [descent]);
  await advance(network, [descent]);
  descent.setWeights([0, 1]);
  await runTogether(network, [descent]);
  const events = descent.drainEvents();
  assert.deepEqual(codesOf(events), [[3, 3, 0, 0]]);
  const end = events.at(-1);
  assert.ok(end?.type === 'done');
  assert.deepEqual(
    end.guides.map(({ calls }) => calls),
    [2, 2],
    'a weight of 0: not asked',
  );
  assert.throws(() => descent.setWeights([1]), RangeError);
  assert.throws(() => descent.setWeights([1, Number.NaN]), RangeError);
});

test('results in the same state are run and scored once', async () => {
  const network = await tinyNetwork();
  const asked: number[] = [];
  const guide = {
    score: ({ batch, count }: { batch: number; count: number }) => {
      asked.push(batch);
      return new Float32Array(batch * count).map((_, i) => i);
    },
  };
  const descent = descentOf(network, { count: 6, prefixes: [[2, 2]], guides: [guide] });
  await runTogether(network, [descent]);
  assert.deepEqual(asked, [1, 3], 'six results begin alike, and part two by two over the best three candidates');
});

test('guides receive the level', async () => {
  const network = grayNetwork([
    { side: 2, candidates: 2 },
    { side: 4, candidates: 2 },
  ]);
  const levels: LevelInfo[] = [];
  const guide = scoring((_, level) => levels.push(level));
  await collect(eventsOf(network, descentOf(network, { guides: [guide] })));
  assert.deepEqual(levels[0], { index: 0, levels: 2, side: 2, finalSide: 4 });
  assert.deepEqual(levels.at(-1), { index: 1, levels: 2, side: 4, finalSide: 4 });
});

test('a large request is split into runs that fit, with the same results', async () => {
  const network = await tinyNetwork();
  const request = { count: 20, sampler: { top: 2, temperature: 0 }, beams: [2, 2, 2, 1], guides: [bright()] };
  const whole = await codes(request);
  const small = await tinyNetwork();
  small.rowsAt = () => 3;
  const events = await collect(eventsOf(small, descentOf(network, request)));
  assert.deepEqual(codesOf(events), whole);
  assert.equal(events.length, 5, 'still one event per level');
});

test('a waiting person does not block other requests', async () => {
  const network = await tinyNetwork();
  let answer: (scores: Float32Array) => void = () => {};
  const person = {
    score: () =>
      new Promise<Float32Array>((resolve) => {
        answer = resolve;
      }),
  };
  const slow = descentOf(network, { guides: [person] });
  const quick = descentOf(network, { guides: [bright()] });
  const waiting = await beginChoosing(network, [slow, quick]);
  await waiting[1];
  assert.deepEqual([slow.status, quick.status], ['choosing', 'ready']);
  await runTogether(network, [quick]);
  assert.equal(quick.status, 'done');
  assert.equal(slow.nextSlice(1), null);
  answer(Float32Array.of(0, 0, 5, 0));
  await waiting[0];
  assert.equal(slow.status, 'ready');
  const [event] = slow.drainEvents();
  assert.ok(event?.type === 'level');
  assert.deepEqual(event.choices, [2]);
});

test('descents at different levels cannot share a run', async () => {
  const network = await tinyNetwork();
  const ahead = descentOf(network);
  await advance(network, [ahead]);
  await assert.rejects(advance(network, [ahead, descentOf(network)]), RangeError);
});

test('300 descents release their memory', async () => {
  const network = await tinyNetwork();
  const kept: WeakRef<object>[] = [];
  const run = async () => {
    const descent = descentOf(network, { count: 2, guides: [bright()], sampler: { top: 2, temperature: 0 } });
    for await (const event of eventsOf(network, descent))
      if (event.type === 'level') kept.push(new WeakRef(event.previews[0] as object));
    kept.push(new WeakRef(descent));
  };
  for (let i = 0; i < 300; i++) await run();
  // WeakRefs are cleared by a collection after the turn in which they were created.
  await new Promise((resolve) => setTimeout(resolve, 10));
  collectGarbage();
  assert.ok(kept.filter((ref) => ref.deref()).length < 10);
});

test('memory of a run is reused, except that of a guide that timed out', async () => {
  const network = await tinyNetwork();
  const blocks: ArrayBufferLike[] = [];
  const noting = (answer: (count: number) => Float32Array | Promise<Float32Array>) => ({
    score({ data, batch, count }: { data: Float32Array; batch: number; count: number }) {
      blocks.push(data.buffer);
      return answer(batch * count);
    },
  });
  const zeros = (count: number) => new Float32Array(count);
  await collect(eventsOf(network, descentOf(network, { guides: [noting(zeros)] })));
  assert.ok(new Set(blocks).size < blocks.length, 'each level took memory of its own');

  const controller = new AbortController();
  const never = noting(() => {
    controller.abort();
    return new Promise(() => undefined);
  });
  await collect(eventsOf(network, descentOf(network, { guides: [never], signal: controller.signal })));
  const given = blocks.at(-1);
  await collect(eventsOf(network, descentOf(network, { guides: [noting(zeros)] })));
  assert.ok(blocks.slice(-4).every((block) => block !== given));
});
