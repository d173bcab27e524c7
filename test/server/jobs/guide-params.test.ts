import assert from 'node:assert/strict';
import { test } from 'node:test';
import { GuideRegistry } from '../../../src/engine/guides/registry.ts';
import type { KandidError } from '../../../src/errors.ts';
import { Random } from '../../../src/kit/random.ts';
import { changed } from '../../../src/lab/bench/server/hostile/shapes.ts';
import { checkGuideParams } from '../../../src/server/jobs/guide-params.ts';

const image = Uint8Array.of(1, 2, 3);
/** Valid params with all fields. */
const RIGHT: Readonly<Record<string, Record<string, unknown>>> = {
  classifier: { labels: { hair: ['red', 'black'], eyes: 'closed' } },
  color: { image, detail: 8 },
  colorize: { image },
  denoise: { image, sigma: 0.5, method: 'posterior' },
  edges: { image },
  http: { url: 'http://127.0.0.1:1/', format: 'png', data: { a: [1, { b: null }] }, timeoutSeconds: 3 },
  human: {},
  inpaint: { image, mask: image, invert: true },
  like: { image, cutouts: 2 },
  low_bit: { image, shades: 2, match: 'interval' },
  perceptual: { image, fromSide: 8 },
  scorer: { model: 'beauty', output: 1, least: 0.5, steers: false },
  style: { image },
  super_resolution: { image },
  target: { image: 'AAAA', metric: 'l1', fromSide: 4, toSide: 8 },
  text: { prompt: ['a', 'b'], negative: 'c', negativeWeight: 1, contrast: [], shortlist: 4, refine: 2 },
};

const registry = await GuideRegistry.load();
const summaries = registry.summaries();

function refusal(name: string, params: Record<string, unknown>): KandidError | null {
  try {
    checkGuideParams(
      { kind: 'generate', request: { guides: [{ name, params }] }, output: { format: 'png' } },
      summaries,
    );
    return null;
  } catch (error) {
    return error as KandidError;
  }
}

test('every guide has valid example params', () => {
  assert.deepEqual(Object.keys(RIGHT).sort(), summaries.map(({ name }) => name).sort());
});

for (const { name } of summaries)
  test(`${name}: the validation of the server accepts all that the guide accepts`, async () => {
    const { params: own } = registry.get(name);
    let both = 0;
    let neither = 0;
    for (let i = 0; i < 200; i++) {
      const params = (i === 0 ? RIGHT[name] : changed(Random.of(i), RIGHT[name])) as Record<string, unknown>;
      if (typeof params !== 'object' || params === null || Array.isArray(params)) continue;
      const isRight = (await own.safeParseAsync(params)).success;
      if (i === 0) assert.ok(isRight);
      const refused = refusal(name, params);
      if (isRight) assert.equal(refused, null, JSON.stringify(params).slice(0, 200));
      if (isRight) both += 1;
      if (refused) neither += 1;
    }
    assert.ok(both + neither > 20 && neither > 0, `${both}, ${neither}`);
  });

test('invalid params are refused with the name of the guide, an unknown guide with the nearest names', () => {
  assert.match(refusal('text', { prompt: [{}, {}] })?.message ?? '', /^Guide "text": prompt.*expected/);
  assert.match(refusal('text', { propmt: 'a' })?.message ?? '', /^Guide "text"/);
  assert.match(refusal('target', { image: 5 })?.message ?? '', /^Guide "target": image: .*expected string/);
  assert.equal(refusal('txet', {})?.code, 'guide_unknown');
  assert.match(refusal('txet', {})?.message ?? '', /Did you mean "text"\?/);
});
