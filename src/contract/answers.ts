/** What the native routes answer. */
import { z } from 'zod';

const whole = z.int().min(0);
const milliseconds = z.object({ network: z.number(), guides: z.number(), engine: z.number() });

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
  url: z.string().nullable().describe('Where it can be fetched for ever; null where only this answer has it.'),
  ...{ mime: z.string(), width: whole, height: whole },
  base64: z.string().optional(),
  psnr: z.number().nullable().optional().describe('Of an encoding, against the picture given, in dB; null: equal.'),
});

export const result = z.object({
  job: z.string(),
  state: z.enum(['done', 'cancelled']).describe('cancelled: the best pictures so far.'),
  ...{ model: z.string(), hash: z.string(), seed: whole },
  images: z.array(picture),
  guides: z.array(z.object({ name: z.string(), calls: whole, candidates: whole, ms: z.number() })),
  notes: z.array(z.string()).describe('What guides had to say.'),
  timings: milliseconds.describe('Milliseconds.'),
});

export const candidates = z
  .object({
    ...{ question: whole, image: whole, level: whole, side: whole, text: z.string() },
    ...{ count: whole, columns: whole, gap: whole, seconds: z.number() },
    ...{ mime: z.string(), width: whole, height: whole, base64: z.string() },
  })
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

export const model = z.looseObject({ name: z.string(), hash: z.string(), side: whole, isDefault: z.boolean() });
export const guide = z.object({
  name: z.string(),
  description: z.string(),
  params: z.record(z.string(), z.unknown()).describe('JSON Schema of its parameters.'),
});
export const joined = z.object({ code: z.array(whole), codeString: z.string(), url: z.string().nullable() });
export const provenance = z.looseObject({ model: z.string(), hash: z.string(), code: z.string().nullable() });
export const health = z.looseObject({ status: z.string() });
