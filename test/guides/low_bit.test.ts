import assert from 'node:assert/strict';
import { it } from 'node:test';
import lowBit from '../../guides/low_bit.ts';
import { fakeContext } from './fake-context.ts';
import { testGuide } from './guide-suite.ts';
import { level, paint, png, scene, scoresOf } from './pictures.ts';

const image = await png(32, 32, 3, scene);

testGuide(lowBit, { params: { image } });
testGuide(lowBit, { params: { image, match: 'interval' } });

it('quantises the picture to evenly spread shades', async () => {
  const guide = await lowBit.create(lowBit.params.parse({ image, shades: 5 }), fakeContext());
  const shades = new Set(guide.linear?.(level(32))?.target.values());
  assert.deepEqual(
    [...shades].every((shade) => [-1, -0.5, 0, 0.5, 1].includes(shade)),
    true,
  );
});

it('match interval: nearly neutral between values of the same shade', async () => {
  const flat = await png(32, 32, 3, () => [0, 0, 0]);
  const guide = await lowBit.create(lowBit.params.parse({ image: flat, match: 'interval' }), fakeContext());
  const shade = (value: number) => paint(32, 32, 3, () => [value, value, value]);
  const [inside, border, beyond] = (await scoresOf(guide, shade(0.02), shade(0.24), shade(0.5))) as [
    number,
    number,
    number,
  ];
  assert.ok(inside > border && border > -0.004, `${inside} ${border}`);
  assert.ok(beyond < -0.06, `${beyond}`);
});
