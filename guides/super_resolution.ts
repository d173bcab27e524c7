/** Scores by the distance to a small picture after shrinking to its size. */
import { z } from 'zod';
import { defineGuide } from '../src/guide.ts';
import { pictureParam, sidePreferences } from './lib/params.ts';
import { quadraticGuide } from './lib/quadratic.ts';
import { compareAt, middleSquare, noteCut } from './lib/reference.ts';

const params = z.strictObject({
  image: pictureParam(
    "The small picture, of any size up to the model's own; larger ones are shrunk, and non-square ones cropped to their middle square.",
  ),
});

/**
 * Above this side, in pixels, a prior makes the detail that a small picture says nothing of: shrunk to that picture, all
 * candidates are alike, and the best of them is none that looks best.
 */
const FINEST_SIDE = 64;

export default defineGuide({
  name: 'super_resolution',
  description: 'Distance to a low-resolution picture after area-shrinking to its size, any factor.',
  params,
  async create({ image }, context) {
    const { channels, finalSide } = context.model;
    const picture = await context.picture(image, { channels: channels === 1 ? 1 : 3, maxSide: finalSide });
    const { width, height } = picture.original ?? picture;
    const reference = middleSquare(picture);
    noteCut({ original: { width, height } }, context);
    if (Math.max(width, height) > finalSide)
      context.note(
        `the picture is larger than the ${finalSide}×${finalSide} of the model: it was shrunk to ${reference.side}×${reference.side}`,
      );
    const toSide = context.model.hasPrior ? Math.max(FINEST_SIDE, reference.side) : undefined;
    return quadraticGuide(
      (side) => compareAt(reference, side, Math.min(side, reference.side)),
      sidePreferences({ toSide }),
    );
  },
});
