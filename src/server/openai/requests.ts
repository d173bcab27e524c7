/** Translates requests of OpenAI's Images API. */
import { createHash, randomInt } from 'node:crypto';
import type { GenerateRequest } from '../../contract/requests.ts';
import type { PlaneSize } from '../../kit/resample.ts';
import { fittedSize } from '../../pictures/codec.ts';
import type { Animation, ModelSummary, Output, Work } from '../../worker/messages.ts';
import type { RawCall } from '../http/route.ts';
import { aliasedModelOf } from '../models.ts';
import { shortened } from './prompts.ts';
import { responseNotesOf } from './response-notes.ts';
import type { Common } from './schemas.ts';

/** A translated request, with what its response repeats. */
export interface TranslatedRequest {
  readonly model: ModelSummary;
  readonly work: Extract<Work, { kind: 'generate' }>;
  readonly asUrls: boolean;
  readonly count: number;
  /** Settings repeated in responses and events. */
  readonly echo: {
    readonly background: 'opaque';
    readonly output_format: Common['output_format'];
    readonly quality: 'low' | 'medium' | 'high' | 'xhigh' | 'max';
    readonly size: string;
  };
  readonly headers: Readonly<Record<string, string>>;
  /** Notes of the response, in addition to those of guides. */
  readonly notes: readonly string[];
}

type Guides = NonNullable<GenerateRequest['guides']>;

/** The operation-specific part of a request. */
export interface RequestInput {
  readonly guides: Guides;
  readonly notes?: readonly string[];
  /** Size of the picture that is edited whole: results have its shape. */
  readonly wholeSize?: PlaneSize | undefined;
}

const SEEDS = 2 ** 32;
const LARGEST_SIDE = 2048;
const PREVIEW_QUALITY = 85;
/** Descents per picture, of which the best is kept; other qualities use the default of the guide. */
const PARTICLES: Readonly<Record<string, number>> = { low: 1, high: 3, hd: 3, xhigh: 6, max: 6 };
const QUALITIES: Readonly<Record<Common['quality'], TranslatedRequest['echo']['quality']>> = {
  auto: 'medium',
  low: 'low',
  medium: 'medium',
  standard: 'medium',
  high: 'high',
  hd: 'high',
  xhigh: 'xhigh',
  max: 'max',
};
/** Defaults of animations. */
const USUAL_FRAMES = 9;
const USUAL_FRAME_MS = 200;

/** The text guide of a request, with prompts shortened to what the model reads. */
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
export function translateRequest(
  call: RawCall,
  body: Common,
  { guides, notes = [], wholeSize }: RequestInput,
): TranslatedRequest {
  const { services } = call;
  const model = aliasedModelOf(services, body.model);
  const own = wholeSize ?? { width: model.side, height: model.side };
  const actual = sizeWithin(body.size, own);
  const size = `${actual.width}x${actual.height}`;
  const isResized = actual.width !== own.width || actual.height !== own.height;
  const { n: count, output_format: format, seed = freshSeed(call) } = body;
  const output = outputOf(body, isResized ? Math.max(actual.width, actual.height) : undefined);
  const isStrict = services.settings.openaiRequests === 'strict';
  const responseNotes = responseNotesOf(body, {
    size,
    isStrict,
    isAnimated: output.animation !== undefined,
    isWhole: wholeSize !== undefined,
  });
  const work: TranslatedRequest['work'] = {
    kind: 'generate',
    request: { model: model.name, guides, count, seed, sampler: { particles: PARTICLES[body.quality] } },
    output,
    ...previewsOf(body, model, { ...output, size: Math.max(actual.width, actual.height) }),
  };
  return {
    model,
    work,
    count,
    notes: [...notes, ...responseNotes.notes],
    asUrls: (body.response_format ?? (/^dall-e/.test(body.model ?? '') ? 'url' : 'b64_json')) === 'url',
    echo: { background: 'opaque', output_format: format, quality: QUALITIES[body.quality], size },
    headers: {
      'x-kandid-model': model.name,
      'x-kandid-size': size,
      ...(isResized ? { 'x-kandid-resized': `lanczos3 from ${own.width}x${own.height}` } : {}),
      ...responseNotes.headers,
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
): Pick<TranslatedRequest['work'], 'previews'> {
  if (!stream || partial_images === 0) return {};
  const { format, quality = PREVIEW_QUALITY, size = model.side } = output;
  const levels = partialLevels(model.levels.length, partial_images);
  return { previews: { format, quality, size, images: 1, perSecond: 1000, levels } };
}

/** A new seed for each request, as OpenAI clients expect; the same for a retry with the same idempotency key. */
function freshSeed({ request, client }: RawCall): number {
  const key = request.headers['idempotency-key'];
  if (key === undefined) return randomInt(SEEDS);
  return createHash('sha256')
    .update(JSON.stringify([client.name, key]))
    .digest()
    .readUInt32BE();
}

/** The largest size of the same shape that fits into the requested size, in pixels. */
function sizeWithin(size: string, own: PlaneSize): PlaneSize {
  if (size === 'auto') return own;
  const [width = 0, height = 0] = size.split('x').map(Number);
  const scale = Math.min(width / own.width, height / own.height, LARGEST_SIDE / Math.max(own.width, own.height));
  return fittedSize(own, Math.max(1, Math.round(scale * Math.max(own.width, own.height))));
}

/** Up to `count` levels before the last, evenly spread; fewer if the model has fewer. */
export function partialLevels(levels: number, count: number): number[] {
  const at = Array.from({ length: count }, (_, i) => Math.floor(((i + 1) * levels) / (count + 1)) - 1);
  return [...new Set(at.map((level) => Math.max(0, level)))].filter((level) => level < levels - 1);
}
