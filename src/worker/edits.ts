/** Converts an edit to a guide: transparent parts are repainted; without any, the picture becomes the target. */
import { KandidError } from '../errors.ts';
import { type DecodeOptions, decodePicture, pictureSize } from '../pictures/codec.ts';
import type { Edit, Work } from './messages.ts';

type Limits = Pick<DecodeOptions, 'inTurn'> & { readonly limitPixels?: number | undefined };
type Guide = NonNullable<Extract<Work, { kind: 'generate' }>['request']['guides']>[number];

/** Side in pixels of the small copy in which transparency is looked for. */
const GLANCE = 64;
const OPAQUE = 0.99;

/**
 * Replaces the edit of some work with its first guide.
 *
 * @throws {KandidError} picture_*, params_invalid (the mask has another size)
 */
export async function withEditGuide(work: Work, limits: Limits): Promise<Work> {
  if (work.kind !== 'generate' || !work.edit) return work;
  const { edit, request, ...rest } = work;
  const guide = await guideOf(edit, limits);
  const isWhole = edit.whole && guide.name === 'inpaint';
  const guides = [guide, ...(request.guides ?? [])];
  return { ...rest, request: { ...request, guides, ...(isWhole ? { whole: {} } : {}) } };
}

async function guideOf({ image, mask, weight }: Edit, limits: Limits): Promise<Guide> {
  const options = { ...(limits.limitPixels === undefined ? {} : { limitPixels: limits.limitPixels }) };
  const expected = await pictureSize(image, { ...options, name: 'image' });
  if (mask) {
    const is = await pictureSize(mask, { ...options, name: 'mask' });
    if (is.width !== expected.width || is.height !== expected.height)
      throw new KandidError('params_invalid', {
        subject: 'The body',
        field: 'mask',
        openai: 'invalid_mask',
        problem: `it is ${is.width}x${is.height}, expected the size of the image, ${expected.width}x${expected.height}`,
      });
    return { name: 'inpaint', params: { image, mask } };
  }
  const turn = limits.inTurn ? { inTurn: limits.inTurn } : {};
  const { data, width, height } = await decodePicture(image, {
    channels: 4,
    maxSide: GLANCE,
    name: 'image',
    ...options,
    ...turn,
  });
  const hasHoles = data.subarray(3 * width * height).some((alpha) => alpha < OPAQUE);
  return hasHoles ? { name: 'inpaint', params: { image } } : { name: 'target', weight, params: { image } };
}
