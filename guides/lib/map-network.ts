/** Networks that give feature maps of pictures, for guides that compare these and not pixels. */
import { stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { z } from 'zod';
import {
  type Candidates,
  type GuideContext,
  type GuideModel,
  GuideProblem,
  type NumericTensor,
} from '../../src/guide.ts';
import { readIfThere } from './json-file.ts';
import { IMAGENET, type PixelFormat, toPixels } from './pixels.ts';

const CHUNK = 16;
/** Feature maps with more channels are skipped: their Gram matrices would be too large. */
const MAX_FEATURES = 512;

export interface MapNetwork {
  readonly model: GuideModel;
  readonly format: PixelFormat;
}

/** The params that choose a network of feature maps. */
export const mapNetworkParams = {
  networkSide: z.int().min(16).max(512).default(64).describe('Side, in pixels, of the pictures passed to the network.'),
};

/** The part of a labels.json that tells how a network takes pictures. */
const normalisation = z.looseObject({
  mean: z.array(z.number()).length(3),
  deviation: z.array(z.number().positive()).length(3),
});

/**
 * @param network a path, or a folder that holds maps.onnx or model.onnx; a labels.json beside it tells mean and deviation
 * @param side of the pictures that it is given
 */
export async function openMaps(network: string, side: number, context: GuideContext): Promise<MapNetwork> {
  const isFile = network.endsWith('.onnx');
  const folder = await context.folder(isFile ? dirname(network) : network);
  const { data = IMAGENET } = normalisation.safeParse(await readIfThere(join(folder, 'labels.json')));
  const { mean, deviation } = data;
  const graph = isFile ? basename(network) : await graphIn(folder);
  return { model: await context.open(join(folder, graph)), format: { side, kernel: 'bilinear', mean, deviation } };
}

async function graphIn(folder: string): Promise<string> {
  const found = await stat(join(folder, 'maps.onnx')).catch(() => null);
  return found ? 'maps.onnx' : 'model.onnx';
}

/** The first installed network whose features suit the model's pictures, as its model.json names them; null where there is none. */
export async function perceptualModel({ model, folder }: GuideContext): Promise<string | null> {
  for (const name of model.perceptualModels ?? []) if (await folder(name).catch(() => null)) return name;
  return null;
}

/**
 * Feature maps of every candidate, in order: `read` is given the maps of a run, [n, C, h, w] each, which of the n, and the
 * pixels that the network was given, [n, 3, side, side].
 *
 * @throws GuideProblem if the network has no feature maps among its outputs
 */
export async function readMaps<T>(
  { model, format }: MapNetwork,
  candidates: Candidates,
  { signal, compute }: Pick<GuideContext, 'signal' | 'compute'>,
  read: (maps: readonly NumericTensor[], n: number, pixels: NumericTensor) => T,
): Promise<T[]> {
  const total = candidates.batch * candidates.count;
  const results: T[] = [];
  for (let first = 0; first < total; first += CHUNK) {
    const number = Math.min(CHUNK, total - first);
    await compute(async () => {
      signal.throwIfAborted();
      const data = toPixels(candidates, first, number, format);
      const pixels = { data, dims: [number, 3, format.side, format.side] };
      const maps = featureMaps(model, await model.run({ [model.inputs[0] as string]: pixels }));
      for (let n = 0; n < number; n++) results.push(read(maps, n, pixels));
    });
  }
  return results;
}

function featureMaps(model: GuideModel, outputs: Record<string, NumericTensor>): NumericTensor[] {
  const maps = model.outputs
    .map((name) => outputs[name] as NumericTensor)
    .filter(
      ({ dims, data }) => dims.length === 4 && data instanceof Float32Array && (dims[1] as number) <= MAX_FEATURES,
    );
  if (maps.length === 0)
    throw new GuideProblem(
      `the network gives no feature maps: expected at least one float output [n, C, h, w] with C ≤ ${MAX_FEATURES}, got ${model.outputs.join(', ')}; export it with such outputs`,
    );
  return maps;
}
