/** Requests of Automatic1111's web API, as far as they have a meaning here. Other fields are accepted and ignored. */
import { z } from 'zod';
import { picture } from '../../contract/fields.ts';
import { outputFields } from '../../contract/stream.ts';

const MAX_WORDS = 32_000;
/** The seed that means random. */
const RANDOM_SEED = -1;

const side = z.int().min(1).max(65_535).default(512);
const words = z.string().trim().max(MAX_WORDS).default('');

const common = {
  prompt: words.describe('What the pictures should show; empty: anything.'),
  negative_prompt: words.describe('What they should not show.'),
  seed: z.int().min(RANDOM_SEED).max(Number.MAX_SAFE_INTEGER).default(RANDOM_SEED).describe('-1: random.'),
  width: side.describe(
    'Pictures are square: the largest that fits into width and height, at most 2048 pixels. A repainted picture keeps its shape.',
  ),
  height: side,
  batch_size: z.int().min(1).max(256).default(1).describe('Number of pictures, times n_iter.'),
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
  init_images: z.array(picture('A picture.')).min(1).max(16).describe('The first is edited.'),
  mask: picture('White areas are repainted.').nullish(),
  inpainting_mask_invert: z
    .union([z.boolean(), z.int().min(0).max(1)])
    .default(0)
    .describe('1: black areas are repainted.'),
  mask_blur: z
    .number()
    .min(0)
    .max(1024)
    .nullish()
    .describe('Width of the blend between the repainted part and the picture, in pixels.'),
  denoising_strength: z
    .number()
    .min(0)
    .max(1)
    .default(0.75)
    .describe('Without a mask: 0 keeps most of the picture, 1 none of it.'),
});

export type Common = z.output<typeof txt2imgBody>;
export type Img2Img = z.output<typeof img2imgBody>;

/** Fields that have an effect. */
export const USED_FIELDS = {
  generation: new Set(Object.keys(txt2imgBody.shape)),
  edit: new Set(Object.keys(img2imgBody.shape)),
};

export const picturesResponse = z.object({
  images: z.array(z.string()).describe('As base64.'),
  parameters: z.looseObject({}),
  info: z.string().describe('JSON: seeds and model; ignored and notes list deviations from the request.'),
});

export const optionsBody = z.looseObject({
  sd_model_checkpoint: z.string().max(300).nullish().describe("Model for this client's requests that name none."),
});

export const options = z.looseObject({ sd_model_checkpoint: z.string(), sd_checkpoint_hash: z.string() });

export const progressQuery = z.strictObject({
  skip_current_image: z.enum(['true', 'false', 'True', 'False', '1', '0']).optional(),
});

export const progress = z.object({
  progress: z.number().describe("0 to 1, for the client's newest request; 0 if there is none."),
  eta_relative: z.number(),
  state: z.looseObject({ job_count: z.int(), sampling_step: z.int(), sampling_steps: z.int() }),
  current_image: z.string().nullable().describe('As base64: the finest level so far.'),
  textinfo: z.string().nullable(),
});

/** The seed, or undefined for random. */
export function seedOf({ seed }: Pick<Common, 'seed'>): number | undefined {
  return seed === RANDOM_SEED ? undefined : seed;
}

/** Largest side of a picture, in pixels. */
export const MAX_SIDE = outputFields.size.unwrap().maxValue ?? 2048;
