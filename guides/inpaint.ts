/** Scores by the distance on the known part of a picture, which leaves the rest free. */
import { z } from 'zod';
import { defineGuide, type GuideContext, GuideProblem } from '../src/guide.ts';
import { pictureParam } from './lib/params.ts';
import { quadraticGuide } from './lib/quadratic.ts';
import { compareAt, visibleReference } from './lib/reference.ts';

const params = z.strictObject({
  image: pictureParam('The picture; where it is transparent it is unknown.'),
  mask: pictureParam(
    'Which pixels are unknown: white (or transparent, where the mask has transparency) is repainted, black is kept, gray counts in part.',
  ).optional(),
  invert: z.boolean().default(false).describe('Reads the mask the other way round: black is repainted.'),
});

/** Alpha that is not opaque somewhere says more than the colours do. */
const OPAQUE = 0.999;

/** Share of each pixel that is known by the mask: [side, side], 0 … 1. */
function knownOf(rgba: Float32Array, size: number, invert: boolean): Float32Array {
  const known = new Float32Array(size);
  let transparent = false;
  for (let p = 0; p < size; p++) {
    known[p] = ((rgba[3 * size + p] as number) + 1) / 2;
    transparent ||= (known[p] as number) < OPAQUE;
  }
  for (let p = 0; p < size; p++) {
    const white = ((rgba[p] as number) + (rgba[size + p] as number) + (rgba[2 * size + p] as number)) / 6 + 0.5;
    const share = transparent ? (known[p] as number) : 1 - Math.min(1, Math.max(0, white));
    known[p] = invert ? 1 - share : share;
  }
  return known;
}

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
  return knownOf(mask.data, finalSide * finalSide, invert);
}

/** Refuses a mask that leaves nothing known, and says so where it leaves nothing to paint. */
function checkKnown(weight: Float32Array, context: GuideContext): void {
  const share = weight.reduce((sum, known) => sum + known, 0) / weight.length;
  if (share < 1e-4)
    throw new GuideProblem(
      'every pixel of the picture is unknown, so there is nothing to keep: expected a mask that is black (or opaque) somewhere; give another mask, set invert, or leave the inpaint guide out',
    );
  if (share > 1 - 1e-4)
    context.note(
      'no pixel of the picture is unknown: expected a mask that is white (or transparent) somewhere, or a picture with transparency; the whole picture is kept',
    );
}

export default defineGuide({
  name: 'inpaint',
  description: 'Distance to the known pixels of a picture; the unknown ones are free.',
  params,
  recorded: ['invert'],
  async create({ image, mask, invert }, context) {
    const { reference, original } = await visibleReference(image, context);
    const known = mask ? await maskOf(mask, invert, original, context) : null;
    const weight = known ? reference.weight.map((share, p) => share * (known[p] as number)) : reference.weight;
    checkKnown(weight, context);
    const masked = { ...reference, weight };
    return quadraticGuide((side) => compareAt(masked, side, side));
  },
});
