import assert from 'node:assert/strict';
import { it } from 'node:test';
import superResolution from '../../guides/super_resolution.ts';
import { fakeContext } from './fake-context.ts';
import { testGuide } from './guide-suite.ts';
import { level, paint, png, scoresOf } from './pictures.ts';

const checker = (cells: number) => (x: number, y: number) =>
  Array(3).fill((Math.floor(x * cells) + Math.floor(y * cells)) % 2 ? 0.5 : -0.5);
const image = await png(8, 8, 3, checker(8));

testGuide(superResolution, { params: { image } });

it('compares after shrinking, and ignores detail', async () => {
  const guide = await superResolution.create(superResolution.params.parse({ image }), fakeContext());
  const detailed = paint(32, 32, 3, (x, y) =>
    checker(8)(x, y).map((v: number) => v + (Math.floor(x * 32) % 2 ? 0.3 : -0.3)),
  );
  const wrong = paint(32, 32, 3, checker(4));
  const [good, bad] = (await scoresOf(guide, detailed, wrong)) as [number, number];
  assert.ok(good > -1e-4, `${good}`);
  assert.ok(bad < -0.1, `${bad}`);
});

it('shrinks the small picture too if the level is smaller', async () => {
  const guide = await superResolution.create(superResolution.params.parse({ image }), fakeContext());
  const form = guide.linear?.(level(4));
  assert.equal(form?.height, 4);
  assert.equal(form?.rows, undefined);
  assert.ok(
    form?.target.every((value) => Math.abs(value) < 0.01),
    'two light and two dark cells each',
  );
});

it('with a prior, is inactive at levels finer than 64 px and than the picture', async () => {
  const large = await png(128, 128, 3, checker(8));
  const toSide = async (of: Buffer | Uint8Array, hasPrior: boolean) => {
    const context = fakeContext({ model: { finalSide: 256, hasPrior } });
    return (await superResolution.create(superResolution.params.parse({ image: of }), context)).prefers?.toSide;
  };
  assert.deepEqual(
    [await toSide(image, true), await toSide(large, true), await toSide(image, false)],
    [64, 128, undefined],
  );
});

it('supports factors that are not integers', async () => {
  const odd = await png(5, 5, 3, () => [0.2, 0.2, 0.2]);
  const guide = await superResolution.create(superResolution.params.parse({ image: odd }), fakeContext());
  const [score] = (await scoresOf(
    guide,
    paint(32, 32, 3, () => [0.2, 0.2, 0.2]),
  )) as [number];
  assert.ok(score > -1e-4, `${score}`);
});

it('crops and shrinks pictures, with a note', async () => {
  const notes: string[] = [];
  const wide = await png(90, 60, 3, checker(8));
  const guide = await superResolution.create(superResolution.params.parse({ image: wide }), fakeContext({ notes }));
  assert.match(notes.join('\n'), /90×60: only its middle square/);
  assert.match(notes.join('\n'), /larger than the 32×32/);
  assert.ok((guide.linear?.(level(32))?.height ?? 99) <= 32);
});
