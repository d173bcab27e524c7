/** Gram matrices of a network's feature maps, in place of random filters. */
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
  return readMaps(network, candidates, turns, gramOf);
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
