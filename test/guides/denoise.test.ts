import assert from 'node:assert/strict';
import { it } from 'node:test';
import denoise from '../../guides/denoise.ts';
import { normal } from '../../src/kit/mulberry32.ts';
import { fakeContext } from './fake-context.ts';
import { testGuide } from './guide-suite.ts';
import { paint, png, scene, scoresOf } from './pictures.ts';

const next = normal(5);
const image = await png(32, 32, 3, (x, y) => scene(x, y).map((value) => value + 0.4 * next()));

testGuide(denoise, { params: { image } });
testGuide(denoise, {
  params: { image, method: 'posterior' },
  skip: { company: 'the mean is over the candidates it is asked about' },
});

it('prefers the clean picture to another one', async () => {
  for (const method of ['distance', 'posterior']) {
    const guide = await denoise.create(denoise.params.parse({ image, sigma: 0.4, method }), fakeContext());
    const other = paint(32, 32, 3, (x, y) => scene(1 - x, y));
    const [clean, wrong] = (await scoresOf(guide, paint(32, 32, 3, scene), other)) as [number, number];
    assert.ok(clean > wrong, method);
  }
});

it('method posterior: the posterior mean, the middle for uninformative noise', async () => {
  const guide = await denoise.create(
    denoise.params.parse({ image, sigma: 4, method: 'posterior' }),
    fakeContext({ model: { finalSide: 2 } }),
  );
  const shade = (value: number) => paint(2, 2, 3, () => [value, value, value]);
  const [low, middle, high] = (await scoresOf(guide, shade(-0.1), shade(0), shade(0.1))) as [number, number, number];
  assert.ok(middle > low && middle > high, `${low} ${middle} ${high}`);
});
