import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import type { GenerateRequest } from '../../src/contract/requests.ts';
import { Engine } from '../../src/engine/engine.ts';
import type { GenerateEvent } from '../../src/engine/search/events.ts';
import { eventsOf } from '../../src/engine/search/run.ts';
import type { GuideContext } from '../../src/guide.ts';
import { encodePicture } from '../../src/pictures/codec.ts';
import { codesOf, collect } from './tiny.ts';

interface Probe {
  contexts: GuideContext[];
  disposed: string[];
  makes: number;
}
const probe: Probe = { contexts: [], disposed: [], makes: 0 };
(globalThis as { kandidProbe?: Probe }).kandidProbe = probe;

const guides = await mkdtemp(join(tmpdir(), 'kandid-engine-'));
await writeFile(
  join(guides, 'probe.mjs'),
  `const probe = globalThis.kandidProbe;
  export default ({ z, GuideProblem }) => ({
    name: 'probe', description: 'Looks at what it is handed.',
    params: z.strictObject({ do: z.enum(['work', 'likelihood', 'refuse', 'throw', 'hang', 'shared']).default('work'), level: z.int().max(3).default(0) }),
    async create({ do: what }, context) {
      probe.contexts.push(context);
      if (what === 'refuse') throw new GuideProblem('not today');
      if (what === 'throw') throw new Error('broken');
      if (what === 'hang') await new Promise(() => {});
      if (what === 'shared') await context.shared('thing', async () => { probe.makes++; return {}; }, () => { probe.disposed.push('thing'); });
      context.note('hello');
      return { isLogLikelihood: what === 'likelihood', score: ({ batch, count }) => new Float32Array(batch * count).map((_, i) => i), dispose() { probe.disposed.push(what); } };
    },
  });`,
);
const engine = await Engine.open({
  models: ['models'],
  guides: [guides],
  defaultModel: 'tiny',
  device: 'cpu',
  threads: 1,
});
after(async () => {
  await engine.close();
  await rm(guides, { recursive: true });
});

async function run(request: GenerateRequest): Promise<GenerateEvent[]> {
  const { network, descent } = await engine.prepare(request);
  return await collect(eventsOf(network, descent));
}

test('a request yields results: the guide receives its context, its note is returned, it is freed', async () => {
  probe.contexts.length = 0;
  probe.disposed.length = 0;
  const events = await run({ guides: [{ name: 'probe' }], seed: 77 });
  assert.deepEqual(codesOf(events), [[3, 3, 3, 3]]);
  const [context] = probe.contexts;
  assert.deepEqual(context?.model, {
    name: 'tiny',
    channels: 3,
    finalSide: 8,
    levels: 4,
    textModels: ['avatars-clip'],
    perceptualModels: [],
    hasPrior: false,
  });
  assert.equal(context?.seed, 77);
  assert.deepEqual(context?.execution, { device: 'cpu', threads: 1 });
  assert.equal(context?.person, undefined);
  const end = events.at(-1);
  assert.ok(end?.type === 'done');
  assert.deepEqual(end.notes, ['probe: hello']);
  assert.deepEqual(probe.disposed, ['work']);
});

test('words that say nothing decide nothing: the pictures are those of a request without them', async () => {
  const request = { model: 'avatars-64', seed: 5, count: 2 };
  const spoken = await run({ ...request, guides: [{ name: 'text', params: { prompt: 'a castle on a hill' } }] });
  assert.deepEqual(codesOf(spoken), codesOf(await run(request)));
  const end = spoken.at(-1);
  assert.ok(end?.type === 'done');
  assert.match(end.notes.join('\n'), /no word says anything about the picture/);
  assert.equal(end.guides[0]?.calls, 0);
});

test('a random seed is drawn and reported if none is given', async () => {
  const first = (await run({})).at(-1);
  const second = (await run({})).at(-1);
  assert.ok(first?.type === 'done' && second?.type === 'done');
  assert.notEqual(first.results[0]?.seed, second.results[0]?.seed);
  const again = await run({ seed: first.results[0]?.seed });
  assert.deepEqual(codesOf(again), [first.results[0]?.code]);
});

test('a negative weight reverses a guide', async () => {
  assert.deepEqual(codesOf(await run({ guides: [{ name: 'probe', weight: -1 }] })), [[0, 0, 0, 0]]);
});

const failing: [request: GenerateRequest, code: string, message: RegExp][] = [
  [{ model: 'tinny' }, 'model_unknown', /"tiny"/],
  [{ guides: [{ name: 'prob' }] }, 'guide_unknown', /"probe"/],
  [{ guides: [{ name: 'probe', params: { level: 4 } }] }, 'params_invalid', /Guide "probe": level: expected at most 3/],
  [
    { guides: [{ name: 'probe', params: { levle: 1 } }] },
    'params_invalid',
    /Guide "probe": levle: there is no such field/,
  ],
  [{ guides: [{ name: 'probe', params: { do: 'refuse' } }] }, 'guide_refused', /"probe": not today/],
  [{ guides: [{ name: 'probe', params: { do: 'throw' } }] }, 'guide_failed', /"probe" failed: broken/],
  [
    { guides: [{ name: 'target', params: { image: Buffer.from('no picture') } }] },
    'picture_unreadable',
    /guide "target"/,
  ],
  [{ prefix: [[0, 9]] }, 'code_invalid', /level 1 is 9/],
  [{ prefix: [[0, 0, 0, 0, 0]] }, 'code_invalid', /at most 4 levels/],
  [
    { count: 5, prefix: [[0, 1, 2]] },
    'params_invalid',
    /count: there are only 4 different pictures.* begin so, asked for 5/,
  ],
  [{ condition: new Uint8Array(3) }, 'condition_unexpected', /"tiny" takes no condition/],
];

