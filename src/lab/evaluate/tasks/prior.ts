/** Pictures of codes drawn by transitions of training pictures, beside those of codes drawn all alike and real ones. */
import type { GenerateRequest } from '../../../contract/requests.ts';
import type { Picture } from '../../../guide.ts';
import type { Lab } from '../context.ts';
import { Judge, judgeObstacle } from '../judge.ts';
import { mean, rounded } from '../measures/figures.ts';
import { frechetDistance } from '../measures/frechet.ts';
import { cell, type Task } from '../task.ts';

const SHOWN_ROWS = 4;
const SHOWN_COLUMNS = 8;

export const latents: Task = {
  name: 'latents',
  title: 'random pictures by how codes are drawn: how sure the judge is of attributes, Fréchet distance of its logits',
  obstacle: async (setting) =>
    setting.hasLatents ? await judgeObstacle(setting) : 'the model has no transition statistics (scripts/latents.py)',
  async run(lab) {
    const judge = await Judge.open(lab.models);
    try {
      const drawn = {
        uniform: await lab.random(),
        transitions: await sampled(lab),
        codes: (await lab.ceiling()).map(({ done }) => done.results[0]?.image as Picture),
        training: await trained(lab),
      };
      const held = await judge.features(lab.pictures);
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
        metrics: { latents: { pictures: lab.pictures.length, ...Object.fromEntries(entries) } },
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

async function sampled(lab: Lab): Promise<Picture[]> {
  const pictures: Picture[] = [];
  const requestOf = (): GenerateRequest => ({ sampler: { draw: 'transitions' } });
  await lab.run('drawn by transitions', lab.pictures.length, requestOf, (_, { done }) => {
    pictures.push(done.results[0]?.image as Picture);
  });
  return pictures;
}

/** As many real pictures as the others are: what distance chance alone makes. */
async function trained(lab: Lab): Promise<Picture[]> {
  const set = await lab.trainingPictures(lab.pictures.length);
  try {
    return await set.read(0, Math.min(lab.pictures.length, set.count));
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
