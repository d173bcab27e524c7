/** Scores by the distance to a noisy picture, up to the level at which choices would follow the noise. */
import { z } from 'zod';
import type { Candidates, Guide, LevelInfo } from '../src/guide.ts';
import { defineGuide } from '../src/guide.ts';
import { clippedMeans } from './lib/clipped-noise.ts';
import { pictureParam } from './lib/params.ts';
import { formScores, quadraticGuide } from './lib/quadratic.ts';
import { compareAt, finalReference } from './lib/reference.ts';

const params = z.strictObject({
  image: pictureParam('The noisy picture.'),
  sigma: z
    .number()
    .min(0)
    .max(4)
    .default(0.53)
    .describe('Standard deviation of the noise on the scale where black is −1 and white 1 (0.53 is about 68 of 255).'),
  method: z
    .enum(['distance', 'posterior'])
    .default('distance')
    .describe(
      'distance: scores by the distance to the noisy picture. posterior: scores by the distance to the mean of all candidates, each weighted by its likelihood under the noise.',
    ),
  clipped: z
    .boolean()
    .default(true)
    .describe(
      'Whether the noisy values were clipped to black and white, as in every picture file. Clipped noise makes black lighter and white darker on average, so candidates are compared by their expected value after it.',
    ),
});

/** Mean of the candidates of one descent, each weighted by the likelihood of its mean squared difference. */
function posteriorMean(candidates: Candidates, first: number, errors: Float32Array, variance: number): Float64Array {
  const length = candidates.channels * candidates.side * candidates.side;
  const best = Math.max(...errors);
  const mean = new Float64Array(length);
  let total = 0;
  for (let k = 0; k < errors.length; k++) {
    const weight = Math.exp((((errors[k] as number) - best) * length) / (2 * variance));
    if (weight < 1e-6) continue;
    total += weight;
    const from = (first + k) * length;
    for (let p = 0; p < length; p++) mean[p] = (mean[p] as number) + weight * (candidates.data[from + p] as number);
  }
  for (let p = 0; p < length; p++) mean[p] = (mean[p] as number) / total;
  return mean;
}

/**
 * Scores against the posterior mean under the noise. Its variance at a side falls by area pooling to σ²·(side/final)²;
 * what the candidates cannot yet express at this level counts as noise too; the best candidate's error is taken as its size.
 */
function posteriorScores(candidates: Candidates, errors: Float32Array, variance: number): Float32Array {
  const { batch, count, channels, side, data } = candidates;
  const length = channels * side * side;
  const scores = new Float32Array(batch * count);
  for (let b = 0; b < batch; b++) {
    const own = errors.subarray(b * count, (b + 1) * count);
    const mean = posteriorMean(candidates, b * count, own, Math.max(variance, -Math.max(...own), 1e-6));
    for (let k = 0; k < count; k++) {
      const from = (b * count + k) * length;
      let sum = 0;
      for (let p = 0; p < length; p++) {
        const difference = (data[from + p] as number) - (mean[p] as number);
        sum += difference * difference;
      }
      scores[b * count + k] = -sum / length;
    }
  }
  return scores;
}

export default defineGuide({
  name: 'denoise',
  description: 'Distance to a noisy picture; takes the standard deviation of the noise into account.',
  params,
  recorded: ['sigma', 'method', 'clipped'],
  async create({ image, sigma, method, clipped }, context): Promise<Guide> {
    const reference = await finalReference(image, context);
    const formAt = (side: number) => compareAt(reference, side, side);
    if (method === 'distance' && !clipped) return quadraticGuide(formAt);
    const meanOf = clipped ? clippedMeans(sigma) : null;
    const score = (candidates: Candidates, { side, finalSide }: LevelInfo) => {
      const seen = meanOf ? { ...candidates, data: meanOf(candidates.data) } : candidates;
      const errors = formScores(seen, formAt(side));
      return method === 'distance' ? errors : posteriorScores(seen, errors, (sigma * side) ** 2 / finalSide ** 2);
    };
    return { score };
  },
});
