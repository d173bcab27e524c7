/** What OpenAI's clients send to the Images API, and what they read. What means nothing here is taken and left aside. */
import { z } from 'zod';
import { MOST_PROMPT, picture } from '../../contract/fields.ts';

const common = {
  prompt: z
    .string()
    .trim()
    .min(1, 'expected some words')
    .max(32_000)
    .describe(
      `What the pictures should show. The first ${MOST_PROMPT} characters are read; of longer ones the rest is left out, and notes says so.`,
    ),
  model: z.string().min(1).max(200).optional().describe('Name of a model here, or an alias such as gpt-image-1.'),
  n: z.int().min(1).max(10).default(1),
  size: z
    .string()
    .regex(/^(auto|[1-9]\d{0,4}x[1-9]\d{0,4})$/, 'expected auto or WIDTHxHEIGHT')
    .default('auto')
    .describe("auto: the model's own. Pictures are square: others get the nearest; larger ones are made by Lanczos."),
  quality: z
    .enum(['auto', 'low', 'medium', 'high', 'xhigh', 'max', 'standard', 'hd'])
    .default('auto')
    .describe('high and hd keep 2 beams, xhigh and max 4.'),
  response_format: z.enum(['url', 'b64_json']).optional().describe('url: permanent, as the code is in the address.'),
  output_format: z.enum(['png', 'jpeg', 'webp']).default('png'),
  output_compression: z.int().min(0).max(100).default(100),
  background: z.enum(['auto', 'opaque', 'transparent']).default('auto').describe('transparent cannot be had.'),
  stream: z.boolean().default(false).describe('Server-sent events, with pictures of real levels on the way.'),
  partial_images: z.int().min(0).max(3).default(0),
  user: z.string().max(1000).optional().describe('Left aside.'),
  seed: z
    .int()
    .min(0)
    .max(Number.MAX_SAFE_INTEGER)
    .optional()
    .describe('Of Kandid: the same gives the same. Left out: another each time; the answer tells it.'),
};

export const generationBody = z.strictObject({
  ...common,
  moderation: z.enum(['auto', 'low']).optional().describe('Left aside.'),
  style: z.enum(['vivid', 'natural']).optional().describe('Left aside.'),
});

export const editBody = z.strictObject({
  ...common,
  image: z.array(picture('A picture.')).min(1).max(16).describe('The first is edited, further ones lend their look.'),
  mask: z.array(picture('The mask.')).max(1, 'expected one mask').optional().describe('Transparent: repainted.'),
  whole: z
    .boolean()
    .default(true)
    .describe(
      'Of Kandid: what is repainted is put back into the picture, which keeps its size and shape (size: auto) or fits into what is asked for. false: the square that the model draws of its middle.',
    ),
  input_fidelity: z.enum(['high', 'low']).optional().describe('How much of a picture without a mask is kept.'),
});

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

/** Fields that are lists on the wire as `name` (once or again) and `name[]`. */
const LISTS = ['image', 'mask'];

/** A form as a body: lists gathered, and texts that stand for numbers and booleans as these. */
export function fromForm(parts: readonly { readonly name: string; readonly value: string | Uint8Array }[]) {
  const body: Record<string, unknown> = {};
  for (const { name: given, value } of parts) {
    const name = given.replace(/\[\]$/, '');
    if (!LISTS.includes(name)) body[name] = typeof value === 'string' ? plainValue(given, value) : value;
    else body[name] = [...((body[name] as unknown[] | undefined) ?? []), value];
  }
  return withoutNulls(body);
}

/** Of the fields that are no texts. */
function plainValue(name: string, text: string): unknown {
  if (text === 'null' && name !== 'prompt' && name !== 'user') return null;
  if (['stream', 'whole'].includes(name) && (text === 'true' || text === 'false')) return text === 'true';
  const isNumber = ['n', 'output_compression', 'partial_images', 'seed'].includes(name) && /^\d{1,16}$/.test(text);
  return isNumber ? Number(text) : text;
}

/** null means left out, but where a text must stand. */
export function withoutNulls(body: unknown): unknown {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) return body;
  return Object.fromEntries(
    Object.entries(body).filter(([name, value]) => value !== null || name === 'prompt' || name === 'user'),
  );
}
