/**
 * Similarity in style independent of content, the measure of the style task: moments of colours and neighbour differences
 * at three sizes. The style guide uses other statistics (random filters), so it is not judged by its own measure.
 */
import type { Picture } from '../../../guide.ts';
import { shrunk } from './degrade.ts';

const SCALES = [1, 2, 4] as const;

/** Means and second moments of colours and of horizontal and vertical differences at each size. */
export function textureOf(picture: Picture): Float64Array {
  const parts = SCALES.filter((scale) => picture.width / scale >= 2).map((scale) =>
    momentsOf(scale === 1 ? picture : shrunk(picture, Math.floor(picture.width / scale))),
  );
  return Float64Array.from(parts.flatMap((part) => [...part]));
}

/** Squared distance / squared length of the reference: 0 for equal statistics, 1 for all-zero ones. */
export function textureDistance(reference: Float64Array, other: Float64Array): number {
  let distance = 0;
  let length = 0;
  for (let i = 0; i < reference.length; i++) {
    distance += ((reference[i] as number) - (other[i] as number)) ** 2;
    length += (reference[i] as number) ** 2;
  }
  return distance / length;
}

function momentsOf({ data, channels, width, height }: Picture): Float64Array {
  const size = width * height;
  const count = 3 * channels;
  const features = new Float64Array(count);
  const moments = new Float64Array(channels + (count * (count + 1)) / 2);
  const positions = (width - 1) * (height - 1);
  for (let y = 1; y < height; y++)
    for (let x = 1; x < width; x++) {
      for (let channel = 0; channel < channels; channel++) {
        const at = channel * size + y * width + x;
        const value = data[at] as number;
        features[channel] = value;
        features[channels + channel] = value - (data[at - 1] as number);
        features[2 * channels + channel] = value - (data[at - width] as number);
        moments[channel] = (moments[channel] as number) + value / positions;
      }
      let at = channels;
      for (let i = 0; i < count; i++)
        for (let j = i; j < count; j++, at++)
          moments[at] = (moments[at] as number) + ((features[i] as number) * (features[j] as number)) / positions;
    }
  return moments;
}
