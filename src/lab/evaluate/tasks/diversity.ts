/** Diversity: mean pairwise distance of the results of one request, and its cost in quality. */

import type { GenerateRequest } from '../../../contract/requests.ts';
import type { Picture } from '../../../guide.ts';
import { psnr } from '../../../kit/quality.ts';
import type { EvaluationContext } from '../context.ts';
import { shrunk } from '../measures/degrade.ts';
import { mean, meanPairwise, psnrWhere, rounded } from '../measures/figures.ts';
import { knownPixels, maskPicture } from '../measures/masks.ts';
import { cell, type Task } from '../task.ts';
import { pngOf } from './restore.ts';

const RESULTS = 8;
/** Limit of requests, each of eight descents. */
const MOST_REQUESTS = 64;
const SMALL_SIDE = 8;
/** Number of rows of the sheet. */
const SHOWN_ROWS = 8;

/** Ways to get several results: the default makes them distinct at the first levels only; the others sample at every level. */
const SAMPLERS = {
  default: {},
  top2: { top: 2 },
  temperature: { temperature: 0.5 },
} as const satisfies Record<string, GenerateRequest['sampler']>;

export const diversity: Task = {
  name: 'diversity',
  title: `${RESULTS} results of one request: mean distance in pairs, 0 to 1`,
  async run(context) {
    const pictures = context.pictures.slice(0, MOST_REQUESTS);
    const random = (await context.random()).slice(0, RESULTS * 8);
    const metrics: Record<string, unknown> = {
      requests: pictures.length,
      random: rounded(meanPairwise(random), 4),
      held_out: rounded(meanPairwise(context.pictures.slice(0, RESULTS * 8)), 4),
    };
    const rows: string[][] = [];
    const sheets = [];
    for (const task of [smallTask(context), maskTask(context)])
      for (const [name, sampler] of Object.entries(SAMPLERS)) {
        const found = await sampled(context, `diversity, ${task.name}, ${name}`, pictures, task, sampler);
        const spread = mean(found.map(meanPairwise));
        const quality = mean(
          found.map((results, i) => mean(results.map((one) => task.quality(one, pictures[i] as Picture)))),
        );
        metrics[`${task.name}_${name}`] = { pairwise: rounded(spread, 4), psnr_db: rounded(quality, 3) };
        rows.push([task.title, name, cell(spread, 3), cell(quality)]);
        sheets.push({
          name: `diversity_${task.name}_${name}`,
          columns: ['picture', ...Array(RESULTS).fill('')],
          rows: found.slice(0, SHOWN_ROWS).map((results, i) => [pictures[i] as Picture, ...results]),
        });
      }
    rows.push(['pictures at random', '', cell(metrics.random as number, 3), '']);
    rows.push(['held-out pictures', '', cell(metrics.held_out as number, 3), '']);
    return {
      metrics: { diversity: metrics },
      table: { header: ['request', 'sampler', 'distance', 'PSNR dB'], rows },
      sheets,
    };
  },
};

interface DiversityTask {
  readonly name: string;
  readonly title: string;
  guides(picture: Picture): Promise<NonNullable<GenerateRequest['guides']>>;
  /** PSNR of the part that the guide constrains. */
  quality(found: Picture, picture: Picture): number;
}

function smallTask(context: EvaluationContext): DiversityTask {
  const side = Math.min(SMALL_SIDE, context.side / 2);
  return {
    name: 'super_resolution',
    title: `super-resolution from ${side}×${side} (PSNR of the shrunk)`,
    guides: async (picture) => [{ name: 'super_resolution', params: { image: await pngOf(shrunk(picture, side)) } }],
    quality: (found, picture) => psnr(shrunk(found, side), shrunk(picture, side)),
  };
}

function maskTask(context: EvaluationContext): DiversityTask {
  const known = knownPixels('stripe', context.side, 0);
  return {
    name: 'inpaint_stripe',
    title: 'inpainting round a stripe (PSNR of the stripe)',
    guides: async (picture) => [
      { name: 'inpaint', params: { image: await pngOf(picture), mask: await pngOf(maskPicture(known, context.side)) } },
    ],
    quality: (found, picture) => psnrWhere(found, picture, known),
  };
}

async function sampled(
  context: EvaluationContext,
  label: string,
  pictures: readonly Picture[],
  task: DiversityTask,
  sampler: GenerateRequest['sampler'],
): Promise<Picture[][]> {
  const found: Picture[][] = [];
  await context.run(
    label,
    pictures.length,
    async (i) => ({ count: RESULTS, sampler, guides: await task.guides(pictures[i] as Picture) }),
    (_, { done }) => void found.push(done.results.map(({ image }) => image)),
  );
  return found;
}
