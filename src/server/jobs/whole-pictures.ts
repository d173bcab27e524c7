/** Requests on whole pictures, as far as their costs depend on the picture's size: it is read from the header alone. */
import { pictureBytes } from '../../contract/fields.ts';
import { squareSide, WHOLE_GUIDES, type WholeGuide } from '../../contract/whole.ts';
import { pictureSize } from '../../pictures/codec.ts';
import { tilesAtMost, windowsAtMost } from '../../pictures/windows.ts';
import type { Work } from '../../worker/messages.ts';

type Generate = Extract<Work, { kind: 'generate' }>;

interface WholePicture {
  readonly guide: WholeGuide;
  readonly bytes: Uint8Array;
}

/**
 * Work with the size of the picture that it works on whole.
 *
 * @param most pixels of such a picture
 * @throws {KandidError} picture_unreadable, picture_too_large
 */
export async function measured<Of extends Work>(work: Of, most: number): Promise<Of> {
  if (work.kind !== 'generate' || work.wholeSize) return work;
  const found = wholePicture(work);
  if (!found) return work;
  // An edit without a mask is a whole picture only where it has holes: its worker looks.
  const isSure = !work.edit || work.edit.mask !== undefined;
  const limits = isSure ? { limitPixels: most } : {};
  const { width, height } = await pictureSize(found.bytes, { name: 'The picture', ...limits });
  return width * height > most ? work : { ...work, wholeSize: { width, height } };
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
  /** Squares that each result takes at most. */
  readonly squares: number;
  /** Of each finished picture, in pixels. */
  readonly width: number;
  readonly height: number;
}

/** What a whole picture comes to; null for any other work. @param modelSide of the model's pictures */
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
