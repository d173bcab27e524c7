/** Scores by the distance in luma to a gray picture; colours are unconstrained. */
import { z } from 'zod';
import { defineGuide, GuideProblem } from '../src/guide.ts';
import { LUMA, lumaOf } from '../src/kit/luma.ts';
import { pictureParam } from './lib/params.ts';
import { quadraticGuide } from './lib/quadratic.ts';
import { compareAt, finalReference } from './lib/reference.ts';

const params = z.strictObject({
  image: pictureParam('The gray picture; of a colour picture only the luma (Rec. 601) is used.'),
});

export default defineGuide({
  name: 'colorize',
  description: 'Distance in luma (Rec. 601) to a gray picture; colours are unconstrained.',
  params,
  async create({ image }, context) {
    if (context.model.channels !== 3)
      throw new GuideProblem(
        `the model "${context.model.name}" makes gray pictures: expected a colour model; choose another one`,
      );
    const picture = await finalReference(image, context);
    const reference = { data: lumaOf(picture.data, picture.channels), channels: 1, side: picture.side };
    return quadraticGuide((side) => compareAt(reference, side, side, Float32Array.from(LUMA)));
  },
});
