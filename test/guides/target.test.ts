import assert from 'node:assert/strict';
import { it } from 'node:test';
import target from '../../guides/target.ts';
import { fakeContext } from './fake-context.ts';
import { testGuide } from './guide-suite.ts';
import { paint, png, scene, scoresOf } from './pictures.ts';

const image = await png(32, 32, 3, scene);

testGuide(target, { params: { image } });

it('scores the target highest, others by the mean squared error', async () => {
  const guide = await target.create(target.params.parse({ image }), fakeContext());
  const same = paint(32, 32, 3, scene);
  const lighter = paint(32, 32, 3, (x, y) => scene(x, y).map((value) => value + 0.2));
  const [exact, off] = (await scoresOf(guide, same, lighter)) as [number, number];
  assert.ok(exact > -1e-4, 'only the rounding to 8 bits is left');
  assert.ok(Math.abs(off + 0.04) < 1e-3, `0.2² off: ${off}`);
});

it('l1: mean absolute error, without a linear form', async () => {
  const guide = await target.create(target.params.parse({ image, metric: 'l1' }), fakeContext());
  const lighter = paint(32, 32, 3, (x, y) => scene(x, y).map((value) => value + 0.2));
  const [off] = (await scoresOf(guide, lighter)) as [number];
  assert.ok(Math.abs(off + 0.2) < 5e-3, `${off}`);
  assert.equal(guide.linear, undefined);
});

it('compares with the target shrunk to the side of the candidates', async () => {
  const guide = await target.create(target.params.parse({ image }), fakeContext());
  const coarse = paint(4, 4, 3, (x, y) => {
    const sum = [0, 0, 0]; // mean of the 8×8 pixels that the coarse one covers
    for (let a = -3.5; a < 4; a++)
      for (let b = -3.5; b < 4; b++)
        for (const [c, value] of scene(x + a / 32, y + b / 32).entries()) sum[c] = (sum[c] ?? 0) + value / 64;
    return sum;
  });
  const [score] = (await scoresOf(guide, coarse)) as [number];
  assert.ok(score > -1e-5, `${score}`);
});

it('is active at the requested sides', async () => {
  const bounded = await target.create(target.params.parse({ image, fromSide: 8, toSide: 16 }), fakeContext());
  const unbounded = await target.create(target.params.parse({ image }), fakeContext());
  assert.deepEqual(bounded.prefers, { fromSide: 8, toSide: 16 });
  assert.equal(unbounded.prefers, undefined);
});
