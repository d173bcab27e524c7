/** Translates requests of OpenAI's Images API. */
import { createHash, randomInt } from 'node:crypto';
import type { z } from 'zod';
import type { GenerateRequest } from '../../contract/requests.ts';
import { KandidError } from '../../errors.ts';
import type { ModelSummary, Output, Work } from '../../worker/messages.ts';
import type { RawCall } from '../http/route.ts';
import { modelOf } from '../models.ts';
import type { generationBody } from './schemas.ts';

export type Common = Omit<z.output<typeof generationBody>, 'moderation' | 'style'>;

/** A request, and what its answer says of it. */
export interface Terms {
  readonly model: ModelSummary;
  readonly work: Extract<Work, { kind: 'generate' }>;
  readonly asUrls: boolean;
  readonly count: number;
  /** Said back in answers and events. */
  readonly echo: {
    readonly background: 'opaque';
    readonly output_format: 'png' | 'jpeg' | 'webp';
    readonly quality: 'low' | 'medium' | 'high';
    readonly size: string;
  };
  readonly headers: Readonly<Record<string, string>>;
  /** What the answer tells beside what guides say. */
  readonly notes: readonly string[];
}

/** What a request says in our words. */
export interface Wish {
  readonly guides: NonNullable<GenerateRequest['guides']>;
  readonly notes?: readonly string[];
}

const SEEDS = 2 ** 32;
const LARGEST_SIDE = 2048;
const LARGEST_ASKED = 4096;
const PREVIEW_QUALITY = 85;
const BEAMS: Readonly<Record<string, number>> = { high: 2, hd: 2, xhigh: 4, max: 4 };

/** @throws {KandidError} model_unknown, params_invalid, not_ready */
export function termsOf(call: RawCall, body: Common, { guides, notes = [] }: Wish): Terms {
  const { services } = call;
  const { settings } = services;
  const alias = body.model !== undefined && Object.hasOwn(settings.aliases, body.model);
  const name = alias ? settings.aliases[body.model as string] || undefined : body.model;
  const model = modelOf(services, name);
  if (body.background === 'transparent')
    throw refused('background', 'pictures here are opaque; expected auto or opaque', 'invalid_value');
  const side = sideOf(body.size, model.side);
  const { n: count, output_format: format, partial_images: partials, seed = freshSeed(call) } = body;
  const quality = format === 'png' ? undefined : Math.max(1, body.output_compression);
  const size = side === model.side ? undefined : side;
  const output: Output = { format, quality, size };
  const work: Terms['work'] = {
    kind: 'generate',
    request: { model: model.name, guides, count, seed, sampler: { beams: BEAMS[body.quality] ?? 1 } },
    output,
    ...(body.stream && partials > 0
      ? {
          previews: {
            format,
            quality: quality ?? PREVIEW_QUALITY,
            size: side,
            images: 1,
            perSecond: 1000,
            levels: spread(model.levels.length, partials),
          },
        }
      : {}),
  };
  return {
    model,
    work,
    count,
    notes,
    asUrls: (body.response_format ?? (/^dall-e/.test(body.model ?? '') ? 'url' : 'b64_json')) === 'url',
    echo: { background: 'opaque', output_format: format, quality: qualityOf(body.quality), size: `${side}x${side}` },
    headers: {
      'x-kandid-model': model.name,
      'x-kandid-size': `${side}x${side}`,
      ...(size === undefined ? {} : { 'x-kandid-resized': `lanczos3 from ${model.side}x${model.side}` }),
    },
  };
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

function refused(field: string, problem: string, code: string): KandidError {
  return new KandidError('params_invalid', { subject: 'The body', field, problem, openai: code });
}

/** The square nearest to what is asked for, in pixels. */
function sideOf(size: string, own: number): number {
  if (size === 'auto') return own;
  const [width = 0, height = 0] = size.split('x').map(Number);
  if (Math.max(width, height) <= LARGEST_ASKED) return Math.min(width, height, LARGEST_SIDE);
  throw refused(
    'size',
    `"${size}" is too large; expected auto, or sides of at most ${LARGEST_ASKED} pixels, as ${own}x${own} or 1024x1024`,
    'invalid_size',
  );
}

function qualityOf(quality: Common['quality']): 'low' | 'medium' | 'high' {
  if (quality === 'low') return 'low';
  return quality in BEAMS ? 'high' : 'medium';
}

/** So many levels before the last, spread evenly. */
function spread(levels: number, count: number): number[] {
  const at = Array.from({ length: count }, (_, i) => Math.floor(((i + 1) * levels) / (count + 1)) - 1);
  return [...new Set(at.map((level) => Math.max(0, level)))].filter((level) => level < levels - 1);
}
