/** Arguments of the tools. */
import { z } from 'zod';
import { code, guides, modelName, picture, prompt } from '../../contract/fields.ts';
import { outputFields } from '../../contract/stream.ts';

const MOST_PICTURES = 10;
/** Of a path or an address. */
const MOST_NAME = 4096;

/** A picture that is named, not given. */
export interface Named {
  readonly name: string;
}

/** Bytes, or where they are. */
export type Source = Uint8Array | Named;

const named = z
  .string()
  .regex(/^(https?:\/\/|file:\/\/|\/|~\/|[A-Za-z]:[\\/])/)
  .max(MOST_NAME)
  .refine((name) => !/^\/9j\//.test(name))
  .transform((name): Named => ({ name }));

/** A path looks like base64 too, and a JPEG in base64 like a path (`/9j/`). */
const source = (description: string) =>
  z
    .union([named, picture('base64, or a data URL')], 'expected a picture')
    .describe(`${description} As base64, as a data URL, or by its address.`);

const wanted = {
  model: modelName.optional().describe('See the tool models. Left out: the default one.'),
  count: z.int().min(1).max(MOST_PICTURES).default(1).describe('Number of pictures, all different.'),
  seed: z.int().min(0).max(Number.MAX_SAFE_INTEGER).optional().describe('The same gives the same pictures.'),
  size: outputFields.size,
  format: z.enum(['png', 'webp', 'jpeg', 'gif']).default('png').describe('gif: how the picture came about, animated.'),
  beams: z.int().min(1).max(16).default(1).describe('More search longer and come nearer to what is asked.'),
};

const shown = prompt
  .optional()
  .describe('What the pictures should show. Models know certain words only; notes name others.');
const negative = prompt.optional().describe('What they should not show.');

const whole = z
  .boolean()
  .default(true)
  .describe('The picture as a whole, of its own shape; false: the square that the model draws of its middle.');

export const generateInput = z.strictObject({
  prompt: shown,
  negative,
  guides: guides.describe('Other wishes, each with name, weight and params: see the tool guides.'),
  ...wanted,
});

export const editInput = z.strictObject({
  image: source('The picture to change.'),
  mask: source(
    'White or transparent is repainted. Left out: transparent parts of the picture, or all of it a little.',
  ).optional(),
  prompt: prompt.describe('What the picture should show afterwards.'),
  negative,
  keep: z
    .number()
    .min(0)
    .max(10)
    .default(0.5)
    .describe('How much of the picture is kept where nothing says what to repaint; the words count 1.'),
  whole,
  ...wanted,
});

export const upscaleInput = z.strictObject({ image: source('The small picture.'), prompt: shown, whole, ...wanted });

export const varyInput = z.strictObject({
  code: code.optional().describe('Code of the picture to vary, as generate answers it.'),
  image: source('The picture to vary, where it has no code.').optional(),
  keep: z.number().min(0).max(1).default(0.5).describe('Share of its levels, coarse ones first, that stays as it is.'),
  prompt: shown,
  negative,
  ...wanted,
});

export const infoInput = z.strictObject({ image: source('A picture that Kandid made.') });

export const nothing = z.strictObject({});

export const guidesInput = z.strictObject({
  name: z.string().max(100).optional().describe('Of one guide: its parameters are told too.'),
});
