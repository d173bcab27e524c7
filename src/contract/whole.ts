/** Requests on a whole picture, which is processed in squares. */
import { z } from 'zod';

/** Guides whose picture can be processed whole. */
export const WHOLE_GUIDES = ['inpaint', 'super_resolution'] as const;
export type WholeGuide = (typeof WHOLE_GUIDES)[number];

/** Settings for processing a picture of any size and shape. */
export const wholeFields = {
  feather: z
    .number()
    .min(0)
    .max(1024)
    .optional()
    .describe(
      'Width of the blend around the repainted part, in pixels, at most an eighth of a square; 0: a hard edge. All other pixels are bit-identical to the picture. Default: a 32nd of a square.',
    ),
  window: z
    .int()
    .min(4)
    .max(8192)
    .optional()
    .describe(
      "Side of the squares that the model processes, in pixels of the picture. Default: its shorter side; half the model's side for enlarging a picture that is not smaller than the model's.",
    ),
};

export const whole = z
  .strictObject(wholeFields)
  .optional()
  .describe(
    `Results are the whole picture of the guide ${WHOLE_GUIDES.join(' or ')}, repainted or enlarged in squares, one descent each, which are placed where needed and blended where they overlap. Default: the square pictures of the model.`,
  );

export interface SquareRequest {
  readonly guide: WholeGuide;
  /** Size of the picture, in pixels. */
  readonly size: { readonly width: number; readonly height: number };
  /** Side of the model's pictures, in pixels. */
  readonly modelSide: number;
  readonly window?: number | undefined;
}

/** Side of the squares that a picture is processed in, in pixels of the picture. */
export function squareSide({ guide, size, modelSide, window }: SquareRequest): number {
  const shorter = Math.min(size.width, size.height);
  if (window !== undefined) return window;
  return guide === 'inpaint' || shorter < modelSide ? shorter : Math.max(1, modelSide >> 1);
}
