/** Arguments of the tools. */
import { z } from 'zod';
import { code, guides, modelName, picture, prompt } from '../../contract/fields.ts';
import { outputFields } from '../../contract/stream.ts';

const MAX_PICTURES = 10;
/** Largest length of a path or an address. */
const MAX_NAME = 4096;

/** A picture given by path or address. */
export interface Named {
  readonly name: string;
}

/** Bytes, or their location. */
export type Source = Uint8Array | Named;

const named = z
  .string()
  .regex(/^(https?:\/\/|file:\/\/|\/|~\/|[A-Za-z]:[\\/])/)
  .max(MAX_NAME)
  .refine((name) => !/^\/9j\//.test(name))
  .transform((name): Named => ({ name }));

/** A path looks like base64 too, and a JPEG in base64 looks like a path (`/9j/`). */
const source = (description: string) =>
  z
    .union([named, picture('base64, or a data URL')], 'expected a picture')
    .describe(`${description} As base64, a data URL, a path or an address.`);

const wanted = {
  model: modelName.optional().describe('See the tool models. Default: the default model.'),
  count: z.int().min(1).max(MAX_PICTURES).default(1).describe('Number of pictures, all different.'),
  seed: z.int().min(0).max(Number.MAX_SAFE_INTEGER).optional().describe('The same seed gives the same pictures.'),
  size: outputFields.size,
  format: z
    .enum(['png', 'webp', 'jpeg', 'gif'])
    .default('png')
    .describe('gif: an animation of how the picture was generated.'),
  beams: z.int().min(1).max(16).default(1).describe('More beams search longer and match the request better.'),
};

const shown = prompt
  .optional()
  .describe('What the pictures should show. Models know a limited vocabulary; notes list unknown words.');
const negative = prompt.optional().describe('What they should not show.');

const whole = z
  .boolean()
  .default(true)
  .describe("Edit the whole picture and keep its shape; false: only its central square, at the model's size.");

export const generateInput = z.strictObject({
  prompt: shown,
  negative,
  guides: guides.describe('Further guides, each with name, weight and params: see the tool guides.'),
  ...wanted,
});

export const editInput = z.strictObject({
  image: source('The picture to change.'),
  mask: source(
    'White or transparent areas are repainted. Default: the transparent parts of the picture, or a slight change of all of it.',
  ).optional(),
  prompt: prompt.describe('What the picture should show afterwards.'),
  negative,
  keep: z
    .number()
    .min(0)
    .max(10)
    .default(0.5)
    .describe('Weight of keeping the picture if there is no mask; the prompt has weight 1.'),
  whole,
  ...wanted,
});

export const upscaleInput = z.strictObject({ image: source('The small picture.'), prompt: shown, whole, ...wanted });

export const varyInput = z.strictObject({
  code: code.optional().describe('Code of the picture to vary, as returned by generate.'),
  image: source('The picture to vary, if there is no code.').optional(),
  keep: z.number().min(0).max(1).default(0.5).describe('Share of its levels that is kept, coarse ones first.'),
  prompt: shown,
  negative,
  ...wanted,
});

export const infoInput = z.strictObject({ image: source('A picture that Kandid made.') });

export const nothing = z.strictObject({});

export const guidesInput = z.strictObject({
  name: z.string().max(100).optional().describe('Name of one guide, to get its parameters too.'),
});
