/** Unguided pictures: samples of the prior by temperature, compared with uniform choices and real pictures. */
import type { GenerateRequest } from '../../../contract/requests.ts';
import type { Picture } from '../../../guide.ts';
import type { EvaluationContext } from '../context.ts';
import { featuresOf, IMAGENET, imagenetSkipReason, openClassifier } from '../imagenet.ts';
import { JUDGE, JUDGED, Judge, judgeSkipReason } from '../judge.ts';
import { mean, rounded } from '../measures/figures.ts';
import { frechetDistance } from '../measures/frechet.ts';
import { cell, type Task } from '../task.ts';

const TEMPERATURES = [1, 0.8, 0.6, 0.4, 0.2] as const;
const SHOWN_ROWS = 8;
const SHOWN_COLUMNS = 8;

interface Drawn {
  readonly name: string;
  readonly title: string;
  readonly pictures: readonly Picture[];
}

/** The features that pictures are compared by. */
interface Viewer {
  readonly name: string;
  features(pictures: readonly Picture[]): Promise<Float64Array[]>;
  /** Confidence of the classifier, 0 … 1; null if it is not meaningful. */
  confidence(features: Float64Array): number | null;
  close(): Promise<void>;
}

export const unguided: Task = {
  name: 'unguided',
  title: 'unguided pictures: Fréchet distance of features to held-out pictures; how sure the judge is of attributes',
  async skipReason(setting) {
    if (!setting.hasPrior) return 'the model has no prior (scripts/train_prior.py)';
    return (await judgeSkipReason(setting)) === null ? null : await imagenetSkipReason(setting);
  },
  async run(context) {
    const viewer = await openViewer(context);
    try {
      const drawn = await drawAll(context);
      const held = await viewer.features(context.pictures);
      const figures = new Map<string, { confidence: number | null; frechet: number | null }>();
      for (const { name, pictures } of drawn) {
        const features = await viewer.features(pictures);
        const shares = features.map((one) => viewer.confidence(one) ?? Number.NaN);
        const frechet = rounded(frechetDistance(features, held), 2);
        figures.set(name, { confidence: rounded(mean(shares), 4), frechet });
      }
      const by = (key: 'confidence' | 'frechet') =>
        Object.fromEntries([...figures].map(([name, figure]) => [name, figure[key]]));
      const judged = viewer.name === JUDGE ? { confidence: by('confidence') } : { network: viewer.name };
      return {
        metrics: { unguided: { pictures: context.pictures.length, frechet: by('frechet'), ...judged } },
        table: {
          header: ['pictures', 'judge is sure', 'Fréchet distance to held-out'],
          rows: drawn.map(({ name, title }) => {
            const { confidence = null, frechet = null } = figures.get(name) ?? {};
            return [title, confidence === null ? '–' : `${cell(100 * confidence, 1)} %`, cell(frechet)];
          }),
        },
        sheets: drawn.slice(0, TEMPERATURES.length + 2).map(sheetOf),
      };
    } finally {
      await viewer.close();
    }
  },
};

/** The judge for avatars, the ImageNet network for all other pictures. */
async function openViewer({ dataset, models }: EvaluationContext): Promise<Viewer> {
  if (dataset === JUDGED) {
    const judge = await Judge.open(models);
    return {
      name: JUDGE,
      features: (pictures) => judge.features(pictures),
      confidence: (features) => judge.confidence(features),
      close: () => judge.close(),
    };
  }
  const { network } = await openClassifier(models);
  return {
    name: IMAGENET,
    features: async (pictures) => (await network.run(pictures)).map(featuresOf),
    confidence: () => null,
    close: () => network.close(),
  };
}

async function drawAll(context: EvaluationContext): Promise<Drawn[]> {
  const drawn: Drawn[] = [{ name: 'uniform', title: 'all choices equally likely', pictures: await context.random() }];
  drawn.push({ name: 'default', title: 'the prior, default temperature', pictures: await byPrior(context, {}) });
  for (const temperature of TEMPERATURES)
    drawn.push({
      name: String(temperature),
      title: `the prior at temperature ${temperature}`,
      pictures: await byPrior(context, { temperature }),
    });
  const codes = (await context.ceiling()).map(({ done }) => done.results[0]?.image as Picture);
  drawn.push({ name: 'codes', title: 'codes of the held-out pictures', pictures: codes });
  if (context.hasTraining)
    drawn.push({ name: 'training', title: 'training pictures', pictures: await trainingPictures(context) });
  return drawn;
}

async function byPrior(context: EvaluationContext, sampler: NonNullable<GenerateRequest['sampler']>) {
  const pictures: Picture[] = [];
  const requestOf = (): GenerateRequest => ({ sampler });
  const label = `drawn by the prior, temperature ${sampler.temperature ?? 'as by default'}`;
  await context.run(label, context.pictures.length, requestOf, (_, { done }) => {
    pictures.push(done.results[0]?.image as Picture);
  });
  return pictures;
}

/** As many real pictures as in the other sets: the distance due to sampling alone. */
async function trainingPictures(context: EvaluationContext): Promise<Picture[]> {
  const set = await context.trainingPictures(context.pictures.length);
  try {
    return await set.read(0, Math.min(context.pictures.length, set.count));
  } finally {
    await set.close();
  }
}

function sheetOf({ name, pictures }: Drawn) {
  const rows = Array.from({ length: SHOWN_ROWS }, (_, row) =>
    pictures.slice(row * SHOWN_COLUMNS, (row + 1) * SHOWN_COLUMNS),
  ).filter((row) => row.length === SHOWN_COLUMNS);
  return { name: `unguided_${name}`, columns: Array<string>(SHOWN_COLUMNS).fill(''), rows };
}
