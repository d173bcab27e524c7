import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, it } from 'node:test';
import classifier from '../../guides/classifier.ts';
import type { GuideModel } from '../../src/guide.ts';
import { fakeContext } from './fake-context.ts';
import { testGuide } from './guide-suite.ts';
import { paint, scoresOf } from './pictures.ts';

const folder = await mkdtemp(join(tmpdir(), 'kandid-classifier-'));
after(() => rm(folder, { recursive: true }));
await writeFile(
  join(folder, 'labels.json'),
  JSON.stringify({
    side: 8,
    attributes: { color: ['red', 'green', 'blue'], shade: { offset: 3, values: ['dark', 'light', 'blue'] } },
  }),
);

/** Logits: five times the mean of red, green and blue; then dark, light, and something that never is. */
const network: GuideModel = {
  inputs: ['image'],
  outputs: ['logits'],
  async run({ image }) {
    const { data, dims } = image as { data: Float32Array; dims: readonly number[] };
    const [n, channels, height, width] = dims as [number, number, number, number];
    const logits = new Float32Array(n * 6);
    for (let k = 0; k < n; k++) {
      for (let c = 0; c < channels; c++) {
        const from = (k * channels + c) * height * width;
        logits[k * 6 + c] =
          (5 * data.subarray(from, from + height * width).reduce((sum, value) => sum + value, 0)) / (height * width);
      }
      const mean = (logits[k * 6] as number) + (logits[k * 6 + 1] as number) + (logits[k * 6 + 2] as number);
      logits.set([-mean, mean, -20], k * 6 + 3);
    }
    return { logits: { data: logits, dims: [n, 6] } };
  },
};
const parts = { folders: { colors: folder }, networks: { [join(folder, 'model.onnx')]: network } };

function create(labels: unknown, more: Record<string, unknown> = {}) {
  return classifier.create(classifier.params.parse({ model: 'colors', labels, ...more }), fakeContext(parts));
}

testGuide(classifier, { params: { model: 'colors', labels: { color: 'red' } }, ...parts });

const red = paint(16, 16, 3, () => [0.8, -0.8, -0.8]);
const blue = paint(16, 16, 3, () => [-0.8, -0.8, 0.8]);
const white = paint(16, 16, 3, () => [1, 1, 1]);

it('scores by log-probability within the attribute', async () => {
  const [yes, no, maybe] = (await scoresOf(await create({ color: 'red' }), red, blue, white)) as [
    number,
    number,
    number,
  ];
  assert.ok(yes > -0.01 && no < -5, `${yes} ${no}`);
  assert.ok(Math.abs(maybe - Math.log(1 / 3)) < 1e-3, `${maybe}`);
});

it('scores the mean over several labels, and any label of a list', async () => {
  const [both] = (await scoresOf(await create({ color: 'red', shade: 'dark' }), red)) as [number];
  const [either] = (await scoresOf(await create({ color: ['red', 'blue'] }), white)) as [number];
  assert.ok(both > -0.02, `${both}`);
  assert.ok(Math.abs(either - Math.log(2 / 3)) < 1e-3, `${either}`);
});

it('finds labels by name if only one attribute has them', async () => {
  const [yes] = (await scoresOf(await create(['light']), white)) as [number];
  assert.ok(yes > -0.01, `${yes}`);
  await assert.rejects(async () => create(['blue']), /value of color and shade: say which/);
  await assert.rejects(async () => create(['pink']), /no label "pink": expected one of red, green/);
});

it('accepts articles, capitals and synonyms of labels; suggests the nearest ones', async () => {
  const own = await mkdtemp(join(folder, 'words-'));
  const labels = { side: 8, attributes: { label: ['daisy', 'hip', 'acorn'] }, synonyms: { 'rose hip': 'hip' } };
  await writeFile(join(own, 'labels.json'), JSON.stringify(labels));
  const context = fakeContext({ networks: { [join(own, 'model.onnx')]: network } });
  const opened = async (name: string) =>
    classifier.create(classifier.params.parse({ model: own, labels: [name] }), context);
  for (const [word, shown] of [
    ['a daisy', red],
    ['Daisy', red],
    ['the acorn', blue],
  ] as const) {
    const [yes] = (await scoresOf(await opened(word), shown)) as [number];
    assert.ok(yes > -0.01, word);
  }
  const green = paint(16, 16, 3, () => [-0.8, 0.8, -0.8]);
  for (const word of ['hip', 'rose hip', 'a Rose Hip'])
    assert.ok(((await scoresOf(await opened(word), green))[0] as number) > -0.01, word);
  await assert.rejects(opened('daisies'), /no label "daisies": did you mean "daisy"\?/);
  await assert.rejects(opened('rise hap'), /did you mean "rose hip" \(hip\)\?/);
  await assert.rejects(opened('rosehips'), /did you mean "hip"\?/);
});

