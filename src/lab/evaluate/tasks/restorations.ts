/** Colorization, denoising and dequantisation, each compared with a baseline. */

import type { Picture } from '../../../guide.ts';
import { psnr } from '../../../kit/quality.ts';
import type { EvaluationContext } from '../context.ts';
import { frechetDistances } from '../imagenet.ts';
import { blurred, fewShades, grayed, inChannels, noisy } from '../measures/degrade.ts';
import { mean, rounded } from '../measures/figures.ts';
import { cell, type Setting, SHOWN, type Task, type TaskOutcome } from '../task.ts';
import { ceilingPictures, meanQuality, pngOf, runRestoration } from './restore.ts';

interface Restoration {
  readonly name: string;
  readonly guide: string;
  /** The degraded picture that the guide receives. */
  degrade(picture: Picture, index: number): Picture;
  /** Baseline: its title, method, and the figure's key. */
  readonly plain: {
    readonly title: string;
    readonly key: string;
    restore(degraded: Picture, context: EvaluationContext): Picture;
  };
}

async function restore(context: EvaluationContext, { name, guide, degrade, plain }: Restoration): Promise<TaskOutcome> {
  const degraded = context.pictures.map(degrade);
  const found = await runRestoration(context, name, async (_, i) => [
    { name: guide, params: { image: await pngOf(degraded[i] as Picture) } },
  ]);
  const ceiling = await ceilingPictures(context);
  const random = await context.random();
  const given = degraded.map((picture) => inChannels(picture, context.channels));
  const otherwise = given.map((picture) => plain.restore(picture, context));
  const luma = (a: Picture, b: Picture) => psnr(grayed(a), grayed(b));
  const distances = await frechetDistances(context, { frechet: found, given_frechet: given, ceiling_frechet: ceiling });
  const figures: Record<string, number | null> = {
    psnr_db: rounded(meanQuality(context, found), 3),
    luma_db: rounded(meanQuality(context, found, luma), 3),
    given_db: rounded(meanQuality(context, given), 3),
    [plain.key]: rounded(meanQuality(context, otherwise), 3),
    ceiling_db: rounded(meanQuality(context, ceiling), 3),
    random_db: rounded(meanQuality(context, random), 3),
  };
  return {
    metrics: { [name]: { ...figures, ...distances } },
    table: {
      header: ['', 'Kandid', 'its luma', 'as given', plain.title, 'ceiling', 'random'],
      rows: [
        ['dB', ...Object.values(figures).map((value) => cell(value))],
        ...(distances ? [distanceRow(distances)] : []),
      ],
    },
    sheets: [
      {
        name,
        columns: ['given', plain.title, 'Kandid', 'all known', 'picture'],
        rows: context.pictures
          .slice(0, SHOWN)
          .map((picture, i) => [degraded[i], otherwise[i], found[i], ceiling[i], picture] as Picture[]),
      },
    ],
  };
}

function distanceRow(distances: Readonly<Record<string, number | null>>): string[] {
  const { frechet, given_frechet: given, ceiling_frechet: ceiling } = distances;
  return ['Fréchet distance', cell(frechet), '', cell(given), '', cell(ceiling), ''];
}

/** σ of the denoising task (black is −1, white 1): about 68 of 255, as in the original implementation. */
const SIGMA = 0.53;
const BLURS = [0.8, 1.2, 1.6, 2.4];
const SHADES = 5;

const needsColour = ({ channels }: Setting) => (channels === 3 ? null : 'the model makes gray pictures');

export const colorize: Task = {
  name: 'colorize',
  title: 'colours for gray pictures',
  skipReason: needsColour,
  run: (context) =>
    restore(context, {
      name: 'colorize',
      guide: 'colorize',
      degrade: grayed,
      plain: { title: 'mean colour', key: 'mean_color_db', restore: inMeanColour },
    }),
};

export const denoise: Task = {
  name: 'denoise',
  title: `clean pictures from noise of sigma ${SIGMA}`,
  run: async (context) => {
    const sigma = bestBlur(context);
    return await restore(context, {
      name: 'denoise',
      guide: 'denoise',
      degrade: (picture, i) => noisy(picture, SIGMA, i),
      plain: { title: `best blur (${sigma})`, key: 'blur_db', restore: (picture) => blurred(picture, sigma) },
    });
  },
};

export const lowBit: Task = {
  name: 'low_bit',
  title: `full shades from ${SHADES} a channel`,
  run: (context) =>
    restore(context, {
      name: 'low_bit',
      guide: 'low_bit',
      degrade: (picture) => fewShades(picture, SHADES),
      plain: { title: 'blur (0.6)', key: 'blur_db', restore: (picture) => blurred(picture, 0.6) },
    }),
};

/** The blur with the best PSNR on the first pictures. */
function bestBlur(context: EvaluationContext): number {
  const some = context.pictures.slice(0, 50);
  const quality = (sigma: number) =>
    mean(some.map((picture, i) => psnr(blurred(noisy(picture, SIGMA, i), sigma), picture)));
  return BLURS.reduce((best, sigma) => (quality(sigma) > quality(best) ? sigma : best));
}

/** Gray with the mean difference of each channel from gray, over all held-out pictures. */
function inMeanColour(gray: Picture, context: EvaluationContext): Picture {
  const size = gray.width * gray.height;
  const tints = tintsOf(context);
  const data = gray.data.map((value, i) => value + (tints[Math.floor(i / size)] as number));
  return { ...gray, data };
}

const TINTS = new WeakMap<EvaluationContext, number[]>();

function tintsOf(context: EvaluationContext): number[] {
  const known = TINTS.get(context);
  if (known) return known;
  const tints = Array.from({ length: context.channels }, (_, channel) =>
    mean(
      context.pictures.map((picture) => {
        const gray = grayed(picture).data;
        const plane = picture.data.subarray(channel * gray.length, (channel + 1) * gray.length);
        return mean([...plane.map((value, i) => value - (gray[i] as number))]);
      }),
    ),
  );
  TINTS.set(context, tints);
  return tints;
}
