/** What clients of Automatic1111's web API send, as far as it has a meaning here. Whatever else they send is taken. */
import { z } from 'zod';
import { picture } from '../../contract/fields.ts';
import { outputFields } from '../../contract/stream.ts';

const MOST_WORDS = 32_000;
/** They say it of what is left to us. */
const RANDOM_SEED = -1;

const side = z.int().min(1).max(65_535).default(512);
const words = z.string().trim().max(MOST_WORDS).default('');

const common = {
  prompt: words.describe('What the pictures should show; empty: anything.'),
  negative_prompt: words.describe('What they should not show.'),
  seed: z.int().min(RANDOM_SEED).max(Number.MAX_SAFE_INTEGER).default(RANDOM_SEED).describe('-1: another each time.'),
  width: side.describe(
    'Pictures are square: the largest that fits into width and height, of at most 2048 pixels. One that is repainted keeps its shape.',
  ),
  height: side,
  batch_size: z.int().min(1).max(256).default(1).describe('Times n_iter: how many.'),
  n_iter: z.int().min(1).max(256).default(1),
  send_images: z.boolean().default(true),
  override_settings: z
    .looseObject({ sd_model_checkpoint: z.string().max(300).nullish() })
    .nullish()
    .describe('sd_model_checkpoint: the model of this request.'),
};

export const txt2imgBody = z.looseObject(common);

export const img2imgBody = z.looseObject({
  ...common,
  init_images: z.array(picture('A picture.')).min(1).max(16).describe('The first is changed.'),
  mask: picture('White is repainted.').nullish(),
  inpainting_mask_invert: z
    .union([z.boolean(), z.int().min(0).max(1)])
    .default(0)
    .describe('1: black is repainted.'),
  mask_blur: z
    .number()
    .min(0)
    .max(1024)
    .nullish()
    .describe('Pixels over which what is repainted passes into the picture.'),
  denoising_strength: z
    .number()
    .min(0)
    .max(1)
    .default(0.75)
    .describe('Without a mask: 0 keeps most of the picture, 1 nothing.'),
});

export type Common = z.output<typeof txt2imgBody>;
export type Img2Img = z.output<typeof img2imgBody>;

/** Fields that mean something. */
export const HEEDED = {
  generation: new Set(Object.keys(txt2imgBody.shape)),
  edit: new Set(Object.keys(img2imgBody.shape)),
};

export const made = z.object({
  images: z.array(z.string()).describe('In base64.'),
  parameters: z.looseObject({}),
  info: z.string().describe('JSON: seeds, model, and in ignored and notes what was not done as it was asked.'),
});

export const optionsBody = z.looseObject({
  sd_model_checkpoint: z.string().max(300).nullish().describe('Model of the requests of this client that name none.'),
});

export const options = z.looseObject({ sd_model_checkpoint: z.string(), sd_checkpoint_hash: z.string() });

export const progressQuery = z.strictObject({
  skip_current_image: z.enum(['true', 'false', 'True', 'False', '1', '0']).optional(),
});

export const progress = z.object({
  progress: z.number().describe("0 to 1, of the client's own request that was begun last; 0: there is none."),
  eta_relative: z.number(),
  state: z.looseObject({ job_count: z.int(), sampling_step: z.int(), sampling_steps: z.int() }),
  current_image: z.string().nullable().describe('In base64: the finest level so far.'),
  textinfo: z.string().nullable(),
});

/** The seed as we say it. */
export function seedOf({ seed }: Pick<Common, 'seed'>): number | undefined {
  return seed === RANDOM_SEED ? undefined : seed;
}

/** Largest side of a picture. */
export const MOST_SIDE = outputFields.size.unwrap().maxValue ?? 2048;
