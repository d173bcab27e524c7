/** Fréchet distance of samples to training pictures, on features of the ImageNet network or of a user's network. */
import { basename } from 'node:path';
import { KandidError } from '../../../errors.ts';
import type { Picture } from '../../../guide.ts';
import { createSession } from '../../../runtime/session.ts';
import type { EvaluationContext, FrechetOptions, TrainingPictures } from '../context.ts';
import { featuresOf, IMAGENET, imagenetSkipReason, openClassifier } from '../imagenet.ts';
import { rounded } from '../measures/figures.ts';
import { distanceOfNormals, Moments, type Normal } from '../measures/frechet.ts';
import { PictureNetwork } from '../picture-network.ts';
import { cell, type Task } from '../task.ts';

/** Default number of samples: the customary one for a user's network, and fewer, which suffice, for the shipped one. */
const SAMPLES = { brought: 50_000, shipped: 5000 };
const READ = 64;
const UNIT = { mean: [0, 0, 0], deviation: [1, 1, 1] };

/** Pixel ranges that a network may expect, black … white. */
export const NORMALISATIONS = {
  /** 0 … 1 */
  unit: UNIT,
  /** −1 … 1 */
  signed: { mean: [0.5, 0.5, 0.5], deviation: [0.5, 0.5, 0.5] },
  /** 0 … 255 */
  bytes: { mean: [0, 0, 0], deviation: [1 / 255, 1 / 255, 1 / 255] },
  imagenet: { mean: [0.485, 0.456, 0.406], deviation: [0.229, 0.224, 0.225] },
} as const;

export const frechet: Task = {
  name: 'frechet',
  title: 'samples: Fréchet distance to training pictures, beside that of held-out pictures',
  onRequest: true,
  skipReason: (setting) => (setting.bringsNetwork ? null : imagenetSkipReason(setting)),
  async run(context) {
    const { file, samples = file === undefined ? SAMPLES.shipped : SAMPLES.brought } = context.frechet;
    const network = await openNetwork(context);
    try {
      const reference = await referenceOf(context, network, samples);
      const drawn = await samplesOf(context, network, samples);
      const held = reference.isTraining ? await momentsOf(network, [context.pictures]) : null;
      const figures = {
        network: file === undefined ? IMAGENET : basename(file),
        features: reference.normal.mean.length,
        samples,
        reference: { part: reference.isTraining ? 'training' : 'held out', pictures: reference.count },
        distance: rounded(distanceOfNormals(drawn, reference.normal), 3),
        ...(held && {
          held_out: { pictures: held.count, distance: rounded(distanceOfNormals(held.normal(), reference.normal), 3) },
        }),
      };
      return {
        metrics: { [file === undefined ? 'frechet' : 'fid']: figures },
        table: {
          header: ['pictures', 'number', `Fréchet distance to ${reference.count} ${figures.reference.part} pictures`],
          rows: [
            ['samples', String(samples), cell(figures.distance)],
            ...(figures.held_out
              ? [['held-out pictures', String(figures.held_out.pictures), cell(figures.held_out.distance)]]
              : []),
          ],
        },
        sheets: [],
      };
    } finally {
      await network.close();
    }
  },
};

async function openNetwork({ frechet: options, models }: EvaluationContext): Promise<PictureNetwork> {
  return options.file === undefined
    ? (await openClassifier(models)).network
    : await openBrought({ ...options, file: options.file });
}

/** @throws {KandidError} graph_unreadable; option_invalid if its input is not a batch of pictures */
async function openBrought(options: FrechetOptions & { readonly file: string }): Promise<PictureNetwork> {
  const { file, normalise = 'unit' } = options;
  const session = await createSession(file);
  const [input, ...others] = session.inputs;
  const [, channels, height, width] = input?.dims ?? [];
  const fixed = typeof height === 'number' && height === width ? height : undefined;
  const isPictures = others.length === 0 && input?.dims.length === 4 && channels === 3 && input.type === 'float32';
  const side = options.side ?? fixed;
  if (isPictures && side !== undefined && (fixed === undefined || fixed === side))
    return new PictureNetwork(session, { side, ...NORMALISATIONS[normalise], shrink: 'bilinear' });
  await session.release();
  if (!isPictures)
    throw new KandidError('option_invalid', {
      option: '--fid',
      got: `a network that takes ${session.inputs.map(({ name, type, dims }) => `${name}: ${type} [${dims.join(', ')}]`).join('; ')}`,
      expected: 'one with a single input, float32 [n, 3, side, side]',
    });
  throw new KandidError('option_invalid', {
    option: '--fid-side',
    got: options.side === undefined ? 'missing' : String(options.side),
    expected:
      fixed === undefined
        ? 'the side of the pictures that the network was made for, as it takes any (Inception: 299)'
        : `${fixed}, or nothing: the network takes that side alone`,
  });
}

interface ReferenceSet {
  readonly normal: Normal;
  readonly count: number;
  readonly isTraining: boolean;
}

/** Features of as many training pictures as samples, or of the held-out ones if training pictures are unavailable. */
async function referenceOf(context: EvaluationContext, network: PictureNetwork, most: number): Promise<ReferenceSet> {
  const set = context.hasTraining ? await context.trainingPictures(most) : null;
  try {
    const moments = await momentsOf(network, set ? readAll(context, set, most) : [context.pictures]);
    return { normal: moments.normal(), count: moments.count, isTraining: set !== null };
  } finally {
    await set?.close();
  }
}

async function* readAll(context: EvaluationContext, set: TrainingPictures, most: number) {
  const count = Math.min(most, set.count);
  for (let from = 0; from < count; from += READ) {
    yield await set.read(from, Math.min(from + READ, count));
    context.reportProgress(Math.min(from + READ, count), count, 'features of training pictures');
  }
}

async function momentsOf(
  network: PictureNetwork,
  parts: Iterable<readonly Picture[]> | AsyncIterable<readonly Picture[]>,
): Promise<Moments> {
  const moments = new Moments();
  for await (const part of parts) for (const outputs of await network.run(part)) moments.add(featuresOf(outputs));
  return moments;
}

/** Features of samples from the model's prior, at temperature 1 unless a sampler is specified. */
async function samplesOf(context: EvaluationContext, network: PictureNetwork, count: number): Promise<Normal> {
  const moments = new Moments();
  let waiting: Picture[] = [];
  const sampler = context.sampler ?? { temperature: 1 };
  await context.run(
    'samples',
    count,
    () => ({ sampler }),
    async (index, { done }) => {
      waiting.push(done.results[0]?.image as Picture);
      if (waiting.length < READ && index + 1 < count) return;
      for (const outputs of await network.run(waiting)) moments.add(featuresOf(outputs));
      waiting = [];
    },
  );
  return moments.normal();
}
