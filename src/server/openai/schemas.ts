/** Requests and responses of OpenAI's Images API. Fields without a meaning here are accepted and ignored. */
import { z } from 'zod';
import { MAX_PROMPT, picture } from '../../contract/fields.ts';
import { FRAME_MS, MAX_FRAMES } from '../../contract/stream.ts';

const MAX_WORDS = 32_000;
const IGNORED = 'Ignored; listed in x-kandid-ignored.';

const frameMs = `expected a whole number from ${FRAME_MS.least} to ${FRAME_MS.most}`;

const common = {
  prompt: z
    .string()
    .trim()
    .min(1, 'expected some words')
    .max(MAX_WORDS)
    .describe(`What the pictures should show. The first ${MAX_PROMPT} characters are used; notes says if it was cut.`),
  negative_prompt: z
    .string()
    .trim()
    .max(MAX_WORDS)
    .optional()
    .describe(`What they should not show (guide text, negative); its first ${MAX_PROMPT} characters are used.`),
  model: z
    .string()
    .min(1)
    .max(200)
    .optional()
    .describe('Name of a model, or an alias: any name that begins with gpt-image-, chatgpt-image- or dall-e-.'),
  n: z.int().min(1).max(10).default(1),
  size: z
    .string()
    .regex(/^(auto|[1-9]\d{0,4}x[1-9]\d{0,4})$/, 'expected auto or WIDTHxHEIGHT')
    .default('auto')
    .describe(
      "auto: the model's own. Pictures are square, at most 2048 pixels a side: other sizes get the largest square that fits, reported in x-kandid-changed and notes; sizes above the model's are resampled (Lanczos).",
    ),
  quality: z
    .enum(['auto', 'low', 'medium', 'high', 'xhigh', 'max', 'standard', 'hd'])
    .default('auto')
    .describe(
      'Descents for each picture, of which the one that fits the words best is kept: low 1, high and hd 3, xhigh and max 6.',
    ),
  response_format: z
    .enum(['url', 'b64_json'])
    .optional()
    .describe('url: a permalink that contains the code; for animations, a data URL.'),
  output_format: z
    .enum(['png', 'jpeg', 'webp', 'gif'], {
      error: ({ input }) =>
        input === 'svg'
          ? 'pictures here are made of pixels, not of lines: svg cannot be had; expected png, jpeg, webp or gif'
          : undefined,
    })
    .default('png')
    .describe(
      'gif: an animation of the descent, from a few pixels to the finished picture; also webp with frame_count.',
    ),
  output_compression: z.int().min(0).max(100).optional().describe('For jpeg and webp. Default: 100.'),
  frame_count: z
    .int()
    .min(2)
    .max(MAX_FRAMES)
    .optional()
    .describe(
      'Frames of gif and webp: evenly spread levels, at most as many as the model has. Default: 9 for gif; webp is not animated.',
    ),
  frame_duration_ms: z
    .int(frameMs)
    .min(FRAME_MS.least, frameMs)
    .max(FRAME_MS.most, frameMs)
    .optional()
    .describe('Duration of each frame, rounded to 10 ms. Default: 200.'),
  background: z
    .enum(['auto', 'opaque', 'transparent'])
    .default('auto')
    .describe(
      'Pictures are always opaque; if transparent is requested, background, x-kandid-changed and notes say so.',
    ),
  stream: z.boolean().default(false).describe('Server-sent events; partial images are pictures of actual levels.'),
  partial_images: z
    .int()
    .min(0)
    .max(3)
    .optional()
    .describe('Partial images of a stream; fewer if the model has fewer levels before the last. Default: none.'),
  svg: z
    .never(
      'svg cannot be had: pictures here are made of pixels; leave it out, and choose output_format png, jpeg, webp or gif',
    )
    .optional(),
  user: z.string().max(1000).optional().describe(IGNORED),
  safety_identifier: z.string().max(1000).optional().describe(IGNORED),
  moderation: z.enum(['auto', 'low']).optional().describe(IGNORED),
  complexity: z.enum(['low', 'medium', 'high']).optional().describe(IGNORED),
  seed: z
    .int()
    .min(0)
    .max(Number.MAX_SAFE_INTEGER)
    .optional()
    .describe('Kandid extension: the same seed gives the same pictures. Default: random; the response contains it.'),
};

