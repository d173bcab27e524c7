/** Schemas of the bodies of the native routes. */
import { z } from 'zod';
import { answerFields, code, descentAnswerFields, guides, modelName, picture, prompt, searchFields } from './fields.ts';
import { generateSchema } from './requests.ts';
import { previewsSchema } from './stream.ts';
import { wholeFields } from './whole.ts';

const { prefix } = generateSchema.shape;
const condition = picture('The picture that a conditional model starts from.').optional();
const webhook = z
  .string()
  .max(2048)
  .optional()
  .describe('URL that receives a signed notification when the job ends; its host must be allowed by the operator.');
const task = { ...searchFields, ...descentAnswerFields, condition, webhook };
const shown = prompt.optional().describe('What the pictures should show, in words (guide text).');

export const generateBody = z.strictObject({ ...task, guides, prefix, whole: generateSchema.shape.whole });

export const jobBody = generateBody.extend({
  previews: previewsSchema.unwrap().optional().describe('Shown among the events. Left out: none.'),
});

export const steerBody = z
  .strictObject({
    weights: z
      .array(z.number().min(-100).max(100))
      .max(16)
      .optional()
      .describe('Of the guides, in the order of the request, for the levels that are left.'),
    question: z
      .int()
      .min(0)
      .optional()
      .describe('The question that picks answer: of `candidates` in its job or events.'),
    picks: z.array(z.int().min(0)).max(256).optional().describe('Pictures of the sheet, best first; none: no opinion.'),
  })
  .refine(({ question, picks }) => (question === undefined) === (picks === undefined), {
    path: ['picks'],
    message: 'expected question and picks together',
  });

/** @param what it is otherwise */
const isWhole = (what: string) =>
  z.boolean().default(true).describe(`The whole picture, of its own size and shape; false: ${what}.`);

export const inpaintBody = z.strictObject({
  ...task,
  ...wholeFields,
  whole: isWhole('the square that the model draws of its middle'),
  image: picture('The picture; where it is transparent it is unknown.'),
  mask: picture('White, or transparent, is repainted.').optional(),
  invert: z.boolean().default(false).describe('Reads the mask the other way round.'),
  prompt: shown,
});

export const restoreBody = z.strictObject({ ...task, image: picture('The small, or gray, picture.'), prompt: shown });

export const enlargeBody = restoreBody.extend({
  image: picture('The small picture, of any shape.'),
  whole: isWhole('the square that the model draws of its middle'),
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
  image: picture('The picture whose look is taken.'),
  content: picture('A picture whose shapes (its brightness) are kept.').optional(),
  contentWeight: z.number().min(0).max(100).default(1).describe('How much they count beside 1 for the look.'),
  prompt: shown,
});

export const encodeBody = z.strictObject({
  ...answerFields,
  model: modelName.optional(),
  image: picture('The picture; its middle square is used.'),
  beams: z.int().min(1).max(256).default(1).describe('Descents kept; more come nearer.'),
  search: z
    .boolean()
    .default(false)
    .describe('Searches even where the file carries a code that its pixels still match.'),
  condition,
});

export const decodeBody = z.strictObject({
  ...answerFields,
  model: modelName.optional(),
  codes: z.array(code).min(1).max(256),
  level: z.int().min(0).max(255).optional().describe('As the pictures stand after this level. Left out: the last.'),
  condition,
});

export const varyBody = z.strictObject({
  ...task,
  guides,
  code,
  keep: z.int().min(0).max(256).describe('Levels of the code that are kept; the rest is generated again.'),
});

export const crossBody = z.strictObject({
  model: modelName.optional(),
  a: code,
  b: code,
  at: z.int().min(0).max(256).describe('So many levels are of a, the rest of b.'),
});

export const infoBody = z.strictObject({ image: picture('A PNG, WebP or JPEG file that Kandid made.') });
