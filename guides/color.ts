/** Colours where you paint them: distance to a sketch whose transparent parts are neutral. */
import { z } from 'zod';
import { defineGuide, GuideProblem } from '../src/guide.ts';
import { pictureParam, sideParams, sidePreferences } from './lib/params.ts';
import { quadraticGuide } from './lib/quadratic.ts';
import { compareAt, visibleReference } from './lib/reference.ts';

const params = z.strictObject({
  image: pictureParam('The sketch: strokes of colour on a transparent ground; half transparent strokes count half.'),
  detail: z
    .int()
    .min(1)
    .max(4096)
    .default(16)
    .describe(
      'Side, in pixels, at which candidates and sketch are compared: small, and the strokes only say where which colour goes; large, and their edges count too.',
    ),
  metric: z.enum(['l2', 'l1']).default('l2').describe('l2: mean squared difference; l1: mean absolute difference.'),
  ...sideParams,
});

export default defineGuide({
  name: 'color',
  description: 'Distance to a painted sketch; its transparent parts are neutral.',
  params,
  async create({ image, detail, metric, ...sides }, context) {
    const { reference } = await visibleReference(image, context);
    if (reference.weight.every((share) => share < 1e-3))
      throw new GuideProblem(
        'the sketch is transparent everywhere: expected strokes of colour on a transparent ground',
      );
    return quadraticGuide((side) => compareAt(reference, side, Math.min(side, detail)), {
      metric,
      ...sidePreferences(sides),
    });
  },
});
