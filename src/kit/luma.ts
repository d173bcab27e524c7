/** Luma, the brightness of colours (Rec. 601). */

/** Weights of R, G and B (Rec. 601), applied to sRGB values directly. */
export const LUMA = [0.299, 0.587, 0.114] as const;

/** Luma of planes [3, size], as one plane; a single plane is returned unchanged. */
export function lumaOf(data: Float32Array, channels: number): Float32Array {
  if (channels === 1) return data;
  const luma = new Float32Array(data.length / channels);
  fillLuma(luma, data);
  return luma;
}

/** Writes the luma of the planes [3, luma.length] that start at `from`. */
export function fillLuma(luma: Float32Array, data: Float32Array, from = 0): void {
  const size = luma.length;
  for (let p = 0; p < size; p++)
    luma[p] =
      LUMA[0] * (data[from + p] as number) +
      LUMA[1] * (data[from + size + p] as number) +
      LUMA[2] * (data[from + 2 * size + p] as number);
}