test('invalid requests are refused early, and guides already created are freed', async () => {
  for (const [request, code, message] of failing) {
    probe.disposed.length = 0;
    const guides = [{ name: 'probe' }, ...(request.guides ?? [])];
    await assert.rejects(engine.prepare({ ...request, guides }), { code, message });
    if (code.startsWith('guide_') && code !== 'guide_unknown') assert.deepEqual(probe.disposed, ['work']);
  }
});

test('a cancellation while a guide is created is effective', async () => {
  const controller = new AbortController();
  const preparing = engine.prepare(
    { guides: [{ name: 'probe', params: { do: 'hang' } }] },
    { signal: controller.signal },
  );
  setTimeout(() => controller.abort(), 5);
  await assert.rejects(preparing, { code: 'cancelled' });
});

test('a guide that is active at no level is reported', async () => {
  const image = await encodePicture({ data: new Float32Array(192), channels: 3, width: 8, height: 8 });
  const events = await run({ guides: [{ name: 'target', params: { image, fromSide: 16 } }] });
  const end = events.at(-1);
  assert.ok(end?.type === 'done');
  assert.match(end.notes[0] ?? '', /^target: it is never asked, because this model's levels have the sides 4, 8/);
});

test('the human guide receives the function that answers it', async () => {
  const asked: number[] = [];
  const { network, descent } = await engine.prepare(
    { guides: [{ name: 'human', params: { shortlist: 3 } }] },
    {
      person: async ({ pictures, level }) => {
        asked.push(level.index);
        return [pictures.length - 1];
      },
    },
  );
  const events = await collect(eventsOf(network, descent));
  assert.equal(codesOf(events).length, 1);
  assert.deepEqual(asked, [0, 2], 'once per side');
});

test('shared resources of guides are created once and freed with the engine', async () => {
  const own = await Engine.open({ models: ['models'], guides: [guides], defaultModel: 'tiny', device: 'cpu' });
  probe.makes = 0;
  const request = { guides: [{ name: 'probe', params: { do: 'shared' } }] };
  const prepared = await Promise.all([own.prepare(request), own.prepare(request)]);
  for (const { descent } of prepared) await descent.dispose();
  assert.equal(probe.makes, 1);
  probe.disposed.length = 0;
  await own.close();
  assert.deepEqual(probe.disposed, ['thing']);
  await assert.rejects(own.prepare(request), { code: 'closed' });
});

test('guides open models and folders as permitted by the engine', async () => {
  const { descent } = await engine.prepare({ guides: [{ name: 'probe' }] });
  await descent.dispose();
  const context = probe.contexts.at(-1);
  assert.match((await context?.folder('tiny')) ?? '', /models.tiny$/);
  assert.equal(await context?.folder(guides), guides);
  await assert.rejects(async () => context?.folder('tniy'), { code: 'model_unknown', message: /"tiny"/ });
  const strict = await Engine.open({
    models: ['models'],
    guides: [guides],
    defaultModel: 'tiny',
    device: 'cpu',
    paths: false,
  });
  const other = await strict.prepare({ guides: [{ name: 'probe' }] });
  await other.descent.dispose();
  await assert.rejects(async () => probe.contexts.at(-1)?.folder(guides), { code: 'model_unknown' });
  await assert.rejects(strict.prepare({ model: './models/tiny' }), { code: 'model_unknown' });
  await strict.close();
});

test('concurrent requests open a model once', async () => {
  const own = await Engine.open({ models: ['models'], defaultModel: 'tiny', device: 'cpu' });
  const [one, two] = await Promise.all([own.models.open(), own.models.open('tiny')]);
  assert.equal(one, two);
  await own.close();
});

test('options out of range are refused', async () => {
  await assert.rejects(Engine.open({ models: ['models'], threads: 0 }), { code: 'option_invalid', message: /threads/ });
  await assert.rejects(Engine.open({ models: ['models'], device: 'tpu' }), {
    code: 'option_invalid',
    message: /device/,
  });
  const empty = await Engine.open({ models: [join(guides, 'none')], device: 'cpu' });
  assert.deepEqual(empty.models.summaries(), []);
  await assert.rejects(empty.prepare({}), { code: 'models_missing' });
});

test('scores that are log-likelihoods are blended as such beside a prior, unless the request says otherwise', async () => {
  const other = await Engine.open({ models: ['test/fixtures/prior'], guides: [guides], device: 'cpu', threads: 1 });
  const planOf = async (engineOf: Engine, request: GenerateRequest) => {
    const { descent } = await engineOf.prepare(request);
    await descent.dispose();
    const { blend, sampler } = descent.plan;
    return [blend, sampler.prior];
  };
  const likely = { name: 'probe', params: { do: 'likelihood' } };
  const model = 'tiny-prior';
  assert.deepEqual(await planOf(other, { model, guides: [likely] }), ['likelihood', 1]);
  assert.deepEqual(await planOf(other, { model, guides: [likely], blend: 'zscore' }), ['zscore', 0.1]);
  assert.deepEqual(await planOf(other, { model, guides: [likely], sampler: { prior: 0 } }), ['zscore', 0]);
  assert.deepEqual(await planOf(other, { model, guides: [likely, { name: 'probe' }] }), ['zscore', 0.1]);
  assert.deepEqual(await planOf(other, { model }), ['zscore', 1]);
  assert.deepEqual(await planOf(engine, { guides: [likely] }), ['zscore', 0], 'a model without a prior');
  await other.close();
});
