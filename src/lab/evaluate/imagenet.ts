/** The ImageNet network that comes with Kandid: features of any pictures in colour, and the names of what they show. */
import { join } from 'node:path';
import { z } from 'zod';
import { KandidError, toKandidError } from '../../errors.ts';
import type { Picture } from '../../guide.ts';
import { findModel } from '../../runtime/models.ts';
import type { EvaluationContext } from './context.ts';
import { rounded } from './measures/figures.ts';
import { distanceOfNormals, type Normal, normalOf } from './measures/frechet.ts';
import { gramOf } from './measures/gram.ts';
import { formatFields, PictureNetwork, readLabelsFile, type Seen } from './picture-network.ts';
import type { Setting } from './task.ts';

export const IMAGENET = 'imagenet-lite';

/** labels.json with one list of names. */
const labelsFile = z.object({
  attributes: z.object({ label: z.array(z.string()).min(1) }),
  ...formatFields,
});

/** A classifier of one list of labels. */
export interface Classifier {
  readonly network: PictureNetwork;
  readonly labels: readonly string[];
}

/**
 * @param name of the model, or with `paths` the path of its folder
 * @throws {KandidError} model_unknown, file_unreadable, graph_unreadable
 */
export async function openClassifier(
  models: readonly string[],
  name: string = IMAGENET,
  options: { readonly paths?: boolean } = {},
): Promise<Classifier> {
  const { folder } = await findModel(name, models, options);
  const { attributes, ...format } = await readLabelsFile(folder, labelsFile);
  const network = await PictureNetwork.open(join(folder, 'model.onnx'), { ...format, shrink: 'bilinear' });
  return { network, labels: attributes.label };
}

/**
 * Statistics of the feature maps of each picture, a Gram matrix per map, by a classifier's `maps.onnx`.
 *
 * @throws {KandidError} model_unknown, file_unreadable, graph_unreadable
 */
export async function gramsOf(
  models: readonly string[],
  name: string,
  pictures: readonly Picture[],
): Promise<Float64Array[][]> {
  const { folder } = await findModel(name, models, { paths: true });
  const { attributes, ...format } = await readLabelsFile(folder, labelsFile);
  const network = await PictureNetwork.open(join(folder, 'maps.onnx'), { ...format, shrink: 'bilinear' });
  try {
    const maps = network.mapChannels;
    const grams: Float64Array[][] = [];
    for (const picture of pictures) {
      const [seen = {}] = await network.look([picture]);
      grams.push([...maps].map(([map, channels]) => gramOf({ channels, values: seen[map] ?? new Float64Array() })));
    }
    return grams;
  } finally {
    await network.close();
  }
}

/** What the classifier gives before its softmax. @throws {KandidError} graph_outputs where there are fewer than labels */
export function logitsOf({ labels }: Classifier, seen: Seen): Float64Array {
  const logits = seen.logits ?? Object.values(seen)[0] ?? new Float64Array();
  if (logits.length < labels.length)
    throw new KandidError('option_invalid', {
      option: '--judge',
      got: `a network that gives ${logits.length} numbers`,
      expected: `one for each of the ${labels.length} labels of its labels.json`,
    });
  return logits;
}

/** Indices of the `count` largest numbers, largest first. */
export function largest(numbers: Float64Array, count: number): number[] {
  return Array.from(numbers.keys())
    .sort((a, b) => (numbers[b] as number) - (numbers[a] as number))
    .slice(0, count);
}

/** The features of a network that has an output so called, or else its first output. */
export const featuresOf = (seen: Seen): Float64Array => seen.features ?? (Object.values(seen)[0] as Float64Array);

/** Why there are no features of the model's pictures, or null. */
export async function imagenetSkipReason({
  channels,
  models,
}: Pick<Setting, 'channels' | 'models'>): Promise<string | null> {
  if (channels !== 3) return `the model makes gray pictures, and ${IMAGENET} was trained on photographs in colour`;
  return await findModel(IMAGENET, models).then(
    () => null,
    (error: unknown) => toKandidError(error).message,
  );
}

/**
 * Fréchet distances of sets of pictures to the held-out ones, on features of the ImageNet network; null where it is not
 * there or the model makes gray pictures.
 */
export async function frechetDistances<Name extends string>(
  context: EvaluationContext,
  sets: Readonly<Record<Name, readonly Picture[]>>,
): Promise<Readonly<Record<Name, number | null>> | null> {
  const { channels, models } = context;
  if ((await imagenetSkipReason({ channels, models })) !== null) return null;
  const { network } = await openClassifier(models);
  try {
    const normal = async (pictures: readonly Picture[]): Promise<Normal> =>
      normalOf((await network.look(pictures)).map(featuresOf));
    const held = await context.cached('features of held-out pictures', () => normal(context.pictures));
    const distances: [string, number | null][] = [];
    for (const [name, pictures] of Object.entries<readonly Picture[]>(sets))
      distances.push([name, rounded(distanceOfNormals(await normal(pictures), held), 2)]);
    return Object.fromEntries(distances) as Record<Name, number | null>;
  } finally {
    await network.close();
  }
}
