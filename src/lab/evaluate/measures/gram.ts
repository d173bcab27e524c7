/** Gram matrices of a network's feature maps, which do not depend on positions: a measure of style. */

/** One feature map of a picture: [channels, positions]. */
export interface FeatureMap {
  readonly channels: number;
  readonly values: Float64Array;
}

/** Mean products of channels, [channels, channels]. */
export function gramOf({ channels, values }: FeatureMap): Float64Array {
  const positions = values.length / channels;
  const gram = new Float64Array(channels * channels);
  for (let i = 0; i < channels; i++)
    for (let j = 0; j < channels; j++) {
      let sum = 0;
      for (let p = 0; p < positions; p++)
        sum += (values[i * positions + p] as number) * (values[j * positions + p] as number);
      gram[i * channels + j] = sum / positions;
    }
  return gram;
}
