/** Inpainting, compared with filling by the mean of the known pixels. */
import type { Picture } from '../../../guide.ts';
import type { EvaluationContext } from '../context.ts';
import { mean, psnrWhere, rounded } from '../measures/figures.ts';
import { filledWithMean, knownPixels, type MaskKind, maskPicture } from '../measures/masks.ts';
import { cell, SHOWN, type Task } from '../task.ts';
import { ceilingPictures, meanQuality, pngOf, runRestoration } from './restore.ts';

const KINDS = ['half', 'center', 'random70', 'stripe'] as const satisfies readonly MaskKind[];

export const inpaint: Task = {
  name: 'inpaint',
  title: 'the unknown part of pictures reconstructed; PSNR there',
  async run(context) {
    const measured = [];
    for (const kind of KINDS) measured.push(await masked(context, kind));
    return {
      metrics: { inpaint: Object.fromEntries(measured.map(({ kind, figures }) => [kind, figures])) },
      table: {
        header: ['mask', 'Kandid dB', 'mean of the known', 'mean picture', 'gain', 'known part', 'ceiling', 'random'],
        rows: measured.map(({ kind, figures }) => [
          ...[kind, cell(figures.psnr_db), cell(figures.mean_fill_db), cell(figures.mean_picture_db)],
          cell((figures.psnr_db ?? Number.NaN) - (figures.mean_fill_db ?? Number.NaN)),
          ...[cell(figures.known_db), cell(figures.ceiling_db), cell(figures.random_db)],
        ]),
      },
      sheets: measured.map(({ sheet }) => sheet),
    };
  },
};

async function masked(context: EvaluationContext, kind: MaskKind) {
  const known = context.pictures.map((_, i) => knownPixels(kind, context.side, i));
  const unknown = known.map((one) => one.map((share) => 1 - share));
  const found = await runRestoration(context, `inpaint, ${kind}`, async (picture, i) => [
    {
      name: 'inpaint',
      params: { image: await pngOf(picture), mask: await pngOf(maskPicture(known[i] as Float32Array, context.side)) },
    },
  ]);
  const filled = context.pictures.map((picture, i) => filledWithMean(picture, known[i] as Float32Array));
  const average = await meanPicture(context);
  const ceiling = await ceilingPictures(context);
  const random = await context.random();
  const there = (a: Picture, b: Picture, i: number) => psnrWhere(a, b, unknown[i] as Float32Array);
  const figures = {
    psnr_db: rounded(meanQuality(context, found, there), 3),
    mean_fill_db: rounded(meanQuality(context, filled, there), 3),
    mean_picture_db: rounded(mean(context.pictures.map((picture, i) => there(average, picture, i))), 3),
    known_db: rounded(
      meanQuality(context, found, (a, b, i) => psnrWhere(a, b, known[i] as Float32Array)),
      3,
    ),
    ceiling_db: rounded(meanQuality(context, ceiling, there), 3),
    random_db: rounded(meanQuality(context, random, there), 3),
  };
  const sheet = {
    name: `inpaint_${kind}`,
    columns: ['known', 'filled with mean', 'Kandid', 'all known', 'picture'],
    rows: context.pictures.slice(0, SHOWN).map((picture, i) => {
      const hidden = hide(picture, known[i] as Float32Array);
      return [hidden, filled[i], found[i], ceiling[i], picture] as Picture[];
    }),
  };
  return { kind, figures, sheet };
}

/** The pixelwise mean of the held-out pictures: a baseline that knows what the pictures have in common. */
function meanPicture(context: EvaluationContext): Promise<Picture> {
  return context.cached('mean picture', async () => {
    const [first] = context.pictures as readonly [Picture];
    const data = new Float32Array(first.data.length);
    for (const picture of context.pictures)
      for (let i = 0; i < data.length; i++)
        data[i] = (data[i] as number) + (picture.data[i] as number) / context.pictures.length;
    return { ...first, data };
  });
}

function hide(picture: Picture, known: Float32Array): Picture {
  const data = picture.data.map((value, i) => (known[i % known.length] === 1 ? value : -0.2));
  return { ...picture, data };
}
