import assert from 'node:assert/strict';
import { resolve } from 'node:path';
import { it } from 'node:test';
import perceptual from '../../guides/perceptual.ts';
import type { GuideModel } from '../../src/guide.ts';
import { createSession } from '../../src/runtime/session.ts';
import { fakeContext } from './fake-context.ts';
import { testGuide } from './guide-suite.ts';
import { type Paint, paint, png, scene, scoresOf } from './pictures.ts';

const image = await png(32, 32, 3, scene);

/** One feature map: the pixels themselves. */
const network: GuideModel = {
  inputs: ['pixels'],
  outputs: ['map'],
  run: async ({ pixels }) => ({ map: pixels as NonNullable<typeof pixels> }),
};
const parts = { networks: { 'net.onnx': network } };
const params = { image, network: 'net.onnx', networkSide: 16 };

testGuide(perceptual, { params, ...parts });

it('is the mean squared distance of unit feature vectors over positions', async () => {
  // By ImageNet's mean and deviation, black is far along (−1, −1, −1), white along (1, 1, 1): near opposite, at most 4 apart.
  const white = await png(32, 32, 3, () => [1, 1, 1]);
  const guide = await perceptual.create(perceptual.params.parse({ ...params, image: white }), fakeContext(parts));
  const unit = (values: readonly number[]) => values.map((value) => value / Math.hypot(...values));
  const at = (value: number) =>
    [0.485, 0.456, 0.406].map((mean, c) => (value - mean) / ([0.229, 0.224, 0.225][c] ?? 1));
  const [one, other] = [unit(at(1)), unit(at(0))] as [number[], number[]];
  const expected = one.reduce((sum, value, c) => sum + (value - (other[c] as number)) ** 2, 0);
  const [same, black] = (await scoresOf(
    guide,
    paint(8, 8, 3, () => [1, 1, 1]),
    paint(8, 8, 3, () => [-1, -1, -1]),
  )) as [number, number];
  assert.ok(Math.abs(same) < 1e-6, `${same}`);
  assert.ok(Math.abs(black + expected) < 1e-5, `${black} ${expected}`);
});

it('at a coarse level, compares with the shrunk picture', async () => {
  const fine: Paint = (x, y) => ((Math.floor(x * 32) + Math.floor(y * 32)) % 2 ? [1, 0.2, -0.6] : [0.2, -0.6, -1]);
  const guide = await perceptual.create(
    perceptual.params.parse({ ...params, image: await png(32, 32, 3, fine) }),
    fakeContext(parts),
  );
  // The mean of the checkerboard, which is what it is at 8 × 8.
  const [mean] = (await scoresOf(
    guide,
    paint(8, 8, 3, () => [0.6, -0.2, -0.8]),
  )) as [number];
  assert.ok(mean > -1e-4, `${mean}`);
});

it('with imagenet-lite, a shifted picture is close, another one with the same colours far', async () => {
  const folder = resolve('models/imagenet-lite');
  const session = await createSession(`${folder}/maps.onnx`, { threads: 1 });
  const opened: GuideModel = {
    inputs: session.inputs.map(({ name }) => name),
    outputs: session.outputs.map(({ name }) => name),
    run: (feeds) => session.run(feeds),
  };
  const shifted = (by: number): Paint => {
    return (x, y) => scene(Math.min(1, x + by), y);
  };
  const context = fakeContext({
    folders: { 'imagenet-lite': folder },
    networks: { [`${folder}/maps.onnx`]: opened },
    model: { finalSide: 64 },
  });
  const guide = await perceptual.create(perceptual.params.parse({ image: await png(64, 64, 3, scene) }), context);
  const [same, moved, turned] = (await scoresOf(
    guide,
    paint(64, 64, 3, scene),
    paint(64, 64, 3, shifted(1 / 64)),
    paint(64, 64, 3, (x, y) => scene(y, x)),
  )) as [number, number, number];
  await session.release();
  assert.ok(same > -0.01, `${same}`);
  assert.ok(moved < same && moved > turned / 2, `${moved} ${turned}`);
});
