/** Repaints part of a picture in squares around the unknown pixels; the rest is unchanged. */
import { squareSide } from '../../contract/whole.ts';
import { KandidError } from '../../errors.ts';
import type { Picture } from '../../guide.ts';
import { keptShares } from '../../kit/mask.ts';
import { type PlaneSize, resample } from '../../kit/resample.ts';
import { encodePicture } from '../../pictures/codec.ts';
import { pictureToPixels, pixelsToPicture } from '../../pictures/pixels.ts';
import {
  blended,
  feathered,
  type Layout,
  marginOf,
  over,
  type Region,
  type Window,
  windowsAround,
  windowsAtMost,
} from '../../pictures/windows.ts';
import { isAlike, refused, type WholeContext, type WholePlan } from './whole-plan.ts';

export interface RepaintParams {
  readonly image: Uint8Array;
  readonly mask?: Uint8Array | undefined;
  readonly invert: boolean;
}

/** Share of a square over which new pixels are blended into the picture. */
const FEATHER = 1 / 32;
/** Unknown shares below this are compression noise of a mask; shares this close to full count as full. */
const NOISE = 8;
const FULL = 255;

/** @throws {KandidError} picture_*, params_invalid, guide_refused (nothing is unknown) */
export async function repaintPlan(params: RepaintParams, context: WholeContext): Promise<WholePlan> {
  const { decode, options, side: own } = context;
  const picture = await decode(params.image, 'The picture');
  const { width, height } = picture;
  const notes: string[] = [];
  const unknown = unknownOf(picture, await maskShares(params, picture, { decode, note: (one) => notes.push(one) }));
  const shorter = Math.min(width, height);
  const side = squareSide({ guide: 'inpaint', size: picture, modelSide: own, window: options.window });
  if (side > shorter)
    throw refused(`it is ${side}, expected at most the picture's shorter side, ${shorter}`, 'whole.window');
  const squares = windowsAround(unknown, side);
  if (!squares)
    throw refused(
      `what is to be repainted lies in more than ${windowsAtMost(unknown, side)} squares of ${side} pixels; ask for a larger window`,
      'whole.window',
    );
  if (squares.length === 0) throw nothingUnknown(params.mask !== undefined);
  const feather = Math.min(marginOf(side), options.feather ?? Math.max(1, Math.round(side * FEATHER)));
  const painted = painterOf(pictureToPixels(picture), feathered(unknown, feather));
  return {
    given: { width, height },
    squares,
    scale: 1,
    notes: [...notes.map((one) => `inpaint: ${one}`), ...noteOf(squares, { width, height }, own)],
    paramsOf: (square) => squareParams(painted.picture(), unknown, square),
    compose: painted.compose,
  };
}

function nothingUnknown(hasMask: boolean): KandidError {
  const read = hasMask
    ? 'the mask read as black (or opaque) everywhere'
    : 'there is no mask, and no part of the picture is transparent';
  const problem = `no pixel of the picture is unknown, so there is nothing to repaint: ${read}; expected a mask that is white (or transparent) somewhere, or a picture with transparency`;
  return new KandidError('guide_refused', { guide: 'inpaint', problem });
}

/** Share of each pixel that the mask keeps; null if there is no mask. */
async function maskShares(
  { mask, invert }: RepaintParams,
  size: PlaneSize,
  { decode, note }: Pick<WholeContext, 'decode'> & { note: (message: string) => void },
): Promise<Float32Array | null> {
  if (!mask) return null;
  const given = await decode(mask, 'The mask');
  if (!isAlike(given, size))
    throw new KandidError('params_invalid', {
      subject: 'Guide "inpaint"',
      field: 'mask',
      problem: `it is ${given.width}×${given.height}, expected the shape of the picture, ${size.width}×${size.height}`,
    });
  return keptShares(resample(given.data, given, size), { invert, note });
}

function unknownOf({ data, width, height }: Picture, kept: Float32Array | null): Region {
  const plane = width * height;
  const shares = Uint8Array.from({ length: plane }, (_, p) => {
    const visible = ((data[3 * plane + p] as number) + 1) / 2;
    const share = FULL * (1 - visible * (kept?.[p] ?? 1));
    return share < NOISE ? 0 : share > FULL - NOISE ? FULL : Math.round(share);
  });
  return { data: shares, width, height };
}

function noteOf(squares: readonly Window[], { width, height }: PlaneSize, own: number): string[] {
  const { side } = squares[0] as Window;
  if (squares.length === 1 && width === height && side <= own) return [];
  const places = squares.map(({ left, top }) => `${left},${top}`).join(' and ');
  const where = `worked on in ${squares.length === 1 ? 'a square' : `${squares.length} squares`} of ${side}×${side} pixels at ${places}`;
  const detail = side > own ? `; what is new has the detail of the model's ${own}×${own}` : '';
  return [`inpaint: ${where}${detail}.`];
}

/** The guide's input for a square: unknown pixels are transparent. Null if nothing is known. */
async function squareParams(picture: Picture, unknown: Region, { left, top, side }: Window) {
  const pixels = new Float32Array(4 * side * side);
  let known = 0;
  for (let y = 0; y < side; y++)
    for (let x = 0; x < side; x++) {
      const from = (top + y) * picture.width + left + x;
      const to = y * side + x;
      for (let c = 0; c < 3; c++)
        pixels[c * side * side + to] = picture.data[c * picture.width * picture.height + from] as number;
      const share = 1 - (unknown.data[from] as number) / FULL;
      pixels[3 * side * side + to] = 2 * share - 1;
      known += share;
    }
  if (known < 1e-4 * side * side) return null;
  const image = await encodePicture({ data: pixels, channels: 4, width: side, height: side });
  return { image };
}

/** Keeps the picture as bytes, a quarter of the size of floats; and the last small copy, for previews. */
function painterOf(pixels: Uint8ClampedArray<ArrayBuffer>, region: Region) {
  const { width, height } = region;
  const bytes = new Uint8Array(pixels.buffer);
  const picture = () => pixelsToPicture(bytes, { width, height, channels: 4 }, 3);
  let small: { readonly below: Picture; readonly region: Region } | null = null;
  const at = (size: PlaneSize) => {
    if (size.width === width && size.height === height) return { below: picture(), region };
    if (small?.below.width !== size.width || small.below.height !== size.height)
      small = { below: resized(picture(), size), region: resizedRegion(region, size) };
    return small;
  };
  return {
    picture,
    compose(layout: Layout, pictures: readonly Picture[]): Picture {
      const { below, region: shares } = at(layout);
      return over(below, blended(layout, pictures), shares);
    },
  };
}

function resized(picture: Picture, { width, height }: PlaneSize): Picture {
  return { ...picture, data: resample(picture.data, picture, { width, height }), width, height };
}

function resizedRegion(region: Region, { width, height }: PlaneSize): Region {
  const shares = resample(Float32Array.from(region.data), region, { width, height });
  return { data: Uint8Array.from(shares, Math.round), width, height };
}
