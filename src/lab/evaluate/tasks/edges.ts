/** Edge guidance: how much the edges of results match those of the reference. */
import { edgesOf } from '../../../engine/input/edges.ts';
import type { Picture } from '../../../guide.ts';
import type { EvaluationContext } from '../context.ts';
import { clamped, mean, rounded } from '../measures/figures.ts';
import { cell, SHOWN, type Task } from '../task.ts';
import { ceilingPictures, meanQuality, pngOf, runRestoration } from './restore.ts';

export const edges: Task = {
  name: 'edges',
  title: 'edges of other pictures; F1 of edge pixels, 1 is the same',
  async run(context) {
    const found = await runRestoration(context, 'edges', async (picture) => [
      { name: 'edges', params: { image: await pngOf(picture) } },
    ]);
    const ceiling = await ceilingPictures(context);
    const figures = {
      f1: rounded(meanF1(context, found), 4),
      ceiling_f1: rounded(meanF1(context, ceiling), 4),
      random_f1: rounded(meanF1(context, await context.random()), 4),
      psnr_db: rounded(meanQuality(context, found), 3),
    };
    return {
      metrics: { edges: figures },
      table: {
        header: ['Kandid F1', 'all known', 'random', 'Kandid dB'],
        rows: [[cell(figures.f1, 3), cell(figures.ceiling_f1, 3), cell(figures.random_f1, 3), cell(figures.psnr_db)]],
      },
      sheets: [
        {
          name: 'edges',
          columns: ['edges', 'Kandid', 'its edges', 'picture'],
          rows: context.pictures
            .slice(0, SHOWN)
            .map((picture, i) => [mapOf(picture), found[i], mapOf(found[i] as Picture), picture] as Picture[]),
        },
      ],
    };
  },
};

function meanF1(context: EvaluationContext, pictures: readonly Picture[]): number {
  return mean(context.pictures.map((picture, i) => edgesF1(pictures[i] as Picture, edgesOf(picture))));
}

function mapOf(picture: Picture): Picture {
  return { ...picture, channels: 1, data: edgesOf(clamped(picture)) };
}

/**
 * F1 of edge pixels, the harmonic mean of precision and recall: 1 if both maps are equal.
 *
 * @param kind of condition that the edges are
 */
export function edgesF1(picture: Picture, wanted: Float32Array, kind?: string): number {
  const found = edgesOf(clamped(picture), kind);
  let [both, all] = [0, 0];
  for (let i = 0; i < wanted.length; i++) {
    const [one, other] = [Number((found[i] as number) > 0), Number((wanted[i] as number) > 0)];
    both += one * other;
    all += one + other;
  }
  return all === 0 ? 1 : (2 * both) / all;
}
