/** Scores by the distance to a picture. */
import { z } from 'zod';
import { defineGuide } from '../src/guide.ts';
import { pictureParam, sideParams, sidePreferences } from './lib/params.ts';
import { quadraticGuide } from './lib/quadratic.ts';
import { compareAt, finalReference } from './lib/reference.ts';

const params = z.strictObject({
  image: pictureParam('The target picture; its middle square is used.'),
  metric: z.enum(['l2', 'l1']).default('l2').describe('l2: mean squared difference; l1: mean absolute difference.'),
  ...sideParams,
});

export default defineGuide({
  name: 'target',
  description: 'Distance to a picture: reconstruction, or "more like this".',
  params,
  recorded: ['metric', 'fromSide', 'toSide'],
  async create({ image, metric, ...sides }, context) {
    const reference = await finalReference(image, context);
    return quadraticGuide((side) => compareAt(reference, side, side), { metric, ...sidePreferences(sides) });
  },
});
