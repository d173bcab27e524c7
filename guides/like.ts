/** Scores by how much candidate and a picture show the same, according to CLIP: "like this picture". */
import { z } from 'zod';
import { defineGuide } from '../src/guide.ts';
import { cosines } from './lib/clip/clip.ts';
import { cutouts } from './lib/clip/cutouts.ts';
import { sharedClip } from './lib/clip/shared.ts';
import { pictureParam, shortlistParams, shortlistPreferences } from './lib/params.ts';
import { noteCut } from './lib/reference.ts';

const params = z.strictObject({
  image: pictureParam('The picture that the result should be like in what it shows, not pixel by pixel.'),
  model: z
    .string()
    .min(1)
    .optional()
    .describe(
      'The CLIP: a folder among the models, or a path, exported for transformers.js. Default: the one named in the model.json of the model.',
    ),
  cutouts: z
    .int()
    .min(0)
    .max(16)
    .default(0)
    .describe('Random parts of a picture that are looked at beside the whole; each costs as much time as the whole.'),
  ...shortlistParams({ fromSide: 4, shortlist: 16, refine: 8 }),
});

export default defineGuide({
  name: 'like',
  description: 'Similarity of what two pictures show, by CLIP.',
  params,
  recorded: ['cutouts', 'fromSide', 'toSide', 'shortlist', 'refine'],
  async create(options, context) {
    const clip = await sharedClip(options.model, context);
    const picture = await context.picture(options.image, { side: clip.side, channels: 3 });
    noteCut(picture, context);
    const { data, channels } = picture;
    const shown = { data, batch: 1, count: 1, channels, side: clip.side };
    const { data: direction } = await clip.embedPictures(shown, context);
    const likenessOf = cosines([direction]);
    const views = cutouts(options.cutouts, context.seed);
    return {
      prefers: shortlistPreferences(options),
      async score(candidates, _level, signal) {
        const pictures = await clip.embedPictures(candidates, { signal, compute: context.compute }, views);
        return Float32Array.from(
          { length: candidates.batch * candidates.count },
          (_, n) => likenessOf(pictures, n)[0] as number,
        );
      },
    };
  },
});
