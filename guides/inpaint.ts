/** Scores by the distance on the known part of a picture; the rest is unconstrained. */
import { z } from 'zod';
import { defineGuide, type GuideContext, GuideProblem } from '../src/guide.ts';
import { keptShares } from '../src/kit/mask.ts';
import { pictureParam } from './lib/params.ts';
import { quadraticGuide } from './lib/quadratic.ts';
import { compareAt, visibleReference } from './lib/reference.ts';

const params = z.strictObject({
  image: pictureParam('The picture; transparent pixels are unknown.'),
  mask: pictureParam(
    'Which pixels are unknown: white is repainted, black is kept, gray is weighted. If any part of the mask is transparent, its transparency is used instead: transparent is repainted.',
  ).optional(),
  invert: z.boolean().default(false).describe('Inverts the mask: black is repainted.'),
});

async function maskOf(
  bytes: Uint8Array,
  invert: boolean,
  image: { width: number; height: number },
  context: GuideContext,
): Promise<Float32Array> {
  const { finalSide } = context.model;
  const mask = await context.picture(bytes, { channels: 4, side: finalSide });
  const size = mask.original;
  if (size && (size.width !== image.width || size.height !== image.height))
    context.note(
      `the mask is ${size.width}×${size.height} and the picture ${image.width}×${image.height}: each is cut to its middle square, and the mask resized to fit`,
    );
  return keptShares(mask.data, { invert, note: context.note });
}

/** @throws GuideProblem if no pixel is known, or none is unknown */
function checkKnown(weight: Float32Array, hasMask: boolean): void {
  const share = weight.reduce((sum, known) => sum + known, 0) / weight.length;
  if (share < 1e-4)
    throw new GuideProblem(
      'every pixel of the picture is unknown, so there is nothing to keep: expected a mask that is black (or opaque) somewhere; give another mask, set invert, or leave the inpaint guide out',
    );
  if (share > 1 - 1e-4)
    throw new GuideProblem(
      `no pixel of the picture is unknown, so there is nothing to repaint: ${hasMask ? 'in the middle square that the model sees, the mask read as black (or opaque) everywhere' : 'there is no mask, and no part of the picture is transparent'}; expected a mask that is white (or transparent) there, or a picture with transparency`,
    );
}

export default defineGuide({
  name: 'inpaint',
  description: 'Distance to the known pixels of a picture; the unknown ones are unconstrained.',
  params,
  recorded: ['invert'],
  async create({ image, mask, invert }, context) {
    const { reference, original } = await visibleReference(image, context);
    const known = mask ? await maskOf(mask, invert, original, context) : null;
    const weight = known ? reference.weight.map((share, p) => share * (known[p] as number)) : reference.weight;
    checkKnown(weight, known !== null);
    const masked = { ...reference, weight };
    return quadraticGuide((side) => compareAt(masked, side, side));
  },
});
