/** Schemas of the answers of the native routes. */
import { z } from 'zod';
import { type DeepReadonly, endFields, fileFields, questionFields, whole, windowsField } from './events.ts';

export const problem = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    detail: z.string().describe('What was wrong, what was expected and what to do.'),
    instance: z.string(),
    code: z.string().describe('Stable: of the error table.'),
    details: z.record(z.string(), z.unknown()),
  })
  .describe('A problem document (RFC 9457).');

export const picture = z.object({
  code: z.array(whole).describe('The choices; of a cancelled request, of the levels that were chosen.'),
  codeString: z.string().nullable().describe('null where the code is not whole.'),
  url: z.string().nullable().describe('Permanent address; null where only this answer has it: of animations, say.'),
  ...fileFields,
  base64: z.string().optional(),
  windows: windowsField.optional(),
  psnr: z.number().nullable().optional().describe('Of an encoding, against the picture given, in dB; null: equal.'),
});

export const result = z.object({
  job: z.string(),
  state: z.enum(['done', 'cancelled']).describe('cancelled: the best pictures so far.'),
  model: z.string(),
  hash: z.string(),
  images: z.array(picture).describe('Of a request that is done, the best first by what the guides say of them.'),
  ...endFields,
});

export const candidates = z
  .object({ ...questionFields, ...fileFields, base64: z.string() })
  .describe('A person is asked: a contact sheet in reading order. PATCH with question and picks answers.');

export const job = z.object({
  id: z.string(),
  kind: z.string(),
  state: z.enum(['queued', 'running', 'done', 'failed', 'cancelled']),
  created: z.string().describe('ISO 8601.'),
  started: z.string().nullable(),
  finished: z.string().nullable(),
  position: whole.nullable().describe('Requests that go before; null where it does not wait.'),
  estimateSeconds: z.number().nullable(),
  attempt: whole,
  events: z.string().describe('Where its events come, as server-sent events.'),
  candidates: candidates.optional().describe('Of one job, while a person is asked.'),
  result: result.optional().describe('Of one job that has ended.'),
  error: problem.optional(),
});

export const jobList = z.object({ jobs: z.array(job), hasMore: z.boolean() });

export const model = z.looseObject({
  name: z.string(),
  title: z.string(),
  description: z.string(),
  hash: z.string().describe('sha256, 64 hexadecimal digits; the first 8 stand in permalinks.'),
  channels: whole,
  side: whole.describe('Of finished pictures, in pixels.'),
  levels: z.array(z.object({ side: whole, candidates: whole })),
  bits: whole.describe('Length of a code.'),
  condition: z.object({ kind: z.string(), channels: whole }).nullable(),
  textModels: z
    .array(z.string())
    .describe('Text models that know its pictures, best first; none: words cannot steer it.'),
  hasPrior: z.boolean().describe('Whether it knows which choices are likely: sampler.prior.'),
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
  textModel: z
    .string()
    .nullable()
    .describe('Whose words they are; null: the model has none, or one that takes any word.'),
  words: z.array(z.string()).describe('Words it knows; endings of words after ##.'),
  synonyms: z.record(z.string(), z.string()).describe('Other words, and known ones that mean the same.'),
  traits: z.record(z.string(), z.string()).describe('Words that say what somebody has: crying, crying eyes.'),
  groups: z.record(z.string(), z.array(z.string())).describe('Texts it knows well, of which a picture shows one each.'),
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

/** The answers as clients read them. */
export type ModelAnswer = DeepReadonly<z.output<typeof model>>;
export type WordsAnswer = DeepReadonly<z.output<typeof words>>;
export type GuideAnswer = DeepReadonly<z.output<typeof guide>>;
export type HealthAnswer = DeepReadonly<z.output<typeof readiness>>;
export type CrossAnswer = DeepReadonly<z.output<typeof joined>>;
export type PictureAnswer = DeepReadonly<z.output<typeof picture>>;
export type ResultAnswer = DeepReadonly<z.output<typeof result>>;
export type JobAnswer = DeepReadonly<z.output<typeof job>>;
