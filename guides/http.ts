/** Scores from a web service: candidates are posted as JSON, the response holds the scores. Schema: README.md. */
import { z } from 'zod';
import { type Candidates, defineGuide, GuideProblem, type LevelInfo } from '../src/guide.ts';
import { allowUrl } from '../src/kit/allowed-hosts.ts';
import { shortlistParams, shortlistPreferences } from './lib/params.ts';
import { openService } from './lib/post.ts';

/** Version of the request's schema; raised when a service would have to change. */
const PROTOCOL = 1;

const params = z.strictObject({
  url: z
    .string()
    .min(1)
    .max(2048)
    .describe('URL of the service, http or https; the operator must have allowed its host.'),
  format: z
    .enum(['png', 'float32'])
    .default('png')
    .describe('png: a contact sheet, a row per descent and a column per candidate. float32: raw values.'),
  data: z.record(z.string(), z.json()).default({}).describe('Any JSON object; passed to the service unchanged.'),
  timeoutSeconds: z
    .number()
    .positive()
    .max(600)
    .default(10)
    .describe('Time limit of one request to the service, in seconds.'),
  ...shortlistParams({ fromSide: 8, shortlist: 16, refine: 8 }),
});

const answer = z.object({ scores: z.union([z.array(z.number()), z.array(z.array(z.number()))]) });

/** The candidates as one picture: row = descent, column = candidate, each `side` pixels; PNG, 8 bits. */
async function contactSheet({ data, batch, count, channels, side }: Candidates): Promise<Buffer> {
  const width = count * side;
  const pixels = Buffer.alloc(batch * side * width * channels);
  for (let n = 0; n < batch * count; n++) {
    const left = (n % count) * side;
    const top = Math.floor(n / count) * side;
    for (let channel = 0; channel < channels; channel++) {
      const from = (n * channels + channel) * side * side;
      for (let p = 0; p < side * side; p++) {
        const row = top + Math.floor(p / side);
        const value = Math.round(((data[from + p] as number) + 1) * 127.5);
        pixels[(row * width + left + (p % side)) * channels + channel] = Math.min(255, Math.max(0, value));
      }
    }
  }
  const { default: sharp } = await import('sharp'); // loaded lazily: other guides do not need it
  return sharp(pixels, { raw: { width, height: batch * side, channels: channels as 1 | 3 } })
    .png({ compressionLevel: 3 })
    .toBuffer();
}

async function question(
  candidates: Candidates,
  level: LevelInfo,
  { format, data }: z.output<typeof params>,
): Promise<string> {
  const { batch, count, channels, side } = candidates;
  const values = candidates.data;
  const bytes =
    format === 'png'
      ? await contactSheet(candidates)
      : Buffer.from(values.buffer, values.byteOffset, values.byteLength);
  return JSON.stringify({
    kandid: PROTOCOL,
    format,
    batch,
    count,
    channels,
    side,
    level,
    data,
    candidates: bytes.toString('base64'),
  });
}

function scoresOf(reply: unknown, expected: number): Float32Array {
  const parsed = answer.safeParse(reply);
  if (!parsed.success)
    throw new GuideProblem(
      'the service answered something else than {"scores": [...]} with numbers only: fix the service',
    );
  const scores = Float32Array.from(parsed.data.scores.flat());
  if (scores.length !== expected)
    throw new GuideProblem(
      `the service answered ${scores.length} scores, expected ${expected}, one per candidate, descent by descent: fix the service`,
    );
  if (!scores.every(Number.isFinite))
    throw new GuideProblem('the service answered a score that is no finite 32-bit number: fix the service');
  return scores;
}

export default defineGuide({
  name: 'http',
  description: 'Scores from your own web service: candidates are posted to it, the response holds the scores.',
  params,
  recorded: ['format', 'timeoutSeconds', 'fromSide', 'toSide', 'shortlist', 'refine'],
  create(options, context) {
    const allowed = allowUrl(options.url, context.allowedHosts);
    const service = openService(allowed, Math.min(options.timeoutSeconds, context.timeoutSeconds));
    return {
      prefers: shortlistPreferences(options),
      async score(candidates, level, signal) {
        const reply = await service.ask(await question(candidates, level, options), signal);
        return scoresOf(reply, candidates.batch * candidates.count);
      },
      dispose: () => service.close(),
    };
  },
});
