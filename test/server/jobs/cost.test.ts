import assert from 'node:assert/strict';
import { test } from 'node:test';
import { costOf, type Known, slotsOf } from '../../../src/server/jobs/cost.ts';
import type { ModelSummary, Work } from '../../../src/worker/messages.ts';

const licence = { data: 'none', weights: 'MIT', attribution: '' } as ModelSummary['licence'];
const model: ModelSummary = {
  name: 'm',
  title: '',
  description: '',
  hash: '',
  channels: 3,
  side: 8,
  bits: 8,
  condition: null,
  licence,
  levels: [4, 4, 8].map((side) => ({ side, candidates: 10 })),
  textModels: [],
  hasPrior: false,
  metrics: {},
};
const params = { properties: { shortlist: { default: 3 }, refine: { default: 2 }, prompt: {} } };
const known: Known = {
  models: [model],
  defaultModel: 'm',
  beamBytes: { m: 100 },
  guides: [
    { isOwn: true, name: 'text', description: '', params },
    { isOwn: true, name: 'target', description: '', params: { properties: {} } },
  ],
};
type Generate = Extract<Work, { kind: 'generate' }>;
const generate = (request: Generate['request'], more: Partial<Generate> = {}): Work => ({
  kind: 'generate',
  request,
  output: { format: 'png' },
  ...more,
});
const workOf = (work: Work) => Math.round(1e6 * costOf(work, known).work);

const PROPOSED = 10 * (16 + 16 + 64);
const PNG = 12 * 64;

test('work: candidates of each level and encoding, per result', () => {
  assert.equal(workOf(generate({})), PROPOSED + PNG);
  assert.equal(workOf(generate({ count: 7 })), 7 * (PROPOSED + PNG));
  assert.equal(workOf(generate({ model: 'm', sampler: { beams: [2, 3] } })), 10 * (16 + 2 * 16 + 3 * 64) + PNG);
  assert.equal(workOf({ kind: 'decode', codes: ['a', 'b'], output: { format: 'png' } }), 2 * (PROPOSED + PNG));
});

test('work: with a prior, candidates above 64 px count only for guides that are active there', () => {
  const large = { ...model, levels: [64, 128].map((side) => ({ side, candidates: 10 })), side: 128 };
  const proposed = (request: Generate['request'], hasPrior = true) => {
    const all = costOf(generate(request), { ...known, models: [{ ...large, hasPrior }] }).work;
    return Math.round(1e6 * all) - 12 * 128 ** 2;
  };
  const [whole, unseen] = [10 * (64 ** 2 + 128 ** 2), 10 * 64 ** 2 + 8 * 128 ** 2];
  assert.equal(proposed({}), unseen);
  assert.equal(proposed({}, false), whole);
  const looks = 5 * 250_000;
  assert.equal(proposed({ guides: [{ name: 'text', params: { prompt: 'x' } }] }), unseen + looks);
  assert.equal(proposed({ guides: [{ name: 'text', params: { prompt: 'x', toSide: 128 } }] }), whole + 2 * looks);
  assert.equal(proposed({ guides: [{ name: 'target' }] }), whole);
});

test('work: formats have different costs, also for previews', () => {
  const size = 100;
  const encoded = (format: 'png' | 'avif') => workOf(generate({}, { output: { format, size } })) - PROPOSED;
  assert.equal(encoded('png'), 12 * 10_000);
  assert.equal(encoded('avif'), 350 * 10_000);
  const previews = { format: 'webp', quality: 80, images: 4, perSecond: 10 } as const;
  assert.equal(workOf(generate({ count: 2 }, { previews })), 2 * (PROPOSED + PNG) + 2 * 28 * (16 + 16 + 64));
  const levels = [2];
  assert.equal(workOf(generate({}, { previews: { ...previews, levels, size } })), PROPOSED + PNG + 28 * 10_000);
});

test('an animation costs each of its frames, at most one per level, and their memory', () => {
  const gif = (frames?: number) => ({ output: { format: 'gif', animation: { frames, frameMs: 80 } } }) as const;
  assert.equal(workOf(generate({}, gif(2))), PROPOSED + 2 * 80 * 64);
  assert.equal(workOf(generate({ count: 2 }, gif(64))), 2 * (PROPOSED + 3 * 80 * 64));
  assert.equal(costOf(generate({}, gif()), known).pixels, 3 * 64);
  const still = costOf(generate({ count: 2 }), known).memory;
  assert.equal(costOf(generate({ count: 2 }, gif()), known).memory - still, 2 * 2 * 3 * 64);
});

