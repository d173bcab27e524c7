/** What can be done to a picture: the guides that do it, what is given to them, and how near to that the answer is. */
import type { GuideUse } from '../../state/recipe.ts';
import type { Layer } from './layer.ts';
import { maskOf, onWhite, pixelsOf, urlOf } from './pictures.ts';
import { gray, noisy, type Pixels, psnr, shrunk } from './pixels.ts';

/** All that a mode may ask for. */
export interface Given {
  /** The picture, at the model's side. */
  readonly picture: Pixels | null;
  /** The picture with no more pixels than it has: whoever enlarges it should know that. */
  readonly own: Pixels | null;
  /** A second one, whose look is taken. */
  readonly look: Pixels | null;
  readonly mask: Layer;
  readonly sketch: Layer;
  /** Drawn where no picture is given. */
  readonly lines: Layer;
  /** Painted over the picture or the lines. */
  readonly tints: Layer;
  /** What the model takes of its condition; null of a model without. */
  readonly takes: string | null;
  /** The picture as small as it is to be before it is sharpened. */
  readonly small: Pixels | null;
  /** Of the noise, on the scale where black is −1 and white 1. */
  readonly sigma: number;
  readonly addsNoise: boolean;
}

export interface Figure {
  readonly decibels: number;
  /** Goes on from "… dB". */
  readonly words: string;
}

export interface Plan {
  /** What the answer is seen beside. */
  readonly before: Pixels;
  /** Made only when it is begun: they hold pictures as files, too expensive for every move of a brush. */
  guides(): readonly GuideUse[];
  /** What the model starts from, if it starts from a picture. */
  readonly condition?: Pixels;
  figures(answer: Pixels): readonly Figure[];
}

export interface Mode {
  readonly name: string;
  readonly title: string;
  readonly what: string;
  readonly button: string;
  /** Whether it is for models that start from a picture. */
  readonly isConditional?: true;
  /** @returns what is still missing, in words */
  plan(given: Given): Plan | string;
}

const NO_PICTURE = 'Give a picture first.';
/** As the guide `color` compares. */
const SKETCH_DETAIL = 16;
/** Another picture's colours where its shapes differ; measured: models/README.md, "avatars-256-edges". */
const ROUGHLY = { detail: 32, slack: 0.07, metric: 'l1', toSide: 128 };
const guide = (name: string, params: GuideUse['params']): GuideUse => ({ name, weight: 1, params });
const share = ({ dots }: Layer, counts: (dot: number) => boolean) =>
  Float32Array.from(dots, (dot) => (counts(dot) ? 1 : 0));

/** A mode that starts from the picture alone. */
function ofPicture(make: (picture: Pixels, given: Given) => Plan | string): Mode['plan'] {
  return (given) => (given.picture ? make(given.picture, given) : NO_PICTURE);
}

