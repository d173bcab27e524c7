/** The ImageNet network that comes with Kandid: features and class labels of colour pictures. */
import { join } from 'node:path';
import { z } from 'zod';
import { KandidError, toKandidError } from '../../errors.ts';
import type { Picture } from '../../guide.ts';
import { findModel } from '../../runtime/models.ts';
import type { EvaluationContext } from './context.ts';
import { rounded } from './measures/figures.ts';
import { distanceOfNormals, type Normal, normalOf } from './measures/frechet.ts';
import { gramOf } from './measures/gram.ts';
import { formatFields, type Outputs, PictureNetwork, readLabelsFile } from './picture-network.ts';
import type { Setting } from './task.ts';

export const IMAGENET = 'imagenet-lite';

/** labels.json with one list of names. */
const labelsFile = z.object({
  attributes: z.object({ label: z.array(z.string()).min(1) }),
  ...formatFields,
});

/** A classifier with one list of labels. */
export interface Classifier {
  readonly network: PictureNetwork;
  readonly labels: readonly string[];
}

/**
 * @param name of the model; with `paths`, also the path of its folder
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
 * Gram matrices of the feature maps of each picture, one per map, computed by a classifier's `maps.onnx`.
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
      const [outputs = {}] = await network.run([picture]);
      grams.push([...maps].map(([map, channels]) => gramOf({ channels, values: outputs[map] ?? new Float64Array() })));
    }
    return grams;
  } finally {
    await network.close();
  }
}

/** The classifier's logits of a picture. @throws {KandidError} option_invalid if there are fewer than labels */
export function logitsOf({ labels }: Classifier, outputs: Outputs): Float64Array {
  const logits = outputs.logits ?? Object.values(outputs)[0] ?? new Float64Array();
  if (logits.length < labels.length)
    throw new KandidError('option_invalid', {
      option: '--judge',
      got: `a network with ${logits.length} outputs`,
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

/** The output `features`, or the first output if there is none of that name. */
export const featuresOf = (outputs: Outputs): Float64Array =>
  outputs.features ?? (Object.values(outputs)[0] as Float64Array);

/** Why the network cannot be used for the model's pictures, or null. */
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
 * Fréchet distances of sets of pictures to the held-out ones, on features of the ImageNet network; null if the network is
 * missing or the model's pictures are gray.
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
      normalOf((await network.run(pictures)).map(featuresOf));
    const held = await context.cached('features of held-out pictures', () => normal(context.pictures));
    const distances: [string, number | null][] = [];
    for (const [name, pictures] of Object.entries<readonly Picture[]>(sets))
      distances.push([name, rounded(distanceOfNormals(await normal(pictures), held), 2)]);
    return Object.fromEntries(distances) as Record<Name, number | null>;
  } finally {
    await network.close();
  }
}
