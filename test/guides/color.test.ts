import assert from 'node:assert/strict';
import { it } from 'node:test';
import color from '../../guides/color.ts';
import { fakeContext } from './fake-context.ts';
import { testGuide } from './guide-suite.ts';
import { level, paint, png, scoresOf } from './pictures.ts';

const image = await png(32, 32, 4, (x, y) => (x < 0.5 && y < 0.5 ? [0.9, -0.9, -0.9, 1] : [0, 0, 0, -1]));

testGuide(color, { params: { image } });
testGuide(color, { params: { image, slack: 0.1, detail: 8 } });

it('is neutral where the sketch is transparent', async () => {
  const guide = await color.create(color.params.parse({ image }), fakeContext());
  const corner = (rest: number[]) => paint(32, 32, 3, (x, y) => (x < 0.5 && y < 0.5 ? [0.9, -0.9, -0.9] : rest));
  const [dark, light, wrong] = (await scoresOf(
    guide,
    corner([-1, -1, -1]),
    corner([1, 1, 1]),
    paint(32, 32, 3, () => [0, 0, 0]),
  )) as [number, number, number];
  assert.ok(dark > -1e-4 && light > -1e-4, `${dark} ${light}`);
  assert.ok(wrong < -0.5, `${wrong}`);
});

it('compares at the side of detail, or of the level if smaller', async () => {
  const guide = await color.create(color.params.parse({ image, detail: 8 }), fakeContext());
  assert.equal(guide.linear?.(level(32))?.height, 8);
  assert.equal(guide.linear?.(level(4))?.height, 4);
});

it('refuses an empty sketch', async () => {
  const empty = await png(8, 8, 4, () => [0, 0, 0, -1]);
  await assert.rejects(
    async () => color.create(color.params.parse({ image: empty }), fakeContext()),
    /transparent everywhere/,
  );
});

/** Red from `from` of the width on, for a quarter of it. */
const stripe = (from: number) => (x: number) => (x >= from && x < from + 0.25 ? [0.9, -0.9, -0.9] : [-0.5, -0.5, 0.5]);

for (const metric of ['l2', 'l1'])
  it(`with slack, finds colours nearby, but not farther away (${metric})`, async () => {
    const sketch = await png(32, 32, 3, stripe(0.25));
    const guide = await color.create(color.params.parse({ image: sketch, slack: 0.125, metric }), fakeContext());
    const pictures = [stripe(0.25), stripe(0.3125), stripe(0.625), () => [-0.5, -0.5, 0.5]];
    const [same, near, far, plain] = (await scoresOf(guide, ...pictures.map((paints) => paint(32, 32, 3, paints)))) as [
      number,
      number,
      number,
      number,
    ];
    assert.ok(same > -1e-2 && near > -1e-2, `${same} ${near}`);
    assert.ok(far < -0.1 && plain < -0.1, `${far} ${plain}`);
  });

it('with slack, is still neutral where the sketch is transparent', async () => {
  const guide = await color.create(color.params.parse({ image, slack: 0.1 }), fakeContext());
  const corner = paint(32, 32, 3, (x, y) => (x < 0.5 && y < 0.5 ? [0.9, -0.9, -0.9] : [1, 1, 1]));
  const [score] = (await scoresOf(guide, corner)) as [number];
  assert.ok(score > -1e-3, `${score}`);
});

it('refuses slack at a detail that would take minutes', async () => {
  await assert.rejects(
    async () => color.create(color.params.parse({ image, slack: 0.1, detail: 65 }), fakeContext()),
    /detail is 65: make detail smaller/,
  );
});