export const MODES: readonly Mode[] = [
  {
    name: 'repaint',
    title: 'Repaint',
    button: 'Repaint',
    what: 'Brush over what should be drawn anew. All else is kept as near as the model can.',
    plan: ofPicture((picture, { mask }) => {
      if (!mask.dots.some(Boolean)) return 'Brush over what should change.';
      if (mask.dots.every(Boolean)) return 'All of it is marked: leave something to be kept.';
      const weights = share(mask, (dot) => dot === 0);
      return {
        before: picture,
        guides: () => [guide('inpaint', { image: urlOf(picture), mask: urlOf(maskOf(mask)) })],
        figures: (answer) => [{ decibels: psnr(answer, picture, { weights }), words: 'to the part that was kept' }],
      };
    }),
  },
  {
    name: 'sharpen',
    title: 'Sharpen',
    button: 'Sharpen',
    what: 'Super-resolution: a small picture in, one of full size out that would look the same when small.',
    plan: ofPicture((picture, { small: given }) => {
      const small = given ?? picture;
      const detail = small.side;
      const words = `to the small picture, at ${detail} × ${detail}`;
      return {
        before: small,
        guides: () => [guide('super_resolution', { image: urlOf(small) })],
        figures: (answer) => [{ decibels: psnr(shrunk(answer, detail), small), words }],
      };
    }),
  },
  {
    name: 'colour',
    title: 'Colour',
    button: 'Colour it',
    what: 'Colours for a gray picture. Of a picture with colours, the brightness alone counts.',
    plan: ofPicture((picture) => {
      const given = gray(picture);
      return {
        before: given,
        guides: () => [guide('colorize', { image: urlOf(given) })],
        figures: (answer) => [{ decibels: psnr(gray(answer), given), words: 'to the gray picture, in brightness' }],
      };
    }),
  },
  {
    name: 'clean',
    title: 'Clean',
    button: 'Clean it',
    what: 'Takes noise away: the picture that may be behind it.',
    plan: ofPicture((picture, { sigma, addsNoise }) => {
      const given = addsNoise ? noisyOf(picture, sigma) : picture;
      const behind = { words: `to the picture behind the noise; the noisy one had ${decibels(psnr(given, picture))}` };
      return {
        before: given,
        guides: () => [guide('denoise', { image: urlOf(given), sigma })],
        figures: (answer) => [
          ...(addsNoise ? [{ decibels: psnr(answer, picture), ...behind }] : []),
          { decibels: psnr(answer, given), words: 'to the noisy picture' },
        ],
      };
    }),
  },
  {
    name: 'restyle',
    title: 'Restyle',
    button: 'Restyle',
    what: 'Brightness and shapes of one picture, colours and textures of another.',
    plan: ofPicture((picture, { look }) => {
      if (!look) return 'Give the second picture, whose look is taken.';
      const words = 'to the brightness of the first picture';
      return {
        before: picture,
        guides: () => [guide('style', { image: urlOf(look) }), guide('colorize', { image: urlOf(gray(picture)) })],
        figures: (answer) => [{ decibels: psnr(gray(answer), gray(picture)), words }],
      };
    }),
  },
  {
    name: 'sketch',
    title: 'Sketch',
    button: 'Draw it',
    what: 'Paint roughly where which colour goes; what is left bare is free.',
    plan({ sketch }) {
      if (!sketch.dots.some(Boolean)) return 'Paint something first.';
      const painted = pixelsOf(sketch);
      const weights = share(sketch, (dot) => dot !== 0);
      const detail = Math.min(sketch.side, SKETCH_DETAIL);
      const words = `to what was painted, at ${detail} × ${detail}`;
      return {
        before: painted,
        guides: () => [guide('color', { image: urlOf(painted) })],
        figures: (answer) => [{ decibels: psnr(answer, painted, { weights, detail }), words }],
      };
    },
  },
  {
    name: 'fill',
    title: 'Fill in',
    button: 'Fill it in',
    isConditional: true,
    what: 'The lines, or the brightness, are kept; colours come from paint, words, another picture, or by chance.',
    plan({ picture, own, look, lines, tints, takes }) {
      const before = picture ?? (takesLines(takes) && lines.dots.some(Boolean) ? onWhite(lines) : null);
      if (!before) return takesLines(takes) ? 'Draw some lines, or give a picture.' : NO_PICTURE;
      return {
        before,
        condition: takesLines(takes) ? (own ?? before) : before,
        guides: () => [
          ...(look ? [guide('color', { image: urlOf(look), ...ROUGHLY })] : []),
          ...(tints.dots.some(Boolean) ? [guide('color', { image: urlOf(pixelsOf(tints)) })] : []),
        ],
        figures: (answer) => filledFigures(answer, before, tints, takes),
      };
    },
  },
];

/** Whether a drawing of lines will do for a model that takes this of its condition. */
export function takesLines(takes: string | null): boolean {
  return takes !== null && takes !== 'grayscale';
}

function filledFigures(answer: Pixels, condition: Pixels, tints: Layer, takes: string | null): Figure[] {
  const weights = share(tints, (dot) => dot !== 0);
  const detail = Math.min(tints.side, SKETCH_DETAIL);
  const painted = { words: `to what was painted, at ${detail} × ${detail}` };
  return [
    ...(takesLines(takes)
      ? []
      : [{ decibels: psnr(gray(answer), gray(condition)), words: 'to its gray, in brightness' }]),
    ...(weights.some(Boolean) ? [{ decibels: psnr(answer, pixelsOf(tints), { weights, detail }), ...painted }] : []),
  ];
}

export function decibels(value: number): string {
  return Number.isFinite(value) ? `${value.toFixed(1)} dB` : 'no difference';
}

/** The same noise as long as picture and strength are the same: what is seen is what is sent. */
const noises = new WeakMap<Pixels, { readonly sigma: number; readonly result: Pixels }>();

function noisyOf(picture: Pixels, sigma: number): Pixels {
  const known = noises.get(picture);
  if (known?.sigma === sigma) return known.result;
  const result = noisy(picture, sigma);
  noises.set(picture, { sigma, result });
  return result;
}
