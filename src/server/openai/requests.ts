/** Translates requests of OpenAI's Images API. */
import { createHash, randomInt } from 'node:crypto';
import type { GenerateRequest } from '../../contract/requests.ts';
import type { PlaneSize } from '../../kit/resample.ts';
import { fittedSize } from '../../pictures/codec.ts';
import type { Animation, ModelSummary, Output, Work } from '../../worker/messages.ts';
import type { RawCall } from '../http/route.ts';
import { aliasedModelOf } from '../models.ts';
import { shortened } from './prompts.ts';
import type { Common } from './schemas.ts';
import { tellingOf } from './telling.ts';

/** A request, and what its answer says of it. */
export interface Terms {
  readonly model: ModelSummary;
  readonly work: Extract<Work, { kind: 'generate' }>;
  readonly asUrls: boolean;
  readonly count: number;
  /** Said back in answers and events. */
  readonly echo: {
    readonly background: 'opaque';
    readonly output_format: Common['output_format'];
    readonly quality: 'low' | 'medium' | 'high' | 'xhigh' | 'max';
    readonly size: string;
  };
  readonly headers: Readonly<Record<string, string>>;
  /** What the answer tells beside what guides say. */
  readonly notes: readonly string[];
}

type Guides = NonNullable<GenerateRequest['guides']>;

/** What a request says in our words. */
export interface Wish {
  readonly guides: Guides;
  readonly notes?: readonly string[];
  /** Of the picture that is edited whole: results have its shape. */
  readonly wholeSize?: PlaneSize | undefined;
}

const SEEDS = 2 ** 32;
const LARGEST_SIDE = 2048;
const PREVIEW_QUALITY = 85;
/** Descents for each picture, of which the best is kept; others have what was measured as best. */
const PARTICLES: Readonly<Record<string, number>> = { low: 1, high: 3, hd: 3, xhigh: 6, max: 6 };
const QUALITIES: Readonly<Record<Common['quality'], Terms['echo']['quality']>> = {
  auto: 'medium',
  low: 'low',
  medium: 'medium',
  standard: 'medium',
  high: 'high',
  hd: 'high',
  xhigh: 'xhigh',
  max: 'max',
};
/** Where an animation is asked for and no more is said. */
const USUAL_FRAMES = 9;
const USUAL_FRAME_MS = 200;

/** The guide of the words of a request, as far as they are read. */
export function wordsOf({ prompt: words, negative_prompt }: Pick<Common, 'prompt' | 'negative_prompt'>): {
  guides: Guides;
  notes: readonly string[];
} {
  const { prompt, notes } = shortened(words);
  if (!negative_prompt) return { guides: [{ name: 'text', params: { prompt } }], notes };
  const negative = shortened(negative_prompt, 'negative prompt');
  const params = { prompt, negative: negative.prompt };
  return { guides: [{ name: 'text', params }], notes: [...notes, ...negative.notes] };
}

/** @throws {KandidError} model_unknown, params_invalid, not_ready */
export function termsOf(call: RawCall, body: Common, { guides, notes = [], wholeSize }: Wish): Terms {
  const { services } = call;
  const model = aliasedModelOf(services, body.model);
  const own = wholeSize ?? { width: model.side, height: model.side };
  const made = sizeWithin(body.size, own);
  const size = `${made.width}x${made.height}`;
  const isResized = made.width !== own.width || made.height !== own.height;
  const { n: count, output_format: format, seed = freshSeed(call) } = body;
  const output = outputOf(body, isResized ? Math.max(made.width, made.height) : undefined);
  const isStrict = services.settings.openaiRequests === 'strict';
  const telling = tellingOf(body, {
    size,
    isStrict,
    isAnimated: output.animation !== undefined,
    isWhole: wholeSize !== undefined,
  });
  const work: Terms['work'] = {
    kind: 'generate',
    request: { model: model.name, guides, count, seed, sampler: { particles: PARTICLES[body.quality] } },
    output,
    ...previewsOf(body, model, { ...output, size: Math.max(made.width, made.height) }),
  };
  return {
    model,
    work,
    count,
    notes: [...notes, ...telling.notes],
    asUrls: (body.response_format ?? (/^dall-e/.test(body.model ?? '') ? 'url' : 'b64_json')) === 'url',
    echo: { background: 'opaque', output_format: format, quality: QUALITIES[body.quality], size },
    headers: {
      'x-kandid-model': model.name,
      'x-kandid-size': size,
      ...(isResized ? { 'x-kandid-resized': `lanczos3 from ${own.width}x${own.height}` } : {}),
      ...telling.headers,
    },
  };
}

function outputOf(body: Common, size: number | undefined): Output {
  const { output_format: format, output_compression = 100 } = body;
  const quality = format === 'png' || format === 'gif' ? undefined : Math.max(1, output_compression);
  const animation = animationOf(body);
  return { format, quality, size, ...(animation ? { animation } : {}) };
}

function animationOf({ output_format: format, frame_count, frame_duration_ms }: Common): Animation | null {
  const isAnimated = format === 'gif' || (format === 'webp' && frame_count !== undefined);
  if (!isAnimated) return null;
  const frameMs = Math.round((frame_duration_ms ?? USUAL_FRAME_MS) / 10) * 10;
  return { frames: frame_count ?? USUAL_FRAMES, frameMs };
}

function previewsOf(
  { stream, partial_images = 0 }: Common,
  model: ModelSummary,
  output: Output,
): Pick<Terms['work'], 'previews'> {
  if (!stream || partial_images === 0) return {};
  const { format, quality = PREVIEW_QUALITY, size = model.side } = output;
  const levels = partialLevels(model.levels.length, partial_images);
  return { previews: { format, quality, size, images: 1, perSecond: 1000, levels } };
}

/** Another for each request, as their clients expect; the same for a request that is sent again under its key. */
function freshSeed({ request, client }: RawCall): number {
  const key = request.headers['idempotency-key'];
  if (key === undefined) return randomInt(SEEDS);
  return createHash('sha256')
    .update(JSON.stringify([client.name, key]))
    .digest()
    .readUInt32BE();
}

/** The largest picture of a shape that fits into what is asked for, in pixels. */
function sizeWithin(size: string, own: PlaneSize): PlaneSize {
  if (size === 'auto') return own;
  const [width = 0, height = 0] = size.split('x').map(Number);
  const scale = Math.min(width / own.width, height / own.height, LARGEST_SIDE / Math.max(own.width, own.height));
  return fittedSize(own, Math.max(1, Math.round(scale * Math.max(own.width, own.height))));
}

/** So many levels before the last, spread evenly; those there are, where they are fewer. */
export function partialLevels(levels: number, count: number): number[] {
  const at = Array.from({ length: count }, (_, i) => Math.floor(((i + 1) * levels) / (count + 1)) - 1);
  return [...new Set(at.map((level) => Math.max(0, level)))].filter((level) => level < levels - 1);
}
