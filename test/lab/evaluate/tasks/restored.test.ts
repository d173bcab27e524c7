/** Figures of restored pictures from results that are given; the formula of each stands beside it. PSNR is 10·log₁₀(4 / mean squared error). */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Picture } from '../../../../src/guide.ts';
import { diversity } from '../../../../src/lab/evaluate/tasks/diversity.ts';
import { edges } from '../../../../src/lab/evaluate/tasks/edges.ts';
import { inpaint } from '../../../../src/lab/evaluate/tasks/inpaint.ts';
import { colorize, denoise, lowBit } from '../../../../src/lab/evaluate/tasks/restorations.ts';
import { style } from '../../../../src/lab/evaluate/tasks/style.ts';
import { superResolution } from '../../../../src/lab/evaluate/tasks/super-resolution.ts';
import { drawn, flat, type Known, knownContext, outcomeOf, SIDE } from '../known-context.ts';

/** What every restoration has: the ceiling is 0.02 away from 0 and 0.5, so 40 dB, random pictures are 1 away. */
const pictures = [flat(0), flat(0.5)];
const ends = { ceiling: [flat(0.02), flat(0.52)].map((one) => outcomeOf([one])), random: [flat(1), flat(-0.5)] };
const giving = (images: readonly Picture[]): Pick<Known, 'results'> => ({
  results: (index) => outcomeOf([images[index] as Picture]),
});

test('super-resolution: the result, bicubic enlarging, and the result shrunk again', async () => {
  // Stripes that are gone in the shrunk picture, which is 0 everywhere; so is what bicubic makes of it.
  const striped = drawn((x) => (x % 2 === 0 ? 0.2 : -0.2));
  const known = { ceiling: [outcomeOf([striped])], random: [flat(0)], pictures: [striped] };
  const context = await knownContext({ ...known, ...giving([flat(0.02)]) });
  const { 4: figures } = (await superResolution.run(context)).metrics.super_resolution as Record<number, unknown>;
  assert.deepEqual(figures, {
    // (.02 − .2)² and (.02 + .2)² by turns: .0404 on average.
    psnr_db: 19.957,
    bicubic_db: 20,
    consistency_db: 40,
    ceiling_db: null,
    random_db: 20,
  });
});

test('inpainting: the unknown half, the known half, and the baseline by the mean', async () => {
  const halves = (left: number, right: number) => drawn((x) => (x < SIDE / 2 ? left : right));
  const known = {
    pictures: [halves(0, 0.5), halves(0, 0.1)],
    ceiling: [outcomeOf([halves(1, 0.52)]), outcomeOf([halves(1, 0.12)])],
    random: [halves(0, -0.5), halves(0, -0.9)],
  };
  const context = await knownContext({ ...known, ...giving([halves(0.02, 0.7), halves(0.02, 0.3)]) });
  const { half } = (await inpaint.run(context)).metrics.inpaint as Record<string, unknown>;
  assert.deepEqual(half, {
    psnr_db: 20,
    // The left is 0, so the right becomes 0: 10·log₁₀(4 / .25) and 10·log₁₀(4 / .01), on average.
    mean_fill_db: 19.031,
    // The mean picture has .3 on the right.
    mean_picture_db: 20,
    known_db: 40,
    ceiling_db: 40,
    random_db: 6.021,
  });
});

test('colours: the result, its luma, the gray picture, and gray in the mean colour', async () => {
  const known = { ...ends, pictures: [flat([0.4, 0, 0]), flat([0, 0.4, 0])], random: [flat([1.4, 0, 0]), flat(0)] };
  const context = await knownContext({ ...known, ...giving([flat([0.4, 0.2, 0]), flat([0, 0.2, 0])]) });
  assert.deepEqual((await colorize.run(context)).metrics.colorize, {
    // One of three channels is .2 away: 10·log₁₀(4 / (.04 / 3)).
    psnr_db: 24.771,
    // .587 · .2 away.
    luma_db: 24.627,
    // Luma .1196 and .2348 in every channel (NumPy).
    given_db: 19.948,
    // With the mean of colour − luma added: (.0228, .0228, −.1772) (NumPy).
    mean_color_db: 21.252,
    // (.38² + .02² + .02²) / 3 and (.52² + .12² + .52²) / 3 (NumPy).
    ceiling_db: 16.26,
    // Values end at 1: .6 of one channel, then .4.
    random_db: 16.99,
  });
});

