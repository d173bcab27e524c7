/** Requests on whole pictures, whose cost depends on the picture's size; only its header is read. */
import { pictureBytes } from '../../contract/fields.ts';
import { squareSide, WHOLE_GUIDES, type WholeGuide } from '../../contract/whole.ts';
import type { PlaneSize } from '../../kit/resample.ts';
import { pictureSize } from '../../pictures/codec.ts';
import { tilesAtMost, windowsAtMost } from '../../pictures/windows.ts';
import type { Edit, Work } from '../../worker/messages.ts';

type Generate = Extract<Work, { kind: 'generate' }>;

interface WholePicture {
  readonly guide: WholeGuide;
  readonly bytes: Uint8Array;
}

/**
 * Adds the size of the whole picture that the work operates on.
 *
 * @param most largest number of pixels of such a picture
 * @throws {KandidError} picture_unreadable, picture_too_large
 */
export async function withWholeSize(work: Work, most: number): Promise<Work> {
  if (work.kind !== 'generate' || work.wholeSize) return work;
  const wholeSize = work.edit ? await editSize(work.edit, most) : await sizeOf(wholePicture(work)?.bytes, most);
  return wholeSize ? { ...work, wholeSize } : work;
}

/**
 * Picture size of an edit; undefined if it does not edit a whole picture. @throws {KandidError} picture_unreadable,
 * picture_too_large
 */
export async function wholeSizeOf({ image, mask, whole }: Edit, most: number): Promise<PlaneSize | undefined> {
  return whole && mask ? await sizeOf(image, most) : undefined;
}

/**
 * An edit without a mask is of a whole picture if that has transparent parts and is small enough: the worker checks the
 * transparency.
 */
async function editSize(edit: Edit, most: number): Promise<PlaneSize | undefined> {
  if (!edit.whole || edit.mask) return await wholeSizeOf(edit, most);
  const { width, height } = await pictureSize(edit.image, { name: 'The picture' });
  return width * height > most ? undefined : { width, height };
}

async function sizeOf(bytes: Uint8Array | undefined, most: number): Promise<PlaneSize | undefined> {
  if (!bytes) return undefined;
  const { width, height } = await pictureSize(bytes, { name: 'The picture', limitPixels: most });
  return { width, height };
}

function wholePicture({ request, edit }: Generate): WholePicture | null {
  if (edit) return edit.whole ? { guide: 'inpaint', bytes: edit.image } : null;
  if (!request.whole) return null;
  for (const { name, params } of request.guides ?? []) {
    const guide = WHOLE_GUIDES.find((one) => one === name);
    const image = params?.image;
    const bytes = typeof image === 'string' ? pictureBytes(image) : image;
    if (guide && bytes instanceof Uint8Array) return { guide, bytes };
  }
  return null;
}

export interface WholeCost {
  /** Largest number of squares per result. */
  readonly squares: number;
  /** Size of each finished picture, in pixels. */
  readonly width: number;
  readonly height: number;
}

/**
 * The cost factors of a whole picture; null for other work. @param modelSide side of the model's pictures, in pixels
 */
export function wholeCost(work: Work, modelSide: number): WholeCost | null {
  if (work.kind !== 'generate' || !work.wholeSize || modelSide === 0) return null;
  const { wholeSize: size, request } = work;
  const guide = wholePicture(work)?.guide ?? 'inpaint';
  const shorter = Math.min(size.width, size.height);
  const side = Math.min(shorter, squareSide({ guide, size, modelSide, window: request.whole?.window }));
  if (guide === 'inpaint') return { squares: windowsAtMost(size, side), ...size };
  const scale = modelSide / side;
  const squares = tilesAtMost(size, side);
  return { squares, width: Math.ceil(size.width * scale), height: Math.ceil(size.height * scale) };
}
