/** Reads masks as drawn by users: white or transparent marks what is changed. */

/**
 * Alpha, 0 … 1: a mask with any value below the first is read by alpha instead of colour; an antialiased border stays
 * above it.
 */
const TRANSPARENT = 0.5;
const OPAQUE = 0.999;

export interface MaskOptions {
  /** Inverts the mask. */
  readonly invert: boolean;
  /** Receives a note on how the mask was read. */
  note(message: string): void;
}

/** Share of each pixel that is kept, 0 … 1. @param rgba planes, 4 × pixels, −1 … 1 */
export function keptShares(rgba: Float32Array, { invert, note }: MaskOptions): Float32Array {
  const size = rgba.length / 4;
  const alpha = rgba.subarray(3 * size).map((value) => (value + 1) / 2);
  const least = alpha.reduce((a, b) => Math.min(a, b), 1);
  const byAlpha = least < TRANSPARENT;
  if (byAlpha) note('the mask is read by its transparency: transparent is repainted, its colours are ignored');
  else if (least < OPAQUE)
    note('the mask is read by its colours, since no part of it is transparent: white is repainted');
  return Float32Array.from({ length: size }, (_, p) => {
    const white = ((rgba[p] as number) + (rgba[size + p] as number) + (rgba[2 * size + p] as number)) / 6 + 0.5;
    const share = byAlpha ? (alpha[p] as number) : 1 - Math.min(1, Math.max(0, white));
    return invert ? 1 - share : share;
  });
}
