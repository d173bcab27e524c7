/**
 * Figures of a judge for given results: it classifies red pictures as the first value of each attribute, green ones as the
 * second, blue ones as the third (test/fixtures/judge).
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Picture } from '../../../../src/guide.ts';
import { Judge } from '../../../../src/lab/evaluate/judge.ts';
import { LONG_PROMPTS } from '../../../../src/lab/evaluate/long-prompts.ts';
import { conditionKept, conditionMixed } from '../../../../src/lab/evaluate/tasks/conditional.ts';
import { text, textLong } from '../../../../src/lab/evaluate/tasks/text.ts';
import { textInpaint } from '../../../../src/lab/evaluate/tasks/text-inpaint.ts';
import { textResults } from '../../../../src/lab/evaluate/tasks/text-results.ts';
import { unguided } from '../../../../src/lab/evaluate/tasks/unguided.ts';
import { drawn, flat, knownContext, outcomeOf, SIDE } from '../known-context.ts';

const RED = flat([1, -1, -1]);
const GREEN = flat([-1, 1, -1]);
const BLUE = flat([-1, -1, 1]);
const CONDITIONAL = 'test/fixtures/conditional/tiny-color';

const giving =
  (images: readonly Picture[], seen = 0) =>
  (index: number) =>
    outcomeOf([images[index] as Picture], { seen });

test('the judge: values, features and confidence', async () => {
  const judge = await Judge.open(['test/fixtures/judge']);
  const [red, dim] = await judge.features([RED, flat([0, 0, 0.5])]);
  assert.deepEqual([...(red ?? [])], [1, -1, -1]);
  // Softmax: e / (e + 2 / e), e^.5 / (e^.5 + 2).
  assert.ok(Math.abs(judge.confidence(red ?? new Float64Array()) - 0.786986) < 1e-6);
  assert.ok(Math.abs(judge.confidence(dim ?? new Float64Array()) - 0.451863) < 1e-6);
  assert.deepEqual(
    (await judge.classify([GREEN, BLUE])).map(({ top, mouth }) => [top, mouth]),
    [
      ['blunt-bob', 'worried'],
      ['caesar', 'tongue'],
    ],
  );
  await judge.close();
});

test('descriptions name five attributes each, with separate figures', async () => {
  assert.equal(LONG_PROMPTS.length, 80);
  assert.ok(LONG_PROMPTS.every(([, wants]) => Object.keys(wants).length === 5));
  const shared = { pictures: [BLUE, BLUE], ceiling: [RED, BLUE].map((one) => outcomeOf([one])), random: [RED, RED] };
  const context = await knownContext({ ...shared, results: giving([RED, RED]) });
  const { metrics } = await textLong.run(context);
  assert.deepEqual(Object.keys(metrics), ['text_long']);
  const { prompts, accuracy_by_size: bySize } = metrics.text_long as { prompts: number; accuracy_by_size: object };
  assert.deepEqual([prompts, Object.keys(bySize)], [2, ['5']]);
});

test('prompts: named attributes that the judge finds, for four prompts with 1, 2, 3 and 4', async () => {
  const context = await knownContext({
    pictures: [BLUE, BLUE, BLUE, BLUE],
    ceiling: [RED, RED, RED, BLUE].map((one) => outcomeOf([one])),
    random: [RED, RED, GREEN, BLUE],
    results: giving([RED, GREEN, RED, GREEN], 4),
  });
  const { per_attribute: attributes, ...figures } = (await text.run(context)).metrics.text as Record<string, unknown>;
  assert.deepEqual(figures, {
    prompts: 4,
    // Orange · sunglasses, not black · hijab, yellow, not purple · bob, black, worried, tan: 8 of 10.
    accuracy: 0.8,
    // Half of the random pictures are red, a quarter green: (.5 + .25 + .5 + .5 + .5 + .25 + 4 · .25) / 10.
    random_accuracy: 0.35,
    all_named: 0.5,
    accuracy_by_size: { 1: 1, 2: 0.5, 3: 0.6667, 4: 1 },
    guide: 'avatars-clip',
    judge: 'avatars-attributes',
    // The first four avatars have 44 visible labels, of which blue pictures match 1, 2, 3 and 2, red ones 4, 1 and 2.
    judge_accuracy: { renders: 0.1818, codes: 0.2045 },
    // Of four levels with four candidates.
    guide_pictures: 4,
    guide_share: 0.25,
  });
  const { top } = attributes as Record<string, unknown>;
  // Requested twice and found twice: a hijab, which half of the random pictures have, and a bob, which a quarter has.
  assert.deepEqual(top, { accuracy: 1, named: 2, random_accuracy: 0.375 });
});

test('prompts with four pictures each: share that match completely, of the first, and diversity', async () => {
  const several = [
    [RED, GREEN, RED, BLUE],
    [GREEN, GREEN, GREEN, GREEN],
    [GREEN, RED, RED, RED],
    [GREEN, RED, GREEN, GREEN],
  ];
  const context = await knownContext({
    pictures: [BLUE, BLUE, BLUE, BLUE],
    random: [RED, GREEN],
    results: (index, label) => outcomeOf(label === '4 pictures, 4 a request' ? (several[index] ?? []) : [RED]),
  });
  const { text_results: figures } = (await textResults.run(context)).metrics;
  assert.deepEqual(figures, {
    prompts: 4,
    results: 4,
    // Red matches the first prompt, green the fourth; the others need some of both.
    whole: 0.3125,
    first_whole: 0.5,
    // Two colours are √(8/3) / 2 apart: 5 of 6 pairs, none, 3 of 6 and 3 of 6; all seeds give red.
    diversity: { results: 0.3742, seeds: 0, random: 0.8165 },
    guide: 'avatars-clip',
    judge: 'avatars-attributes',
  });
});

test('prompts with inpainting: named attributes found, and PSNR of the kept lower half', async () => {
  const kept = (colour: readonly [number, number, number], lower: number) =>
    drawn((_x, y, channel) => (y < SIDE / 2 ? (colour[channel] as number) : lower));
  const blue = [-1, -1, 1] as const;
  const context = await knownContext({
    pictures: [flat(0), flat(0), flat(0), flat(0)],
    // Of the first four avatars, those with short hair are the first and the last.
    results: (index, label) =>
      outcomeOf([label === 'inpaint alone' ? kept(blue, 0.02) : kept(index === 0 ? blue : [-1, 1, -1], 0.2)]),
  });
  assert.deepEqual((await textInpaint.run(context)).metrics.text_inpaint, {
    pictures: 2,
    // "A gray bobble hat": blue is gray, no such hat; "retro purple sunglasses": green is such glasses, red ones.
    accuracy: 0.5,
    inpaint_only_accuracy: 0.25,
    known_db: 20,
    inpaint_only_known_db: 40,
  });
});

test('unguided pictures: confidence of the judge, Fréchet distance of its features', async () => {
  const held = [flat([0.2, 0, 0]), flat([-0.2, 0, 0]), flat([0, 0.4, 0]), flat([0, -0.4, 0])];
  const moved = held.map(({ data, ...size }) => ({
    ...size,
    data: data.map((value, i) => (i < SIDE * SIDE ? value + 0.5 : value)),
  }));
  const context = await knownContext({
    pictures: held,
    ceiling: held.map((one) => outcomeOf([one])),
    random: moved,
    training: [RED, RED, RED, RED],
    results: giving(held),
  });
  const { frechet, confidence } = (await unguided.run(context)).metrics.unguided as Record<
    string,
    Record<string, number>
  >;
  const zeros = Object.fromEntries(['default', '1', '0.8', '0.6', '0.4', '0.2', 'codes'].map((name) => [name, 0]));
  // The same pictures are at 0; all moved by .5 at .25. Four red ones have no variance, and the held-out ones .08 / 3 and
  // .32 / 3: 1 + 1 + 1 + .1333.
  assert.deepEqual(frechet, { ...zeros, uniform: 0.25, training: 3.13 });
  assert.equal(confidence?.training, 0.787);
});

test('a conditional model: error of gray, of 255', async () => {
  const context = await knownContext(
    {
      pictures: [flat(0), flat(0.5)],
      ceiling: [outcomeOf([flat(0.02)]), outcomeOf([flat(0.52)])],
      random: [flat(0.2), flat(0.5)],
      results: giving([flat(0.5), flat(1)]),
    },
    CONDITIONAL,
  );
  assert.deepEqual((await conditionKept.run(context)).metrics.condition, {
    kind: 'grayscale',
    // 127.5 times the mean of .02 and .02, of .2 and 0, of .5 and .5.
    gray_error: { own: 2.55, unguided: 12.75, other: 63.75 },
  });
});

test('shape by the condition, colours by another picture: attributes that the judge confirms', async () => {
  const context = await knownContext(
    { pictures: [RED, RED, RED, RED], random: [GREEN, GREEN, GREEN, GREEN], results: giving([RED, RED, RED, RED]) },
    CONDITIONAL,
  );
  const figures = (await conditionMixed.run(context)).metrics.condition_mixed as Record<string, number | null>;
  // Each is guided by the one before it. Red is platinum, light and gray, as the first avatar is alone, which guides one of four;
  // of mouths open (the first), of accessories none (the third and the fourth).
  assert.deepEqual(
    [figures.hairColor, figures.skin, figures.clothesColor, figures.colours, figures.mouth, figures.accessories],
    [0.25, 0.25, 0.25, 0.25, 0.25, 0.5],
  );
});
