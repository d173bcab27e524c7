/** Scores by the distance to a picture quantised to a few shades per channel. */
import { z } from 'zod';
import type { Candidates } from '../src/guide.ts';
import { defineGuide } from '../src/guide.ts';
import { pictureParam } from './lib/params.ts';
import { quadraticGuide } from './lib/quadratic.ts';
import { compareAt, finalReference, type Reference, shrinkReference } from './lib/reference.ts';

const params = z.strictObject({
  image: pictureParam('The picture; it is quantised first if it has more shades.'),
  shades: z.int().min(2).max(64).default(5).describe('Shades per channel, evenly spaced from black to white.'),
  match: z
    .enum(['value', 'interval'])
    .default('value')
    .describe(
      'value: distance to the quantised picture. interval: a pixel that rounds to the same shade has no error; otherwise its error is the distance to that interval.',
    ),
});

/** The nearest of `shades` values from −1 to 1. */
function quantise(data: Float32Array, shades: number): Float32Array {
  const steps = shades - 1;
  return data.map((value) => (Math.round(((Math.min(1, Math.max(-1, value)) + 1) / 2) * steps) / steps) * 2 - 1);
}

/** Weight of the plain distance, which orders candidates that lie within every interval. */
const INSIDE = 0.05;

function intervalScores(candidates: Candidates, target: Float32Array, half: number): Float32Array {
  const { data } = candidates;
  const length = target.length;
  const scores = new Float32Array(candidates.batch * candidates.count);
  for (let n = 0; n < scores.length; n++) {
    let sum = 0;
    for (let p = 0; p < length; p++) {
      const difference = Math.abs((data[n * length + p] as number) - (target[p] as number));
      const beyond = difference > half ? difference - half : 0;
      sum += beyond * beyond + INSIDE * difference * difference;
    }
    scores[n] = -sum / length;
  }
  return scores;
}

function intervalGuide(reference: Reference, shades: number) {
  const targets = new Map<number, Float32Array>();
  return {
    score(candidates: Candidates) {
      const { side } = candidates;
      const target = targets.get(side) ?? shrinkReference(reference, side).data;
      targets.set(side, target);
      return intervalScores(candidates, target, 1 / (shades - 1));
    },
  };
}

export default defineGuide({
  name: 'low_bit',
  description: 'Distance to a picture quantised to a few shades per channel.',
  params,
  recorded: ['shades', 'match'],
  async create({ image, shades, match }, context) {
    const picture = await finalReference(image, context);
    const reference = { ...picture, data: quantise(picture.data, shades) };
    if (match === 'interval') return intervalGuide(reference, shades);
    return quadraticGuide((side) => compareAt(reference, side, side));
  },
});
