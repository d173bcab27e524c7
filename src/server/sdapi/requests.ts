/** Translates requests of Automatic1111's web API. */
import { KandidError } from '../../errors.ts';
import { pictureSize } from '../../pictures/codec.ts';
import type { Work } from '../../worker/messages.ts';
import type { RawCall } from '../http/route.ts';
import { modelOf } from '../models.ts';
import { shortened } from '../openai/prompts.ts';
import { generationAt } from '../routes/generate.ts';
import { type Common, type Img2Img, MAX_SIDE, seedOf, USED_FIELDS } from './schemas.ts';

type Caller = Pick<RawCall, 'services'>;
type Generation = Extract<Work, { kind: 'generate' }>;

/** A translated request, with notes for the response. */
export interface TranslatedRequest {
  readonly work: Generation;
  readonly model: string;
  readonly hash: string;
  /** Parameters without a meaning here. */
  readonly ignored: readonly string[];
  readonly notes: readonly string[];
}

const PREVIEWS = { format: 'png', quality: 80, images: 1, perSecond: 2 } as const;
/** Weight of a picture kept in full, relative to 1 for the prompt; at the usual strength, 0.75, it is 0.5. */
const KEPT = 2;

/** Context of a translation. */
export interface Translation {
  /** Model in the client's options. */
  readonly chosen: string | undefined;
  /** The same body, if it changes a picture. */
  readonly edit: Img2Img | null;
}

/** @throws {KandidError} params_invalid, model_unknown, not_ready, picture_* */
export async function translateRequest(
  body: Common,
  { chosen, edit }: Translation,
  call: Caller,
): Promise<TranslatedRequest> {
  const title = body.override_settings?.sd_model_checkpoint;
  const model = modelOf(call.services, title ? titled(title) : chosen);
  const [prompt, negative] = [shortened(body.prompt), shortened(body.negative_prompt, 'negative prompt')];
  const side = edit?.mask ? await longerSide(edit, body) : Math.min(body.width, body.height, MAX_SIDE);
  const wanted = { model: model.name, count: countOf(body), seed: seedOf(body), size: side };
  const work = edit ? changed(edit, wanted, prompt.prompt, call) : generated(wanted, prompt.prompt, call);
  const isAlone = negative.prompt !== '' && prompt.prompt === '';
  return {
    work: { ...withNegative(work, negative.prompt), previews: { ...PREVIEWS, size: side } },
    model: model.name,
    hash: model.hash,
    ignored: ignoredIn(body, edit),
    notes: [
      ...prompt.notes,
      ...negative.notes,
      ...(isAlone ? ['The negative prompt needs a prompt beside it; it was left out.'] : []),
    ],
  };
}

/** Longer side of a repainted picture, which keeps its shape: as large as fits into the requested size. */
async function longerSide({ init_images }: Img2Img, { width, height }: Common): Promise<number> {
  const own = await pictureSize(init_images[0] as Uint8Array, { name: 'init_images.0' });
  const scale = Math.min(width / own.width, height / own.height);
  return Math.max(1, Math.min(MAX_SIDE, Math.round(Math.max(own.width, own.height) * scale)));
}

/** The name in a model's title, which `sd-models` writes as `name [hash]`. */
export function titled(title: string): string {
  return title.replace(/ \[[0-9a-f]+\]$/, '');
}

type Wanted = Readonly<Record<'model' | 'count' | 'seed' | 'size', unknown>>;

function textOf(prompt: string) {
  return prompt === '' ? [] : [{ name: 'text', params: { prompt } }];
}

function generated(wanted: Wanted, prompt: string, call: Caller): Generation {
  return generationAt('/v1/generate', { ...wanted, guides: textOf(prompt) }, call);
}

function changed(body: Img2Img, wanted: Wanted, prompt: string, call: Caller): Generation {
  const [image] = body.init_images as [Uint8Array];
  const { mask, denoising_strength: strength } = body;
  if (mask) {
    const invert = Boolean(body.inpainting_mask_invert);
    const words = prompt === '' ? {} : { prompt };
    const feather = body.mask_blur ?? undefined;
    return generationAt('/v1/inpaint', { ...wanted, image, mask, invert, feather, ...words }, call);
  }
  const target = { name: 'target', weight: KEPT * (1 - strength), params: { image } };
  return generationAt('/v1/generate', { ...wanted, guides: [target, ...textOf(prompt)] }, call);
}

function withNegative(work: Generation, negative: string): Generation {
  if (negative === '') return work;
  const guides = (work.request.guides ?? []).map((guide) =>
    guide.name === 'text' ? { ...guide, params: { ...guide.params, negative } } : guide,
  );
  return { ...work, request: { ...work.request, guides } };
}

function countOf({ batch_size, n_iter }: Common): number {
  const count = batch_size * n_iter;
  if (count <= 256) return count;
  const problem = `with n_iter it makes ${count} pictures; expected at most 256`;
  throw new KandidError('params_invalid', { subject: 'The body', field: 'batch_size', problem });
}

/** Ignored fields that have a non-empty value. */
function ignoredIn(body: Common, edit: Img2Img | null): string[] {
  const isEmpty = (value: unknown) =>
    value === null || value === '' || value === false || (typeof value === 'object' && Object.keys(value).length === 0);
  const heeded = edit ? USED_FIELDS.edit : USED_FIELDS.generation;
  const fields = Object.entries(body).filter(([name, value]) => !heeded.has(name) && !isEmpty(value));
  const overridden = Object.keys(body.override_settings ?? {}).filter((name) => name !== 'sd_model_checkpoint');
  const further = edit && edit.init_images.length > 1 ? ['init_images after the first'] : [];
  return [...fields.map(([name]) => name), ...overridden.map((name) => `override_settings.${name}`), ...further];
}
