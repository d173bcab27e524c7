/** Scores by the distance to a painted sketch; transparent parts of the sketch are ignored. */
import { z } from 'zod';
import { defineGuide, type Guide, GuideProblem } from '../src/guide.ts';
import { pictureParam, sideParams, sidePreferences } from './lib/params.ts';
import { type Metric, quadraticGuide } from './lib/quadratic.ts';
import { compareAt, type Reference, shrinkReference, visibleReference } from './lib/reference.ts';
import { slackScores } from './lib/slack.ts';

/** The time of a comparison with slack grows with the fourth power of this. */
const MAX_SLACK_DETAIL = 64;

const params = z.strictObject({
  image: pictureParam(
    'The sketch: strokes of colour on a transparent background; half-transparent strokes have half the weight.',
  ),
  detail: z
    .int()
    .min(1)
    .max(4096)
    .default(16)
    .describe(
      'Side, in pixels, at which candidates and sketch are compared. At a small side strokes only give the rough position of a colour; at a large one their edges count too.',
    ),
  slack: z
    .number()
    .min(0)
    .max(0.25)
    .default(0)
    .describe(
      'How far a colour may be from its position in the sketch, as a fraction of the side: 0 compares each position with itself; 0.05 suits a reference picture whose shapes differ.',
    ),
  metric: z.enum(['l2', 'l1']).default('l2').describe('l2: mean squared difference; l1: mean absolute difference.'),
  ...sideParams,
});

export default defineGuide({
  name: 'color',
  description: 'Distance to a painted sketch; its transparent parts are ignored.',
  params,
  recorded: ['detail', 'slack', 'metric', 'fromSide', 'toSide'],
  async create({ image, detail, metric, slack, ...sides }, context) {
    if (slack > 0 && detail > MAX_SLACK_DETAIL)
      throw new GuideProblem(
        `slack compares at ${MAX_SLACK_DETAIL} pixels at most, and detail is ${detail}: make detail smaller, or slack 0`,
      );
    const { reference } = await visibleReference(image, context);
    if (reference.weight.every((share) => share < 1e-3))
      throw new GuideProblem(
        'the sketch is transparent everywhere: expected strokes of colour on a transparent background',
      );
    if (slack > 0) return { ...slackGuide(reference, { detail, slack, metric }), ...sidePreferences(sides) };
    return quadraticGuide((side) => compareAt(reference, side, Math.min(side, detail)), {
      metric,
      ...sidePreferences(sides),
    });
  },
});

/** Compares drawn candidates with the sketch at `detail` pixels; colours are searched within `slack` of the side. */
function slackGuide(
  reference: Required<Reference>,
  { detail, slack, metric }: { detail: number; slack: number; metric: Metric },
): Guide {
  const shrunk = new Map<number, Required<Reference>>();
  return {
    score(candidates) {
      const at = Math.min(candidates.side, detail);
      const small = shrunk.get(at) ?? (shrinkReference(reference, at) as Required<Reference>);
      shrunk.set(at, small);
      return slackScores(candidates, small, { reach: Math.round(slack * at), metric });
    },
  };
}
