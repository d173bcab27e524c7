/** Edit modes: their inputs and guides, and the quality figures of their results. */
import type { GuideUse } from '../../state/recipe.ts';
import type { Layer } from './layer.ts';
import { maskOf, onWhite, pixelsOf, urlOf } from './pictures.ts';
import { gray, noisy, type Pixels, psnr, shrunk } from './pixels.ts';

/** Inputs of the modes. */
export interface Inputs {
  /** The picture's middle square at the model's side. */
  readonly picture: Pixels | null;
  /** The whole picture, of any shape. */
  readonly whole: Pixels | null;
  /** Whether the unmarked part of the whole picture is kept. */
  readonly keepsWhole: boolean;
  /** The middle square at its own resolution, if it is smaller than the model's side. */
  readonly own: Pixels | null;
  /** The style picture. */
  readonly style: Pixels | null;
  readonly mask: Layer;
  readonly sketch: Layer;
  /** Lines drawn in place of a picture. */
  readonly lines: Layer;
  /** Colours painted over the picture or the lines. */
  readonly tints: Layer;
  /** Kind of the model's condition; null if it has none. */
  readonly conditionKind: string | null;
  /** The picture to sharpen, shrunk: its middle square, or all of it. */
  readonly small: Pixels | null;
  /** Standard deviation of the noise; black is −1, white 1. */
  readonly sigma: number;
  readonly addsNoise: boolean;
}

export interface Figure {
  /** PSNR */
  readonly decibels: number;
  /** The reference, as continuation of "… dB". */
  readonly words: string;
}

export interface Plan {
  /** The picture that the result is compared with. */
  readonly before: Pixels;
  /** Called at the start only: encoding the pictures is too expensive for every brush stroke. */
  guides(): readonly GuideUse[];
  /** Condition of a conditional model. */
  readonly condition?: Pixels;
  /** The guides for whole pictures, if the mode supports them. @param file reads the whole picture as a data URL */
  wholeGuides?(file: () => Promise<string>): Promise<readonly GuideUse[]>;
  figures(answer: Pixels): readonly Figure[];
}

export interface Mode {
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly button: string;
  /** Whether the mode is for conditional models. */
  readonly isConditional?: true;
  /** @returns the plan, or a message about what is missing */
  plan(inputs: Inputs): Plan | string;
}

const NO_PICTURE = 'Add a picture first.';
/** Default detail of the guide `color`. */
const SKETCH_DETAIL = 16;
/** Params of the guide `color` for a picture with other shapes; measured in models/README.md, "avatars-256-edges". */
const ROUGH_COLOURS = { detail: 32, slack: 0.07, metric: 'l1', toSide: 128 };
const guide = (name: string, params: GuideUse['params']): GuideUse => ({ name, weight: 1, params });
const share = ({ dots }: Layer, counts: (dot: number) => boolean) =>
  Float32Array.from(dots, (dot) => (counts(dot) ? 1 : 0));

/** The plan of a mode that needs a picture. */
function withPicture(plan: (picture: Pixels, inputs: Inputs) => Plan | string): Mode['plan'] {
  return (inputs) => (inputs.picture ? plan(inputs.picture, inputs) : NO_PICTURE);
}

