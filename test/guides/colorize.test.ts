import assert from 'node:assert/strict';
import { it } from 'node:test';
import colorize from '../../guides/colorize.ts';
import { fakeContext } from './fake-context.ts';
import { testGuide } from './guide-suite.ts';
import { paint, png, scoresOf } from './pictures.ts';

const shade = 0.299 * 0.8 - 0.587 * 0.2 + 0.114 * 0.1;
const image = await png(32, 32, 1, () => [shade]);

testGuide(colorize, { params: { image } });

it('is neutral between colours of the same luma', async () => {
  const guide = await colorize.create(colorize.params.parse({ image }), fakeContext());
  const colored = paint(32, 32, 3, () => [0.8, -0.2, 0.1]);
  const gray = paint(32, 32, 3, () => [shade, shade, shade]);
  const lighter = paint(32, 32, 3, () => [shade + 0.5, shade + 0.5, shade + 0.5]);
  const [first, second, third] = (await scoresOf(guide, colored, gray, lighter)) as [number, number, number];
  assert.ok(first > -1e-4 && second > -1e-4, `${first} ${second}`);
  assert.ok(Math.abs(third + 0.25) < 0.01, `${third}`);
});

it('uses the luma of a colour picture', async () => {
  const params = colorize.params.parse({ image: await png(32, 32, 3, () => [0.8, -0.2, 0.1]) });
  const guide = await colorize.create(params, fakeContext());
  const [score] = (await scoresOf(
    guide,
    paint(32, 32, 3, () => [shade, shade, shade]),
  )) as [number];
  assert.ok(score > -1e-4, `${score}`);
});