test('noise: before and after, for a standard deviation of 0.53', async () => {
  const context = await knownContext({ ...ends, pictures, ...giving([flat(0.2), flat(0.7)]) });
  const { denoise: figures } = (await denoise.run(context)).metrics as { denoise: Record<string, number> };
  const { given_db, blur_db, ...exact } = figures;
  assert.deepEqual(exact, { psnr_db: 20, luma_db: 20, ceiling_db: 40, random_db: 6.021 });
  // 10·log₁₀(4 / .53²) is 11.54; clamped at 1, a little less noise is left.
  assert.ok((given_db as number) > 11.4 && (given_db as number) < 13, `${given_db}`);
  // Flat pictures: the broadest blur is the best, and far better than nothing.
  assert.ok((blur_db as number) > (given_db as number) + 8, `${blur_db}`);
});

test('few shades: of five, 0 and 0.5 are shades themselves, 0.3 becomes 0.5', async () => {
  const known = { ...ends, pictures: [flat(0.3), flat(-0.3)], random: [flat(0.3), flat(0.7)] };
  const context = await knownContext({ ...known, ...giving([flat(0.5), flat(-0.1)]) });
  const { low_bit: figures } = (await lowBit.run(context)).metrics as { low_bit: Record<string, number> };
  assert.deepEqual([figures.psnr_db, figures.luma_db, figures.given_db, figures.blur_db], [20, 20, 20, 20]);
});

test('edges: F1 of edge pixels, two columns wide at a step', async () => {
  const step = (column: number) => drawn((x) => (x < column ? -1 : 1));
  const known = { pictures: [step(4)], ceiling: [outcomeOf([step(4)])], random: [step(1)] };
  const context = await knownContext({ ...known, ...giving([step(5)]) });
  assert.deepEqual((await edges.run(context)).metrics.edges, {
    // One of two columns is right, of those found and of those wanted.
    f1: 0.5,
    ceiling_f1: 1,
    random_f1: 0,
    // One of eight columns is 2 away: 10·log₁₀(4 / (4 / 8)).
    psnr_db: 9.031,
  });
});

test('diversity: mean pairwise distance of eight results, and their quality', async () => {
  // .2 away from 0.2 all of them: 16 of 28 pairs are 0.4 apart, which is 0.2 where black is 0 and white 1.
  const eight = [0, 0, 0, 0, 0.4, 0.4, 0.4, 0.4].map((value) => flat(value));
  const context = await knownContext({
    pictures: [flat(0.2), flat(0.2), flat(0.2)],
    random: [flat(-1), flat(1)],
    results: () => outcomeOf(eight),
  });
  const { diversity: figures } = (await diversity.run(context)).metrics as { diversity: Record<string, unknown> };
  const known = { pairwise: 0.1143, psnr_db: 20 };
  assert.deepEqual(figures, {
    requests: 3,
    random: 1,
    held_out: 0,
    super_resolution_default: known,
    super_resolution_top2: known,
    super_resolution_temperature: known,
    inpaint_stripe_default: known,
    inpaint_stripe_top2: known,
    inpaint_stripe_temperature: known,
  });
});

test('style: squared distance of statistics, relative to their squared length', async () => {
  // Flat pictures have no differences: of v and w it is ((v − w)² + 2(v² − w²)²) / (v² + 2v⁴) at every size.
  const context = await knownContext({
    pictures: [flat(0.5), flat(0.5)],
    random: [flat(0), flat(1)],
    ...giving([flat(0.5), flat(1)]),
  });
  assert.deepEqual((await style.run(context)).metrics.style, {
    pictures: 2,
    // 1 and (.25 + 2 · .5625) / .375, on average.
    before: 2.3333,
    // 0 and 3.6667.
    after: 1.8333,
    share: 0.7857,
    content_before: 0,
    content_after: 1.8333,
  });
});