export const generationBody = z.strictObject({
  ...common,
  style: z.enum(['vivid', 'natural']).optional().describe(IGNORED),
});

/** The fields that generations and edits share, after validation. */
export type Common = Omit<z.output<typeof generationBody>, 'style' | 'svg'> & { readonly style?: string | undefined };

const edit = {
  ...common,
  whole: z
    .boolean()
    .default(true)
    .describe(
      "Kandid extension: the repainted part is put back into the picture, which keeps its size and shape (size: auto) or is fitted into the requested size. false: only its central square, at the model's size.",
    ),
  input_fidelity: z.enum(['high', 'low']).optional().describe('How much of a picture without a mask is kept.'),
  markup: z
    .never(
      'drawings on a picture are not understood; give a mask that is transparent where it should change, and say in prompt what to',
    )
    .optional(),
};

/** A picture given by address. */
export interface Remote {
  readonly url: string;
}

const IMAGE = 'The first is edited; further ones are style references.';
const MASK = 'Transparent areas are repainted.';

const remote = z
  .string()
  .regex(/^https?:\/\//i)
  .max(2048)
  .transform((url): Remote => ({ url }));

const source = z.strictObject({
  file_id: z.never('files are not kept here; expected image_url with a data URL').optional(),
  image_url: z
    .union([picture('A data URL, or base64.'), remote])
    .describe('A data URL, or an address (http, https) on a host that the operator allows.'),
});

/** JSON body: pictures as data URLs or addresses. */
export const editBody = z
  .strictObject({
    ...edit,
    images: z.array(source).min(1).max(16).describe(IMAGE),
    mask: source.optional().describe(MASK),
  })
  .transform(({ images, mask, ...rest }) => ({
    ...rest,
    images: images.map(({ image_url }) => image_url),
    mask: mask?.image_url,
  }));

/** Form body: pictures as files. */
export const editForm = z
  .strictObject({
    ...edit,
    image: z.array(picture('A picture.')).min(1).max(16).describe(IMAGE),
    mask: z.array(picture('The mask.')).max(1, 'expected one mask').optional().describe(MASK),
  })
  .transform(({ image, mask, ...rest }) => ({ ...rest, images: image, mask: mask?.[0] }));

export const variationBody = z.strictObject({
  image: z
    .array(picture('A picture.'))
    .length(1, 'expected one picture')
    .describe('Encoded, then partly generated again.'),
  model: common.model,
  n: common.n,
  size: common.size,
  user: common.user,
  seed: common.seed,
  response_format: z.enum(['url', 'b64_json']).default('url').describe('url: a permalink that contains the code.'),
});

/** The defaults of all fields, for requests that set few of them. */
export const PLAIN = generationBody.parse({ prompt: '-' });

const tokens = z.object({ image_tokens: z.int(), text_tokens: z.int() });

export const imagesResponse = z.object({
  created: z.int(),
  data: z.array(z.object({ b64_json: z.string().optional(), url: z.string().optional() })),
  seed: z.int().describe('Kandid extension: repeats the same pictures.'),
  notes: z.array(z.string()).describe('Kandid extension: what was interpreted differently from the request.'),
  background: z.string(),
  output_format: z.string(),
  quality: z.string(),
  size: z.string(),
  usage: z
    .object({ input_tokens: z.int(), input_tokens_details: tokens, output_tokens: z.int(), total_tokens: z.int() })
    .describe('output_tokens: choices made, levels times pictures. Words are not counted.'),
});

export const openAiError = z.object({
  error: z.object({
    message: z.string(),
    type: z.string(),
    param: z.string().nullable(),
    code: z.string().nullable(),
  }),
});