export const MODES: readonly Mode[] = [
  {
    name: 'repaint',
    title: 'Repaint',
    button: 'Repaint',
    description: 'Brush over what should be repainted. The rest stays as it is.',
    plan: withPicture((picture, { mask, whole, keepsWhole }) => {
      if (!mask.dots.some(Boolean)) return 'Brush over what should change.';
      if (mask.dots.every(Boolean)) return 'Everything is marked: leave a part unmarked.';
      const before = keepsWhole && whole ? whole : picture;
      const guides = (image: string) => [guide('inpaint', { image, mask: urlOf(maskOf(mask)) })];
      return {
        before,
        guides: () => guides(urlOf(before)),
        ...(before === whole ? { wholeGuides: async (file) => guides(await file()) } : {}),
        figures(answer) {
          const weights = share(mask, (dot) => dot === 0);
          return [{ decibels: psnr(answer, before, { weights }), words: 'to the kept part' }];
        },
      };
    }),
  },
  {
    name: 'sharpen',
    title: 'Sharpen',
    button: 'Sharpen',
    description: 'Super-resolution: turns a small picture into one of full size that looks the same when shrunk.',
    plan: withPicture((picture, inputs) => {
      const small = inputs.small ?? picture;
      const { width, height } = small;
      const words = `to the small picture, at ${width} × ${height}`;
      const guides = () => [guide('super_resolution', { image: urlOf(small) })];
      return {
        before: small,
        guides,
        ...(width === height ? {} : { wholeGuides: async () => guides() }),
        figures: (answer) => [{ decibels: psnr(shrunk(answer, width), small), words }],
      };
    }),
  },
  {
    name: 'colour',
    title: 'Colour',
    button: 'Colour it',
    description: 'Colours a gray picture. Of a colour picture, only the brightness is used.',
    plan: withPicture((picture) => {
      const before = gray(picture);
      return {
        before,
        guides: () => [guide('colorize', { image: urlOf(before) })],
        figures: (answer) => [{ decibels: psnr(gray(answer), before), words: 'to the gray picture (brightness)' }],
      };
    }),
  },
  {
    name: 'clean',
    title: 'Clean',
    button: 'Clean it',
    description: 'Removes noise.',
    plan: withPicture((picture, { sigma, addsNoise }) => {
      const before = addsNoise ? noisyOf(picture, sigma) : picture;
      const words = `to the picture without noise; the noisy one had ${decibels(psnr(before, picture))}`;
      return {
        before,
        guides: () => [guide('denoise', { image: urlOf(before), sigma })],
        figures: (answer) => [
          ...(addsNoise ? [{ decibels: psnr(answer, picture), words }] : []),
          { decibels: psnr(answer, before), words: 'to the noisy picture' },
        ],
      };
    }),
  },
  {
    name: 'restyle',
    title: 'Restyle',
    button: 'Restyle',
    description: 'Combines brightness and shapes of one picture with colours and textures of another.',
    plan: withPicture((picture, { style }) => {
      if (!style) return 'Add the style picture.';
      const words = 'to the brightness of the first picture';
      return {
        before: picture,
        guides: () => [guide('style', { image: urlOf(style) }), guide('colorize', { image: urlOf(gray(picture)) })],
        figures: (answer) => [{ decibels: psnr(gray(answer), gray(picture)), words }],
      };
    }),
  },
  {
    name: 'sketch',
    title: 'Sketch',
    button: 'Draw it',
    description: 'Paint roughly where each colour should be; unpainted parts are unconstrained.',
    plan({ sketch }) {
      if (!sketch.dots.some(Boolean)) return 'Paint something first.';
      const painted = pixelsOf(sketch);
      const weights = share(sketch, (dot) => dot !== 0);
      const detail = Math.min(sketch.width, SKETCH_DETAIL);
      const words = `to the painted parts, at ${detail} × ${detail}`;
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
    description:
      'Keeps the lines of an avatar, or its brightness. Paint, a prompt or another picture determine the colours.',
    plan({ picture, own, style, lines, tints, conditionKind }) {
      const usesLines = acceptsLines(conditionKind);
      const before = picture ?? (usesLines && lines.dots.some(Boolean) ? onWhite(lines) : null);
      if (!before) return usesLines ? 'Draw some lines, or add a picture.' : NO_PICTURE;
      return {
        before,
        condition: usesLines ? (own ?? before) : before,
        guides: () => [
          ...(style ? [guide('color', { image: urlOf(style), ...ROUGH_COLOURS })] : []),
          ...(tints.dots.some(Boolean) ? [guide('color', { image: urlOf(pixelsOf(tints)) })] : []),
        ],
        figures: (answer) => filledFigures(answer, before, tints, usesLines),
      };
    },
  },
];

/** Whether a line drawing is a valid condition of this kind. */
export function acceptsLines(conditionKind: string | null): boolean {
  return conditionKind !== null && conditionKind !== 'grayscale' && conditionKind !== 'mean';
}

function filledFigures(answer: Pixels, condition: Pixels, tints: Layer, usesLines: boolean): Figure[] {
  const weights = share(tints, (dot) => dot !== 0);
  const detail = Math.min(tints.width, SKETCH_DETAIL);
  const painted = { words: `to the painted parts, at ${detail} × ${detail}` };
  return [
    ...(usesLines
      ? []
      : [{ decibels: psnr(gray(answer), gray(condition)), words: 'to the gray picture (brightness)' }]),
    ...(weights.some(Boolean) ? [{ decibels: psnr(answer, pixelsOf(tints), { weights, detail }), ...painted }] : []),
  ];
}

export function decibels(value: number): string {
  return Number.isFinite(value) ? `${value.toFixed(1)} dB` : 'no difference';
}

/** Caches noisy pictures, so that the picture sent is the one shown. */
const noises = new WeakMap<Pixels, { readonly sigma: number; readonly result: Pixels }>();

function noisyOf(picture: Pixels, sigma: number): Pixels {
  const known = noises.get(picture);
  if (known?.sigma === sigma) return known.result;
  const result = noisy(picture, sigma);
  noises.set(picture, { sigma, result });
  return result;
}
