/**
 * Figures on features of pictures, from results that are given. The networks of test/fixtures/features give the mean red, green
 * and blue of a picture, −1 … 1, as features; as logits also their negatives, and 0 for "gray".
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Picture } from '../../../../src/guide.ts';
import { classifier } from '../../../../src/lab/evaluate/tasks/classifier.ts';
import { frechet } from '../../../../src/lab/evaluate/tasks/frechet.ts';
import { colorize } from '../../../../src/lab/evaluate/tasks/restorations.ts';
import { style } from '../../../../src/lab/evaluate/tasks/style.ts';
import { superResolution } from '../../../../src/lab/evaluate/tasks/super-resolution.ts';
import { flat, type Known, knownContext, outcomeOf } from '../known-context.ts';

const FEATURES = 'test/fixtures/features';
const RED = flat([1, -1, -1]);
const GREEN = flat([-1, 1, -1]);
const BLUE = flat([-1, -1, 1]);

const giving = (images: readonly Picture[]): Pick<Known, 'results'> => ({
  results: (index) => outcomeOf([images[index % images.length] as Picture]),
});

function contextOf(known: Known) {
  return knownContext({ ...known, options: { models: [FEATURES], ...known.options } });
}

const redder = (picture: Picture, by: number): Picture => ({
  ...picture,
  data: picture.data.map((value, i) => (i < picture.data.length / 3 ? value + by : value)),
});

test('super-resolution: Fréchet distances of results and of bicubic enlarging', async () => {
  const pictures = [flat([0.2, 0, 0]), flat([-0.2, 0, 0]), flat([0, 0.4, 0])];
  const ends = { ceiling: pictures.map((one) => outcomeOf([one])), random: pictures };
  const context = await contextOf({ ...ends, pictures, ...giving(pictures.map((one) => redder(one, 0.5))) });
  const { 4: figures } = (await superResolution.run(context)).metrics.super_resolution as Record<number, Figures>;
  // All are .5 redder: the square of it. One colour enlarged is that colour.
  assert.deepEqual([figures?.frechet, figures?.bicubic_frechet], [0.25, 0]);
});

type Figures = Record<string, unknown>;

test('colours: Fréchet distances of results and of the gray pictures', async () => {
  const pictures = [flat([1, 0, 0]), flat([-1, 0, 0])];
  const ends = { ceiling: pictures.map((one) => outcomeOf([one])), random: pictures };
  const context = await contextOf({ ...ends, pictures, ...giving(pictures) });
  const figures = (await colorize.run(context)).metrics.colorize as Figures;
  // Red varies by 2. Gray is ±.299 in each channel, all alike: 2 + 3 · 2 · .299² − 2 · √2 · √2 · .299.
  assert.deepEqual([figures.frechet, figures.given_frechet, figures.ceiling_frechet], [0, 1.34, 0]);
});

test('samples: their distance to training pictures, and that of held-out ones, on the shipped network', async () => {
  const training = [flat([0.2, 0, 0]), flat([-0.2, 0, 0]), flat([0, 0.4, 0]), flat([0, -0.4, 0])];
  const context = await contextOf({
    training,
    pictures: training.map((one) => redder(one, -0.5)),
    ...giving(training.map((one) => redder(one, 0.3))),
    options: { frechet: { samples: 4 } },
  });
  assert.deepEqual((await frechet.run(context)).metrics, {
    frechet: {
      network: 'imagenet-lite',
      features: 3,
      samples: 4,
      reference: { part: 'training', pictures: 4 },
      distance: 0.09,
      held_out: { pictures: 4, distance: 0.25 },
    },
  });
});

test('samples on a given network with a fixed batch of two, without training pictures', async () => {
  const pictures = [flat([0.2, 0, 0]), flat([-0.2, 0, 0]), flat([0, 0.4, 0])];
  const context = await contextOf({
    pictures,
    ...giving(pictures.map((one) => redder(one, 0.4))),
    options: { hasTraining: false, frechet: { file: `${FEATURES}/fixed.onnx`, samples: 3 } },
  });
  // From 0 to 1, .4 is .2.
  assert.deepEqual((await frechet.run(context)).metrics, {
    fid: {
      network: 'fixed.onnx',
      features: 3,
      samples: 3,
      reference: { part: 'held out', pictures: 3 },
      distance: 0.04,
    },
  });
});

test('many samples, of which only sums are stored; pixel range by option', async () => {
  const pictures = Array.from({ length: 40 }, (_, i) => flat([i / 40, (i % 5) / 5, -(i % 7) / 7]));
  const at = async (normalise: 'bytes' | 'signed') => {
    const file = `${FEATURES}/free.onnx`;
    const context = await contextOf({
      training: pictures,
      pictures,
      ...giving(pictures.map((one) => redder(one, -0.5))),
      options: { frechet: { file, samples: 40, side: 4, normalise } },
    });
    return ((await frechet.run(context)).metrics.fid as Figures).distance;
  };
  assert.equal(await at('signed'), 0.25);
  assert.ok(Math.abs(Number(await at('bytes')) - 63.75 ** 2) < 0.01);
});

test('a network with other inputs, or another side, is refused with the expectation', async () => {
  const refused = async (file: string, side?: number) => {
    const context = await contextOf({ pictures: [RED, BLUE], options: { frechet: { file, samples: 2, side } } });
    return frechet.run(context).then(
      () => 'taken',
      (error: Error) => error.message,
    );
  };
  assert.match(
    await refused('models/tiny/decode.onnx'),
    /^--fid is a network that takes codes: int64 .*, expected one with a single input/,
  );
  assert.match(
    await refused(`${FEATURES}/free.onnx`),
    /^--fid-side is missing, expected the side .* \(Inception: 299\)\.$/,
  );
  assert.match(await refused(`${FEATURES}/fixed.onnx`, 8), /^--fid-side is 8, expected 4, or nothing/);
});

test('labels: how often they are among the first five of the judge and of the guide', async () => {
  // The judge calls red cyan and cyan red: in red it sees cyan, magenta, yellow, gray and green before red.
  const context = await contextOf({
    pictures: [RED, RED, GREEN, BLUE],
    random: [GREEN, GREEN, GREEN, GREEN],
    results: (_index, _label, { guides }) => {
      const [wanted] = (guides?.[0]?.params?.labels ?? []) as string[];
      return outcomeOf([wanted === 'red' ? RED : BLUE]);
    },
    options: { judge: 'other-judge', labels: ['red', 'blue'] },
  });
  assert.deepEqual((await classifier.run(context)).metrics.classifier, {
    pictures: 4,
    labels: ['red', 'blue'],
    guide: 'imagenet-lite',
    judge: 'other-judge',
    agreement: 0.5,
    agreement_first: 0.5,
    guide_agreement: 1,
    // In green it sees red too, and blue as the sixth.
    random_agreement: 0.5,
    per_label: { red: 0, blue: 1 },
  });
});

test('default labels: the most frequent ones of held-out pictures', async () => {
  const context = await contextOf({
    pictures: [GREEN, RED, RED, BLUE, RED, GREEN],
    random: [RED, RED, RED, RED, RED, RED],
    ...giving([RED]),
    options: { judge: 'imagenet-lite' },
  });
  const { labels } = (await classifier.run(context)).metrics.classifier as { labels: string[] };
  assert.deepEqual(labels, ['red', 'green', 'blue']);
});

test('style: statistics of feature maps of a network that is not the guide', async () => {
  const context = await contextOf({
    pictures: [RED, RED],
    random: [GREEN, GREEN],
    ...giving([RED, RED]),
  });
  const { network } = (await style.run(context)).metrics.style as { network: Figures };
  // Products of two channels: 4 of 9 differ, by 2: 16 / 9 of the square of the length.
  assert.deepEqual(network, { name: 'imagenet-lite', before: 1.7778, after: 0, share: 0 });
});
