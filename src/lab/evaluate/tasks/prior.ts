/** Random pictures by codes drawn from transition statistics, compared with uniform codes and real pictures. */
import type { GenerateRequest } from '../../../contract/requests.ts';
import type { Picture } from '../../../guide.ts';
import type { EvaluationContext } from '../context.ts';
import { Judge, judgeSkipReason } from '../judge.ts';
import { mean, rounded } from '../measures/figures.ts';
import { frechetDistance } from '../measures/frechet.ts';
import { cell, type Task } from '../task.ts';

const SHOWN_ROWS = 4;
const SHOWN_COLUMNS = 8;

export const prior: Task = {
  name: 'latents',
  title: 'random pictures by how codes are drawn: how sure the judge is of attributes, Fréchet distance of its logits',
  skipReason: async (setting) =>
    setting.hasPrior ? await judgeSkipReason(setting) : 'the model has no transition statistics (scripts/latents.py)',
  async run(context) {
    const judge = await Judge.open(context.models);
    try {
      const drawn = {
        uniform: await context.random(),
        transitions: await sampled(context),
        codes: (await context.ceiling()).map(({ done }) => done.results[0]?.image as Picture),
        training: await trained(context),
      };
      const held = await judge.features(context.pictures);
      const entries = await Promise.all(
        Object.entries(drawn).map(async ([name, pictures]) => {
          const features = await judge.features(pictures);
          const sure = rounded(mean(features.map((one) => judge.confidence(one))), 4);
          return [name, { plausibility: sure, frechet: rounded(frechetDistance(features, held), 2) }] as const;
        }),
      );
      const titles: Record<string, string> = {
        uniform: 'all choices alike',
        transitions: 'by transitions',
        codes: 'codes of the held-out pictures',
        training: 'training pictures',
      };
      return {
        metrics: { latents: { pictures: context.pictures.length, ...Object.fromEntries(entries) } },
        table: {
          header: ['pictures', 'judge is sure', 'Fréchet distance to held-out'],
          rows: entries.map(([name, { plausibility, frechet }]) => [
            titles[name] ?? name,
            `${cell(100 * (plausibility ?? 0), 1)} %`,
            cell(frechet),
          ]),
        },
        sheets: [sheetOf('latents_uniform', drawn.uniform), sheetOf('latents_transitions', drawn.transitions)],
      };
    } finally {
      await judge.close();
    }
  },
};

async function sampled(context: EvaluationContext): Promise<Picture[]> {
  const pictures: Picture[] = [];
  const requestOf = (): GenerateRequest => ({ sampler: { draw: 'transitions' } });
  await context.run('drawn by transitions', context.pictures.length, requestOf, (_, { done }) => {
    pictures.push(done.results[0]?.image as Picture);
  });
  return pictures;
}

/** As many real pictures as the others are: what distance chance alone makes. */
async function trained(context: EvaluationContext): Promise<Picture[]> {
  const set = await context.trainingPictures(context.pictures.length);
  try {
    return await set.read(0, Math.min(context.pictures.length, set.count));
  } finally {
    await set.close();
  }
}

function sheetOf(name: string, pictures: readonly Picture[]) {
  const rows = Array.from({ length: SHOWN_ROWS }, (_, row) =>
    pictures.slice(row * SHOWN_COLUMNS, (row + 1) * SHOWN_COLUMNS),
  ).filter((row) => row.length === SHOWN_COLUMNS);
  return { name, columns: Array<string>(SHOWN_COLUMNS).fill(''), rows };
}
