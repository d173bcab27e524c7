import assert from 'node:assert/strict';
import { it } from 'node:test';
import scorer from '../../guides/scorer.ts';
import type { GuideModel } from '../../src/guide.ts';
import { fakeContext } from './fake-context.ts';
import { testGuide } from './guide-suite.ts';
import { paint, scoresOf } from './pictures.ts';

/** Two numbers of a picture: 1, and its mean. */
const network: GuideModel = {
  inputs: ['image'],
  outputs: ['scores'],
  async run({ image }) {
    const { data, dims } = image as { data: Float32Array; dims: readonly number[] };
    const [n] = dims as [number];
    const size = data.length / n;
    const scores = Float32Array.from({ length: 2 * n }, (_, i) =>
      i % 2 === 0
        ? 1
        : data.subarray(((i - 1) / 2) * size, ((i + 1) / 2) * size).reduce((sum, value) => sum + value, 0) / size,
    );
    return { scores: { data: scores, dims: [n, 2] } };
  },
};

const parts = { networks: { 'scorers/bright.onnx': network } };
const shade = (value: number) => paint(16, 16, 3, () => [value, value, value]);
const base = { model: 'scorers/bright.onnx', output: 1, normalise: 'signed', side: 16 };

function create(params: Record<string, unknown>) {
  return scorer.create(scorer.params.parse({ ...base, ...params }), fakeContext(parts));
}

testGuide(scorer, { params: base, ...parts });

it('prefers higher numbers, or lower ones', async () => {
  const [dark, light] = (await scoresOf(await create({}), shade(-0.5), shade(0.5))) as [number, number];
  assert.ok(Math.abs(dark + 0.5) < 1e-5 && Math.abs(light - 0.5) < 1e-5, `${dark} ${light}`);
  const [low, high] = (await scoresOf(await create({ lower: true }), shade(-0.5), shade(0.5))) as [number, number];
  assert.ok(low > high);
});

it('vetoes below a limit, and with steers false is neutral between all that pass', async () => {
  const guide = await create({ least: 0, steers: false });
  assert.equal(guide.prefers?.vetoBelow, 0);
  const [bad, fair, good] = (await scoresOf(guide, shade(-0.5), shade(0.2), shade(0.9))) as [number, number, number];
  assert.ok(bad < 0 && fair === 0 && good === 0, `${bad} ${fair} ${good}`);
  assert.equal((await create({ least: 0.3, lower: true })).prefers?.vetoBelow, -0.3);
});

it('reports unsuitable networks', async () => {
  const guide = await create({ output: 5 });
  await assert.rejects(scoresOf(guide, shade(0)), /expected 6 or more numbers/);
});