test('work: expensive guides cost the candidates of their shortlists', () => {
  const looks = (guides: Generate['request']['guides'], beams = 1) =>
    (workOf(generate({ guides, sampler: { beams: [beams] } })) - workOf(generate({ sampler: { beams: [beams] } }))) /
    250_000;
  assert.equal(looks([{ name: 'target', params: { shortlist: 'x' } }]), 0);
  assert.equal(looks([{ name: 'text' }]), 3 * 5);
  assert.equal(looks([{ name: 'text', params: { shortlist: 4096 } }]), 3 * 10);
  assert.equal(looks([{ name: 'text' }], 4), 5 + 2 * (8 + 2));
});

test('memory of one choice and of all results', () => {
  const work = generate({ count: 2, guides: [{ name: 'text' }], sampler: { beams: { 4: 6 } } });
  const { choice, slots, memory } = costOf(work, known);
  assert.deepEqual([choice, slots], [60, 12]);
  assert.equal(memory, 2 ** 20 + 2 * 6 * 100);
  assert.equal(costOf(generate({ count: 256 }), known).choice, 0);
});

test('the response: pixels of all pictures, and an upper bound of bytes', () => {
  const { pixels, answerBytes } = costOf(generate({ count: 3 }, { output: { format: 'png', size: 2048 } }), known);
  assert.equal(pixels, 3 * 2048 * 2048);
  assert.ok(answerBytes > 3 * pixels && answerBytes < 3.2 * pixels);
});

test('for an unknown model only the pictures count, since the request is refused later', () => {
  assert.equal(costOf(generate({ model: 'nothing' }, { output: { format: 'png', size: 10 } }), known).work, 0.0012);
});

test('places are results × beams', () => {
  assert.equal(slotsOf(generate({})), 1);
  assert.equal(slotsOf(generate({ count: 3, sampler: { beams: { 4: 16, 8: 2 } } })), 48);
  const output = { format: 'png' } as const;
  assert.equal(slotsOf({ kind: 'encode', picture: new Uint8Array(), beams: 4, output }), 4);
  assert.equal(slotsOf({ kind: 'decode', codes: ['a', 'b'], output }), 2);
});

test('a whole picture costs as many results as squares, and its own pixels', () => {
  const guides = (name: string) => [{ name, params: { image: new Uint8Array([1]) } }];
  const whole = (name: string, wholeSize: { width: number; height: number }, more = {}) =>
    generate({ guides: guides(name), whole: more }, { wholeSize });
  const one = costOf(whole('inpaint', { width: 20, height: 20 }), known);
  assert.deepEqual([one.slots, one.pixels], [1, 400]);
  assert.equal(Math.round(1e6 * one.work), PROPOSED + 12 * 400);
  // Tiles at 0, 7.5, 15, …, twice as many at most around what a mask marks.
  assert.equal(costOf(whole('inpaint', { width: 40, height: 20 }), known).slots, 2 * 3);
  // Squares of 4, half the model's side, at every 3 pixels, each twice as large.
  const enlarged = costOf(whole('super_resolution', { width: 16, height: 10 }), known);
  assert.deepEqual([enlarged.slots, enlarged.pixels], [5 * 3, 32 * 20]);
  assert.equal(costOf(whole('super_resolution', { width: 8, height: 5 }, { window: 5 }), known).slots, 2);
  assert.ok(enlarged.memory > 15 * 100 + 32 * 20 * 32);
});

test('particles: candidates, scores and memory count per descent', () => {
  const text = [{ name: 'text' }];
  const plain = generate({ count: 2, guides: text });
  const walked = generate({ count: 2, guides: text, sampler: { particles: { 4: 3, 8: 1.5 } } });
  const [one, several] = [costOf(plain, known), costOf(walked, known)];
  const [small, large] = [10 * 16 + 5 * 250_000, 10 * 64 + 5 * 250_000];
  assert.equal(Math.round(1e6 * (several.work - one.work)), 2 * (2 * 2 * small + 0.5 * large));
  assert.deepEqual([one.slots, several.slots], [2, 6]);
  assert.equal(several.memory - one.memory, 4 * 100);
});

test('particles: the default of expensive guides applies with a prior and few results', () => {
  const guides = known.guides.map((guide) => (guide.name === 'text' ? { ...guide, particles: 2 } : guide));
  const slots = (hasPrior: boolean, request: Generate['request']) =>
    costOf(generate(request), { ...known, guides, models: [{ ...model, hasPrior }] }).slots;
  const text = { guides: [{ name: 'text' }], count: 3 };
  assert.equal(slots(true, text), 6);
  assert.equal(slots(false, text), 3);
  assert.equal(slots(true, { ...text, count: 17 }), 17);
  assert.equal(slots(true, { ...text, sampler: { beams: 2 } }), 6, 'of beams');
  assert.equal(slots(true, { count: 3, guides: [{ name: 'target' }], sampler: { particles: 4 } }), 12, 'asked for');
  assert.equal(slots(true, { count: 3, sampler: { particles: 4 } }), 3, 'nothing tells which is the better');
});
