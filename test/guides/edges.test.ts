import assert from 'node:assert/strict';
import { it } from 'node:test';
import edges from '../../guides/edges.ts';
import { fakeContext } from './fake-context.ts';
import { testGuide } from './guide-suite.ts';
import { type Paint, paint, png, scene, scoresOf } from './pictures.ts';

const image = await png(32, 32, 3, scene);
const disc =
  (left: number): Paint =>
  (x, y) =>
    Array(3).fill(Math.hypot(x - left, y - 0.5) < 0.25 ? 0.5 : -0.5);

testGuide(edges, { params: { image } });
testGuide(edges, { params: { image, match: 'distance', blur: 2 } });

it('prefers edges in the same places, regardless of colours', async () => {
  const params = edges.params.parse({ image: await png(32, 32, 3, disc(0.5)) });
  const guide = await edges.create(params, fakeContext());
  const inverted = paint(32, 32, 3, (x, y) => disc(0.5)(x, y).map((value) => -value));
  const [same, negative, moved] = (await scoresOf(
    guide,
    paint(32, 32, 3, disc(0.5)),
    inverted,
    paint(32, 32, 3, disc(0.3)),
  )) as [number, number, number];
  assert.ok(same > -0.01 && negative > -0.01, `${same} ${negative}`);
  assert.ok(moved < same - 0.1, `${moved}`);
});

it('gives partial credit to nearby edges if maps are blurred', async () => {
  const bytes = await png(32, 32, 3, disc(0.5));
  const scoreWith = async (blur: number) => {
    const guide = await edges.create(edges.params.parse({ image: bytes, blur }), fakeContext());
    return (await scoresOf(guide, paint(32, 32, 3, disc(0.5 + 2 / 32))))[0] as number;
  };
  assert.ok((await scoreWith(3)) > (await scoreWith(0)));
});

it('follows line drawings, dark on light and light on dark', async () => {
  const ring =
    (ground: number): Paint =>
    (x, y) =>
      Array(3).fill(Math.abs(Math.hypot(x - 0.5, y - 0.5) - 0.25) < 0.03 ? -ground : ground);
  for (const ground of [1, -1]) {
    const params = edges.params.parse({ image: await png(32, 32, 3, ring(ground)), kind: 'drawing' });
    const guide = await edges.create(params, fakeContext());
    const [there, elsewhere] = (await scoresOf(guide, paint(32, 32, 3, disc(0.5)), paint(32, 32, 3, disc(0.3)))) as [
      number,
      number,
    ];
    assert.ok(there > elsewhere + 0.1, `${ground}: ${there} ${elsewhere}`);
  }
});

it('refuses a picture of one colour', async () => {
  const flat = await png(8, 8, 3, () => [0.3, 0.3, 0.3]);
  await assert.rejects(async () => edges.create(edges.params.parse({ image: flat }), fakeContext()), /no edges/);
});
