import assert from 'node:assert/strict';
import { it } from 'node:test';
import style from '../../guides/style.ts';
import type { GuideModel } from '../../src/guide.ts';
import { fakeContext } from './fake-context.ts';
import { testGuide } from './guide-suite.ts';
import { type Paint, paint, png, scoresOf } from './pictures.ts';

const stripes =
  (shift: number): Paint =>
  (x) =>
    Math.floor((x + shift) * 8) % 2 ? [0.8, 0.4, -0.6] : [-0.4, -0.6, 0.2];
const spots: Paint = (x, y) =>
  Math.hypot(((x * 4) % 1) - 0.5, ((y * 4) % 1) - 0.5) < 0.4 ? [0.8, 0.4, -0.6] : [-0.4, -0.6, 0.2];
const image = await png(32, 32, 3, stripes(0));

/** Stands for a trained network: one feature map, each channel and its square, at full size. */
const network: GuideModel = {
  inputs: ['pixels'],
  outputs: ['logits', 'map'],
  async run({ pixels }) {
    const { data, dims } = pixels as { data: Float32Array; dims: readonly number[] };
    const [n, channels, height, width] = dims as [number, number, number, number];
    const size = channels * height * width;
    const map = new Float32Array(2 * n * size);
    for (let k = 0; k < n; k++)
      for (let p = 0; p < size; p++) {
        const value = data[k * size + p] as number;
        map[2 * k * size + p] = value;
        map[(2 * k + 1) * size + p] = value * value;
      }
    return {
      logits: { data: new Float32Array(n), dims: [n, 1] },
      map: { data: map, dims: [n, 2 * channels, height, width] },
    };
  },
};

testGuide(style, { params: { image } });
testGuide(style, {
  params: { image, network: 'net.onnx', networkSide: 16 },
  networks: { 'net.onnx': network },
});

for (const [kind, params] of [
  ['random filters', {}],
  ['a network', { network: 'net.onnx', networkSide: 32 }],
] as const)
  it(`with ${kind}, recognises a texture at any position, and other colours as different`, async () => {
    const guide = await style.create(
      style.params.parse({ image, ...params }),
      fakeContext({ networks: { 'net.onnx': network } }),
    );
    const [same, moved, gray] = (await scoresOf(
      guide,
      paint(32, 32, 3, stripes(0)),
      paint(32, 32, 3, stripes(1 / 8)),
      paint(32, 32, 3, () => [0.2, -0.1, -0.2]),
    )) as [number, number, number];
    assert.ok(same > -1e-2, `${same}`);
    assert.ok(moved > 10 * gray && moved < 0, `${moved} ${gray}`);
  });

it('distinguishes textures with the same colours', async () => {
  const guide = await style.create(style.params.parse({ image }), fakeContext());
  const [moved, other] = (await scoresOf(guide, paint(32, 32, 3, stripes(1 / 8)), paint(32, 32, 3, spots))) as [
    number,
    number,
  ];
  assert.ok(moved > other, `${moved} ${other}`);
});

it('uses the network that suits the model, unless filters are requested', async () => {
  const context = fakeContext({
    model: { perceptualModels: ['absent', 'suits'] },
    folders: { suits: 'networks' },
    networks: { 'networks/model.onnx': network },
  });
  const absent = {
    ...context,
    folder: async (name: string) => (name === 'absent' ? Promise.reject(new Error()) : context.folder(name)),
  };
  const shortlistOf = async (params: Record<string, unknown>, within = absent) =>
    (await style.create(style.params.parse({ image, ...params }), within)).prefers?.shortlist;
  assert.equal(await shortlistOf({}), 16);
  assert.equal(await shortlistOf({ network: 'filters' }), undefined);
  assert.equal(await shortlistOf({}, fakeContext()), undefined);
});

it('has a shortlist with a network, and reports missing feature maps', async () => {
  const flat: GuideModel = { ...network, outputs: ['logits'] };
  const params = style.params.parse({ image, network: 'net.onnx' });
  const guide = await style.create(params, fakeContext({ networks: { 'net.onnx': network } }));
  assert.equal(guide.prefers?.shortlist, 16);
  await assert.rejects(
    async () => style.create(params, fakeContext({ networks: { 'net.onnx': flat } })),
    /no feature maps/,
  );
});
