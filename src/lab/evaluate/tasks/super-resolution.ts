/** Super-resolution, compared with bicubic enlarging. */

import type { Picture } from '../../../guide.ts';
import { psnrOfError } from '../../../kit/quality.ts';
import type { EvaluationContext } from '../context.ts';
import { frechetDistances } from '../imagenet.ts';
import { bicubic } from '../measures/bicubic.ts';
import { shrunk } from '../measures/degrade.ts';
import { mean, rounded } from '../measures/figures.ts';
import { cell, SHOWN, type Task } from '../task.ts';
import { ceilingPictures, meanQuality, pngOf, runRestoration } from './restore.ts';

const SIDES = [32, 16, 8, 4] as const;

export const superResolution: Task = {
  name: 'super_resolution',
  title: 'sharp pictures from small ones',
  async run(context) {
    const ceiling = await ceilingPictures(context);
    const random = await context.random();
    const ends = { ceiling_db: meanQuality(context, ceiling), random_db: meanQuality(context, random) };
    const sides = SIDES.filter((side) => side < context.side);
    const metrics: Record<string, Record<string, number | null>> = {};
    const sheets = [];
    for (const side of sides) {
      const { figures, found, blurred } = await fromSide(context, side);
      const distances = await frechetDistances(context, { frechet: found, bicubic_frechet: blurred });
      metrics[side] = { ...rounds(figures), ...rounds(ends), ...distances };
      const small = context.pictures.slice(0, SHOWN).map((picture) => shrunk(picture, side));
      sheets.push({
        name: `super_resolution_${side}`,
        columns: [`from ${side}×${side}`, 'bicubic', 'Kandid', 'all known', 'picture'],
        rows: small.map((one, i) => [one, blurred[i], found[i], ceiling[i], context.pictures[i]] as Picture[]),
      });
    }
    return {
      metrics: { super_resolution: metrics },
      table: {
        header: ['from', 'Kandid dB', 'bicubic', 'gain', 'shrunk again', 'ceiling', 'random', 'Fréchet', 'bicubic'],
        rows: sides.map((side) => {
          const row = metrics[side] ?? {};
          const gain = (row.psnr_db ?? Number.NaN) - (row.bicubic_db ?? Number.NaN);
          return [
            ...[`${side}×${side}`, cell(row.psnr_db), cell(row.bicubic_db), cell(gain)],
            ...[cell(row.consistency_db), cell(row.ceiling_db), cell(row.random_db)],
            ...[cell(row.frechet), cell(row.bicubic_frechet)],
          ];
        }),
      },
      sheets,
    };
  },
};

async function fromSide(context: EvaluationContext, side: number) {
  const found = await runRestoration(context, `super-resolution from ${side}`, async (picture) => [
    { name: 'super_resolution', params: { image: await pngOf(shrunk(picture, side)) } },
  ]);
  const blurred = context.pictures.map((picture) => bicubic(shrunk(picture, side), context.side));
  const consistency = mean(
    context.pictures.map((picture, i) =>
      psnrOfError(meanSquare(shrunk(found[i] as Picture, side), shrunk(picture, side))),
    ),
  );
  const figures = {
    psnr_db: meanQuality(context, found),
    bicubic_db: meanQuality(context, blurred),
    consistency_db: consistency,
  };
  return { figures, found, blurred };
}

function meanSquare(a: Picture, b: Picture): number {
  return a.data.reduce((sum, value, i) => sum + (value - (b.data[i] as number)) ** 2, 0) / a.data.length;
}

function rounds(figures: Readonly<Record<string, number>>): Record<string, number | null> {
  return Object.fromEntries(Object.entries(figures).map(([name, value]) => [name, rounded(value, 3)]));
}
