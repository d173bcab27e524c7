/** Requests on a whole picture: how it is worked on, in squares. */
import { z } from 'zod';

/** Guides whose picture can be worked on whole. */
export const WHOLE_GUIDES = ['inpaint', 'super_resolution'] as const;
export type WholeGuide = (typeof WHOLE_GUIDES)[number];

/** How a picture of any size and shape is worked on. */
export const wholeFields = {
  feather: z
    .number()
    .min(0)
    .max(1024)
    .optional()
    .describe(
      'Pixels around what is repainted over which it passes into the picture, at most an eighth of a square; 0: a hard edge. All others are bit for bit those of the picture. Left out: a 32nd of a square.',
    ),
  window: z
    .int()
    .min(4)
    .max(8192)
    .optional()
    .describe(
      "Side of the squares that the model works on, in pixels of the picture. Left out: its shorter side; half the model's side where a picture is to be enlarged that is no smaller than the model's.",
    ),
};

export const whole = z
  .strictObject(wholeFields)
  .optional()
  .describe(
    `Results are the whole picture of the guide ${WHOLE_GUIDES.join(' or ')}, repainted or enlarged in squares, one descent each, that lie where they must and are blended where they overlap. Left out: the square pictures of the model.`,
  );

export interface SquareRequest {
  readonly guide: WholeGuide;
  /** Of the picture, in pixels. */
  readonly size: { readonly width: number; readonly height: number };
  /** Of the model's pictures. */
  readonly modelSide: number;
  readonly window?: number | undefined;
}

/** Side of the squares that a picture is worked on in, in its pixels. */
export function squareSide({ guide, size, modelSide, window }: SquareRequest): number {
  const shorter = Math.min(size.width, size.height);
  if (window !== undefined) return window;
  return guide === 'inpaint' || shorter < modelSide ? shorter : Math.max(1, modelSide >> 1);
}
