/** What OpenAI's clients send to the Images API, and what they read. What means nothing here is taken and left aside. */
import { z } from 'zod';
import { MOST_PROMPT, picture } from '../../contract/fields.ts';
import { FRAME_MS, MOST_FRAMES } from '../../contract/stream.ts';

const MOST_WORDS = 32_000;
const ASIDE = 'Left aside; x-kandid-ignored names it.';

const frameMs = `expected a whole number from ${FRAME_MS.least} to ${FRAME_MS.most}`;

const common = {
  prompt: z
    .string()
    .trim()
    .min(1, 'expected some words')
    .max(MOST_WORDS)
    .describe(
      `What the pictures should show. The first ${MOST_PROMPT} characters are read; of longer ones the rest is left out, and notes says so.`,
    ),
  negative_prompt: z
    .string()
    .trim()
    .max(MOST_WORDS)
    .optional()
    .describe(`What they should not show (guide text, negative); ${MOST_PROMPT} characters of it are read.`),
  model: z
    .string()
    .min(1)
    .max(200)
    .optional()
    .describe('Name of a model here, or an alias: all that begin with gpt-image-, chatgpt-image- or dall-e-.'),
  n: z.int().min(1).max(10).default(1),
  size: z
    .string()
    .regex(/^(auto|[1-9]\d{0,4}x[1-9]\d{0,4})$/, 'expected auto or WIDTHxHEIGHT')
    .default('auto')
    .describe(
      "auto: the model's own. Pictures are square, of at most 2048 pixels a side: other sizes get the nearest that fits, as x-kandid-changed and notes say; larger ones than the model's are made by Lanczos.",
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
    .describe('url: permanent, as the code is in the address; of an animation, a data URL.'),
  output_format: z
    .enum(['png', 'jpeg', 'webp', 'gif'], {
      error: ({ input }) =>
        input === 'svg'
          ? 'pictures here are made of pixels, not of lines: svg cannot be had; expected png, jpeg, webp or gif'
          : undefined,
    })
    .default('png')
    .describe('gif: the descent, from a few pixels to the finished picture, animated; webp with frame_count too.'),
  output_compression: z.int().min(0).max(100).optional().describe('Of jpeg and webp. Left out: 100.'),
  frame_count: z
    .int()
    .min(2)
    .max(MOST_FRAMES)
    .optional()
    .describe(
      'Frames of gif and webp: levels, spread evenly, at most as many as there are. Left out: 9 of gif, webp still.',
    ),
  frame_duration_ms: z
    .int(frameMs)
    .min(FRAME_MS.least, frameMs)
    .max(FRAME_MS.most, frameMs)
    .optional()
    .describe('Of each frame, rounded to 10. Left out: 200.'),
  background: z
    .enum(['auto', 'opaque', 'transparent'])
    .default('auto')
    .describe('Pictures are opaque: where transparent is asked for, background, x-kandid-changed and notes say so.'),
  stream: z.boolean().default(false).describe('Server-sent events, with pictures of real levels on the way.'),
  partial_images: z
    .int()
    .min(0)
    .max(3)
    .optional()
    .describe('Of a stream; fewer where the model has no so many levels before the last. Left out: none.'),
  svg: z
    .never(
      'svg cannot be had: pictures here are made of pixels; leave it out, and choose output_format png, jpeg, webp or gif',
    )
    .optional(),
  user: z.string().max(1000).optional().describe(ASIDE),
  safety_identifier: z.string().max(1000).optional().describe(ASIDE),
  moderation: z.enum(['auto', 'low']).optional().describe(ASIDE),
  complexity: z.enum(['low', 'medium', 'high']).optional().describe(ASIDE),
  seed: z
    .int()
    .min(0)
    .max(Number.MAX_SAFE_INTEGER)
    .optional()
    .describe('Of Kandid: the same gives the same. Left out: another each time; the answer tells it.'),
};

export const generationBody = z.strictObject({
  ...common,
  style: z.enum(['vivid', 'natural']).optional().describe(ASIDE),
});

/** What generations and edits have in common, checked. */
export type Common = Omit<z.output<typeof generationBody>, 'style' | 'svg'> & { readonly style?: string | undefined };

const edit = {
  ...common,
  whole: z
    .boolean()
    .default(true)
    .describe(
      'Of Kandid: what is repainted is put back into the picture, which keeps its size and shape (size: auto) or fits into what is asked for. false: the square that the model draws of its middle.',
    ),
  input_fidelity: z.enum(['high', 'low']).optional().describe('How much of a picture without a mask is kept.'),
  markup: z
    .never(
      'drawings on a picture are not understood; give a mask that is transparent where it should change, and say in prompt what to',
    )
    .optional(),
};

/** A picture at an address of its own. */
export interface Remote {
  readonly url: string;
}

const IMAGE = 'The first is edited, further ones lend their look.';
const MASK = 'Transparent: repainted.';

const remote = z
  .string()
  .regex(/^https?:\/\//i)
  .max(2048)
  .transform((url): Remote => ({ url }));

const source = z.strictObject({
  file_id: z.never('files are not kept here; expected image_url with a data URL').optional(),
  image_url: z
    .union([picture('A data URL, or base64.'), remote])
    .describe('A data URL; or an address (http, https) of a host that the operator allows.'),
});

/** As JSON: pictures by their addresses. */
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

/** As a form: pictures as files. */
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
    .describe('It is encoded, and generated again in part.'),
  model: common.model,
  n: common.n,
  size: common.size,
  user: common.user,
  seed: common.seed,
  response_format: z
    .enum(['url', 'b64_json'])
    .default('url')
    .describe('url: permanent, as the code is in the address.'),
});

/** What a request has that says no more than it must. */
export const PLAIN = generationBody.parse({ prompt: '-' });

const tokens = z.object({ image_tokens: z.int(), text_tokens: z.int() });

export const imagesResponse = z.object({
  created: z.int(),
  data: z.array(z.object({ b64_json: z.string().optional(), url: z.string().optional() })),
  seed: z.int().describe('Of Kandid: with it the same comes again.'),
  notes: z.array(z.string()).describe('Of Kandid: what was understood in another way than it was said.'),
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
