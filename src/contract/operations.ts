/** Schemas of the bodies of the native routes. */
import { z } from 'zod';
import { answerFields, code, descentAnswerFields, guides, modelName, picture, prompt, searchFields } from './fields.ts';
import { generateSchema } from './requests.ts';
import { previewsSchema } from './stream.ts';
import { wholeFields } from './whole.ts';

const { prefix } = generateSchema.shape;
const condition = picture('The condition picture of a conditional model.').optional();
const webhook = z
  .string()
  .max(2048)
  .optional()
  .describe('URL that receives a signed notification when the job ends; its host must be allowed by the operator.');
const task = { ...searchFields, ...descentAnswerFields, condition, webhook };
const shown = prompt.optional().describe('What the pictures should show, in words (guide text).');

export const generateBody = z.strictObject({ ...task, guides, prefix, whole: generateSchema.shape.whole });

export const jobBody = generateBody.extend({
  previews: previewsSchema.unwrap().optional().describe('Previews among the events. Default: none.'),
});

export const steerBody = z
  .strictObject({
    weights: z
      .array(z.number().min(-100).max(100))
      .max(16)
      .optional()
      .describe('Weights of the guides, in the order of the request, for the remaining levels.'),
    question: z
      .int()
      .min(0)
      .optional()
      .describe('The question that picks answers, from `candidates` in the job or its events.'),
    picks: z
      .array(z.int().min(0))
      .max(256)
      .optional()
      .describe('Pictures of the contact sheet, best first; none: no preference.'),
  })
  .refine(({ question, picks }) => (question === undefined) === (picks === undefined), {
    path: ['picks'],
    message: 'expected question and picks together',
  });

/** @param what the alternative */
const isWhole = (what: string) =>
  z.boolean().default(true).describe(`Process the whole picture at its own size and shape; false: ${what}.`);

export const inpaintBody = z.strictObject({
  ...task,
  ...wholeFields,
  whole: isWhole('only its central square, at the size of the model'),
  image: picture('The picture; transparent parts are unknown.'),
  mask: picture('White or transparent areas are repainted.').optional(),
  invert: z.boolean().default(false).describe('Inverts the mask.'),
  prompt: shown,
});

export const restoreBody = z.strictObject({ ...task, image: picture('The small or gray picture.'), prompt: shown });

export const enlargeBody = restoreBody.extend({
  image: picture('The small picture, of any shape.'),
  whole: isWhole('only its central square, at the size of the model'),
  window: wholeFields.window,
});

export const denoiseBody = z.strictObject({
  ...task,
  image: picture('The noisy picture.'),
  sigma: z
    .number()
    .min(0)
    .max(4)
    .default(0.53)
    .describe('Standard deviation of the noise, where black is −1 and white 1.'),
  method: z.enum(['distance', 'posterior']).default('distance').describe('See the guide denoise.'),
  prompt: shown,
});

export const styleBody = z.strictObject({
  ...task,
  image: picture('The style picture.'),
  content: picture('A picture whose shapes (brightness) are kept.').optional(),
  contentWeight: z.number().min(0).max(100).default(1).describe('Weight of the shapes, relative to 1 for the style.'),
  prompt: shown,
});

export const encodeBody = z.strictObject({
  ...answerFields,
  model: modelName.optional(),
  image: picture('The picture; its central square is used.'),
  beams: z.int().min(1).max(256).default(1).describe('Number of descents kept; more get closer to the picture.'),
  search: z
    .boolean()
    .default(false)
    .describe('Searches even if the file contains a code that still matches its pixels.'),
  condition,
  weights: picture('What matters: white in full, black not at all.').optional(),
});

export const decodeBody = z.strictObject({
  ...answerFields,
  model: modelName.optional(),
  codes: z.array(code).min(1).max(256),
  level: z.int().min(0).max(255).optional().describe('The pictures after this level. Default: the last.'),
  condition,
});

export const varyBody = z.strictObject({
  ...task,
  guides,
  code,
  keep: z.int().min(0).max(256).describe('Number of levels kept; the rest is generated again.'),
});

export const crossBody = z.strictObject({
  model: modelName.optional(),
  a: code,
  b: code,
  at: z.int().min(0).max(256).describe('Number of levels from a; the rest is from b.'),
});

export const infoBody = z.strictObject({ image: picture('A PNG, WebP or JPEG file written by Kandid.') });