it('uses the network that suits the model by default', async () => {
  const context = fakeContext({ ...parts, model: { perceptualModels: ['colors'] } });
  const guide = await classifier.create(classifier.params.parse({ labels: ['light'] }), context);
  assert.ok(((await scoresOf(guide, white))[0] as number) > -0.01);
});

it('errors list the known labels and attributes', async () => {
  await assert.rejects(async () => create({ hair: 'red' }), /no attribute "hair": expected one of color, shade/);
  await assert.rejects(
    async () => create({ color: 'pink' }),
    /"pink" is not a value of "color": expected one of red, green, blue/,
  );
  assert.ok(!classifier.params.safeParse({ labels: [] }).success);
  assert.ok(!classifier.params.safeParse({ labels: {} }).success);
});

it('reports a labels.json that is missing or does not match the network', async () => {
  const elsewhere = fakeContext({ folders: { colors: tmpdir() } });
  await assert.rejects(
    async () => classifier.create(classifier.params.parse({ model: 'colors', labels: ['red'] }), elsewhere),
    /no readable labels\.json/,
  );
  const small: GuideModel = { ...network, run: async () => ({ logits: { data: new Float32Array(2), dims: [1, 2] } }) };
  const context = fakeContext({ ...parts, networks: { [join(folder, 'model.onnx')]: small } });
  const guide = await classifier.create(classifier.params.parse({ model: 'colors', labels: ['light'] }), context);
  await assert.rejects(async () => scoresOf(guide, red), /output is \[1, 2\]: expected \[1, 6\]/);
});

it('supports a plain list of labels beside any ONNX file', async () => {
  const own = await mkdtemp(join(folder, 'plain-'));
  await writeFile(join(own, 'labels.json'), JSON.stringify(['red', 'green', 'blue', 'dark', 'light', 'never']));
  const path = join(own, 'net.onnx');
  const params = classifier.params.parse({ model: path, labels: ['red'], normalise: 'imagenet', side: 4 });
  const guide = await classifier.create(params, fakeContext({ networks: { [path]: network } }));
  const [yes, no] = (await scoresOf(guide, red, blue)) as [number, number];
  assert.ok(yes > no);
});

it('reads exports in the Hugging Face layout: labels, sizes and normalisation', async () => {
  const exported = await mkdtemp(join(tmpdir(), 'kandid-exported-'));
  after(() => rm(exported, { recursive: true }));
  await writeFile(join(exported, 'config.json'), '{"id2label": {"0": "red", "1": "green", "2": "blue"}}');
  await writeFile(
    join(exported, 'preprocessor_config.json'),
    '{"size": 8, "image_mean": [0.5, 0.5, 0.5], "image_std": [0.5, 0.5, 0.5]}',
  );
  const context = fakeContext({ networks: { [join(exported, 'onnx/model.onnx')]: network } });
  const guide = await classifier.create(classifier.params.parse({ model: exported, labels: ['green'] }), context);
  const [red, green] = [
    [1, -1, -1],
    [-1, 1, -1],
  ].map((color) => paint(8, 8, 3, () => color));
  const [first, second] = (await scoresOf(guide, red as never, green as never)) as [number, number];
  assert.ok(second > first, `${first} ${second}`);
});

it('supports networks that output probabilities, if labels.json says so', async () => {
  const soft = await mkdtemp(join(tmpdir(), 'kandid-soft-'));
  after(() => rm(soft, { recursive: true }));
  await writeFile(
    join(soft, 'labels.json'),
    '{"side": 8, "outputs": "probabilities", "attributes": {"kind": ["a", "b"]}}',
  );
  const halves: GuideModel = {
    inputs: ['image'],
    outputs: ['probabilities'],
    run: async () => ({ probabilities: { data: Float32Array.of(0.25, 0.75), dims: [1, 2] } }),
  };
  const context = fakeContext({ networks: { [join(soft, 'model.onnx')]: halves } });
  const guide = await classifier.create(classifier.params.parse({ model: soft, labels: { kind: 'b' } }), context);
  const [score] = (await scoresOf(
    guide,
    paint(8, 8, 3, () => [0, 0, 0]),
  )) as [number];
  assert.ok(Math.abs(score - Math.log(0.75)) < 1e-5, `${score}`);
});
