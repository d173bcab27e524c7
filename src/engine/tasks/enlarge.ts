/** Enlarges a picture of any shape in overlapping squares, each to the model's size. */
import { squareSide } from '../../contract/whole.ts';
import { KandidError } from '../../errors.ts';
import type { Picture } from '../../guide.ts';
import { psnr } from '../../kit/quality.ts';
import { resample } from '../../kit/resample.ts';
import { encodePicture } from '../../pictures/codec.ts';
import { blended, cropped, tilesOf } from '../../pictures/windows.ts';
import { refused, type WholeContext, type WholePlan } from './whole-plan.ts';

export interface EnlargeParams {
  readonly image: Uint8Array;
}

/**
 * A square whose enlarged picture, scaled down again, has a lower PSNR (dB) than this cannot be drawn by the model:
 * most models know whole pictures of their kind, and find one in any input. Measured with avatars-64: 30.5 to 47 on 32
 * avatars of 8 to 48 pixels, 12 to 27 (18 on average) on parts of two avatars side by side.
 */
const MIN_FIT = 24;

/**
 * The same relative to the square's own contrast (dB below its variance): in a plain background, PSNR hardly notices a
 * pale face. Measured with avatars-256 and avatars-64: 11 and more on avatars, below 4 on plain squares beside them.
 */
const MIN_FIT_OF_CONTRAST = 8;

/** How well a square's enlarged picture, scaled down again, matches what was given. */
interface Fit {
  /** PSNR in dB. */
  readonly psnr: number;
  /** Variance of the square over the mean squared error, in dB; −∞ for a plain square. */
  readonly ofContrast: number;
}

/**
 * Null if the picture is a single square: then the model's own picture is the enlarged one. @throws {KandidError}
 * picture_*, params_invalid
 */
export async function enlargePlan(
  { image }: EnlargeParams,
  { decode, options, side: own }: WholeContext,
): Promise<WholePlan | null> {
  const picture = await decode(image, 'The picture');
  const { width, height } = picture;
  const shorter = Math.min(width, height);
  const side = squareSide({ guide: 'super_resolution', size: picture, modelSide: own, window: options.window });
  const most = Math.min(shorter, own);
  if (side > most)
    throw refused(
      `it is ${side}, expected at most ${most}: ${most === shorter ? "the picture's shorter side" : "the model's own side, which is not enlarged"}`,
      'whole.window',
    );
  if (width === height && side === width) return null;
  const squares = tilesOf(picture, side);
  const parts = squares.map((square) => cropped(picture, square, 3));
  const fitOf = (one: Picture, i: number) => fit(one, parts[i] as Picture);
  return {
    given: { width, height },
    squares,
    scale: own / side,
    notes: [
      `super_resolution: ${width}×${height} pixels were enlarged in ${squares.length} squares of ${side}×${side}, each to ${own}×${own}.`,
    ],
    async paramsOf(square) {
      return { image: await encodePicture(cropped(picture, square, 3)) };
    },
    // Squares that the model cannot draw are resized by bicubic interpolation.
    compose: (layout, pictures) =>
      blended(
        layout,
        pictures.map((one, i) => (isDrawn(fitOf(one, i)) ? one : (parts[i] as Picture))),
      ),
    judge(pictures) {
      const fits = pictures.map(fitOf);
      return { isMade: fits.map(isDrawn), notes: notesOf(fits) };
    },
  };
}

/** Compared at the smaller of both sizes, so that coarse levels can be compared too. */
function fit(made: Picture, part: Picture): Fit {
  const side = Math.min(made.width, part.width);
  const at = (picture: Picture): Picture => {
    const size = { width: side, height: side };
    return { ...picture, data: resample(picture.data, picture, size), ...size };
  };
  const colours = made.channels === part.channels ? made : { ...made, data: tripled(made.data), channels: 3 };
  const given = at(part);
  const db = psnr(at(colours), given);
  return { psnr: db, ofContrast: db - psnr(plainOf(given), given) };
}

function isDrawn({ psnr: db, ofContrast }: Fit): boolean {
  return db >= MIN_FIT && ofContrast >= MIN_FIT_OF_CONTRAST;
}

/** A picture's mean colour at each pixel. */
function plainOf(picture: Picture): Picture {
  const { data, channels } = picture;
  const plane = data.length / channels;
  const plain = new Float32Array(data.length);
  for (let c = 0; c < channels; c++) {
    const values = data.subarray(c * plane, (c + 1) * plane);
    plain.fill(values.reduce((sum, value) => sum + value, 0) / plane, c * plane, (c + 1) * plane);
  }
  return { ...picture, data: plain };
}

function tripled(gray: Float32Array): Float32Array {
  return Float32Array.from({ length: 3 * gray.length }, (_, i) => gray[i % gray.length] as number);
}

/** @throws {KandidError} guide_refused, if no square fits */
function notesOf(fits: readonly Fit[]): string[] {
  const poor = fits.filter((one) => !isDrawn(one));
  if (poor.length === 0) return [];
  const worst = Math.min(...poor.map((one) => one.psnr));
  const reason =
    worst < MIN_FIT
      ? `shrunk again, the model's pictures are down to ${worst.toFixed(1)} dB from what was given, and ${MIN_FIT} are expected: it knows whole pictures of its kind, not parts of them`
      : 'they are plain, and the model draws pictures of its kind into them';
  if (poor.length < fits.length)
    return [
      `super_resolution: ${poor.length} of ${fits.length} squares were enlarged by bicubic interpolation: ${reason}.`,
    ];
  const problem = `the model cannot enlarge this picture: ${reason}; cut out a square that holds one such picture, ask for another window, or take the middle square alone (whole false, --no-whole)`;
  throw new KandidError('guide_refused', { guide: 'super_resolution', problem });
}
