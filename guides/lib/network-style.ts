/** Gram matrices of a network's feature maps, in place of random filters. */
import {
  type Candidates,
  type GuideContext,
  type GuideModel,
  GuideProblem,
  type NumericTensor,
} from '../../src/guide.ts';
import { addOuter, triangle } from './filters.ts';
import { IMAGENET, toPixels } from './pixels.ts';

const CHUNK = 16;
/** Feature maps with more channels are skipped: their Gram matrices would be too large. */
const MAX_FEATURES = 512;

/** The Gram triangles of one picture, one per feature map of the network, end to end, and their sizes. */
export interface NetworkGram {
  readonly gram: Float64Array;
  readonly sizes: readonly number[];
}

/** Grams of every candidate in order. @throws GuideProblem if the network has no feature maps [n, C, h, w] among its outputs */
export async function networkGrams(
  model: GuideModel,
  candidates: Candidates,
  side: number,
  { signal, compute }: { signal: AbortSignal; compute: GuideContext['compute'] },
): Promise<NetworkGram[]> {
  const total = candidates.batch * candidates.count;
  const grams: NetworkGram[] = [];
  for (let first = 0; first < total; first += CHUNK) {
    const number = Math.min(CHUNK, total - first);
    await compute(async () => {
      signal.throwIfAborted();
      const data = toPixels(candidates, first, number, { side, kernel: 'bilinear', ...IMAGENET });
      const outputs = await model.run({ [model.inputs[0] as string]: { data, dims: [number, 3, side, side] } });
      const maps = featureMaps(model, outputs);
      for (let n = 0; n < number; n++) grams.push(gramOf(maps, n));
    });
  }
  return grams;
}

function featureMaps(model: GuideModel, outputs: Record<string, NumericTensor>): NumericTensor[] {
  const maps = model.outputs
    .map((name) => outputs[name] as NumericTensor)
    .filter(
      ({ dims, data }) => dims.length === 4 && data instanceof Float32Array && (dims[1] as number) <= MAX_FEATURES,
    );
  if (maps.length === 0)
    throw new GuideProblem(
      `the style network gives no feature maps: expected at least one float output [n, C, h, w] with C ≤ ${MAX_FEATURES}, got ${model.outputs.join(', ')}; export it with such outputs`,
    );
  return maps;
}

function gramOf(maps: readonly NumericTensor[], n: number): NetworkGram {
  const sizes = maps.map(({ dims }) => dims[1] as number);
  const gram = new Float64Array(sizes.reduce((sum, size) => sum + triangle(size), 0));
  let at = 0;
  for (const { dims, data } of maps) {
    const size = dims[1] as number;
    const positions = (dims[2] as number) * (dims[3] as number);
    const features = new Float64Array(size);
    for (let p = 0; p < positions; p++) {
      for (let c = 0; c < size; c++) features[c] = Number(data[(n * size + c) * positions + p]) / Math.sqrt(positions);
      addOuter(features, gram, at);
    }
    at += triangle(size);
  }
  return { gram, sizes };
}
