/** Gram matrices of a network's feature maps, and of the pixels that it is given, in place of random filters. */
import type { Candidates, GuideContext, NumericTensor } from '../../src/guide.ts';
import { addOuter, triangle } from './filters.ts';
import { type MapNetwork, readMaps } from './map-network.ts';

/** The Gram triangles of one picture, one per feature map of the network, end to end, and their sizes. */
export interface NetworkGram {
  readonly gram: Float64Array;
  readonly sizes: readonly number[];
}

/** Grams of every candidate in order. @throws GuideProblem if the network has no feature maps [n, C, h, w] among its outputs */
export function networkGrams(
  network: MapNetwork,
  candidates: Candidates,
  turns: Pick<GuideContext, 'signal' | 'compute'>,
): Promise<NetworkGram[]> {
  return readMaps(network, candidates, turns, (maps, n, pixels) => gramOf([pixels, ...maps], n));
}

/** Of each map's channels and a constant, so that means count beside products. Of colours a trained network keeps little: they are a map too. */
function gramOf(maps: readonly NumericTensor[], n: number): NetworkGram {
  const sizes = maps.map(({ dims }) => 1 + (dims[1] as number));
  const gram = new Float64Array(sizes.reduce((sum, size) => sum + triangle(size), 0));
  let at = 0;
  for (const { dims, data } of maps) {
    const channels = dims[1] as number;
    const positions = (dims[2] as number) * (dims[3] as number);
    const scale = 1 / Math.sqrt(positions);
    const features = new Float64Array(1 + channels).fill(scale, 0, 1);
    for (let p = 0; p < positions; p++) {
      for (let c = 0; c < channels; c++) features[1 + c] = scale * Number(data[(n * channels + c) * positions + p]);
      addOuter(features, gram, at);
    }
    at += triangle(features.length);
  }
  return { gram, sizes };
}
