/** Schemas of the responses of the native routes. */
import { z } from 'zod';
import { type DeepReadonly, endFields, fileFields, questionFields, whole, windowsField } from './events.ts';

export const problem = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    detail: z.string().describe('What was wrong, what was expected and what to do.'),
    instance: z.string(),
    code: z.string().describe('Stable code from the error table.'),
    details: z.record(z.string(), z.unknown()),
  })
  .describe('A problem document (RFC 9457).');

export const picture = z.object({
  code: z.array(whole).describe('The choices; for a cancelled request, of the levels chosen so far.'),
  codeString: z.string().nullable().describe('null if the code is incomplete.'),
  url: z.string().nullable().describe('Permalink; null if the picture is only in this response, as for animations.'),
  ...fileFields,
  base64: z.string().optional(),
  windows: windowsField.optional(),
  psnr: z
    .number()
    .nullable()
    .optional()
    .describe('For encodings, PSNR against the given picture, in dB; null: identical.'),
});

export const result = z.object({
  job: z.string(),
  state: z.enum(['done', 'cancelled']).describe('cancelled: the best pictures so far.'),
  model: z.string(),
  hash: z.string(),
  images: z.array(picture).describe('For a completed request, sorted by score, best first.'),
  ...endFields,
});

export const candidates = z
  .object({ ...questionFields, ...fileFields, base64: z.string() })
  .describe('A question to the user: a contact sheet in reading order. Answer with PATCH, question and picks.');

export const job = z.object({
  id: z.string(),
  kind: z.string(),
  state: z.enum(['queued', 'running', 'done', 'failed', 'cancelled']),
  created: z.string().describe('ISO 8601.'),
  started: z.string().nullable(),
  finished: z.string().nullable(),
  position: whole.nullable().describe('Number of requests ahead; null if it does not wait.'),
  estimateSeconds: z.number().nullable(),
  attempt: whole,
  events: z.string().describe('Address of its events, as server-sent events.'),
  candidates: candidates.optional().describe('For a single job with an open question to the user.'),
  result: result.optional().describe('For a single job that has ended.'),
  error: problem.optional(),
});

export const jobList = z.object({ jobs: z.array(job), hasMore: z.boolean() });

export const model = z.looseObject({
  name: z.string(),
  title: z.string(),
  description: z.string(),
  hash: z.string().describe('sha256, 64 hexadecimal digits; the first 8 are used in permalinks.'),
  channels: whole,
  side: whole.describe('Side of finished pictures, in pixels.'),
  levels: z.array(z.object({ side: whole, candidates: whole })),
  bits: whole.describe('Length of a code in bits.'),
  condition: z.object({ kind: z.string(), channels: whole }).nullable(),
  textModels: z.array(z.string()).describe('Text models for its pictures, best first; none: words cannot steer it.'),
  hasPrior: z.boolean().describe('Whether it has a prior of which choices are likely: sampler.prior.'),
  licence: z.object({ data: z.string(), weights: z.string(), attribution: z.string() }),
  metrics: z.record(z.string(), z.unknown()),
  isDefault: z.boolean(),
});
export const guide = z.object({
  name: z.string(),
  description: z.string(),
  params: z.record(z.string(), z.unknown()).describe('JSON Schema of its parameters.'),
});
export const words = z.object({
  textModel: z.string().nullable().describe('The text model; null: the model has none, or one that accepts any word.'),
  words: z.array(z.string()).describe('Words it knows; word endings are prefixed with ##.'),
  synonyms: z.record(z.string(), z.string()).describe('Other words with known equivalents.'),
  traits: z.record(z.string(), z.string()).describe('Words for an attribute of a person: crying, crying eyes.'),
  implied: z
    .array(z.object({ words: z.array(z.string()), phrase: z.string(), unless: z.array(z.string()) }))
    .describe('Phrases that a prompt also means where it has one of the words and none of those after "unless".'),
  colorless: z.array(z.string()).describe('Nouns that have no colour of their own in its pictures: eyes.'),
  absences: z.record(z.string(), z.string()).describe('What the absence of a thing looks like: hair, a bald head.'),
  groups: z
    .record(z.string(), z.array(z.string()))
    .describe('Common descriptions, in groups of which a picture shows one each.'),
});
export const joined = z.object({ code: z.array(whole), codeString: z.string(), url: z.string().nullable() });
export const provenance = z.looseObject({ model: z.string(), hash: z.string(), code: z.string().nullable() });
export const health = z.object({ status: z.literal('ok'), version: z.string() });
export const readiness = z.object({
  status: z.enum(['starting', 'ready', 'draining', 'failed']),
  waiting: whole.describe('Requests in the queue.'),
  running: whole,
  workers: z.array(z.object({ device: z.string(), state: z.string(), jobs: whole, restarts: whole })),
});

/** Responses as the client reads them. */
export type ModelAnswer = DeepReadonly<z.output<typeof model>>;
export type WordsAnswer = DeepReadonly<z.output<typeof words>>;
export type GuideAnswer = DeepReadonly<z.output<typeof guide>>;
export type HealthAnswer = DeepReadonly<z.output<typeof readiness>>;
export type CrossAnswer = DeepReadonly<z.output<typeof joined>>;
export type PictureAnswer = DeepReadonly<z.output<typeof picture>>;
export type ResultAnswer = DeepReadonly<z.output<typeof result>>;
export type JobAnswer = DeepReadonly<z.output<typeof job>>;
