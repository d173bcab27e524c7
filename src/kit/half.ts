/** IEEE 754 binary16: one sign bit, five of exponent (bias 15), ten of fraction. */

/** The largest finite number of half precision. */
export const LARGEST_HALF = 65_504;

export function halfToNumber(half: number): number {
  const sign = half & 0x8000 ? -1 : 1;
  const exponent = (half >> 10) & 31;
  const fraction = half & 1023;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

/**
 * Rounds float32 to the nearest half, ties to even.
 *
 * @param into same length as `from`
 * @returns whether all values are finite in half precision too
 */
export function toHalves(from: Float32Array, into: Uint16Array): boolean {
  const bits = new Uint32Array(from.buffer, from.byteOffset, from.length);
  let fits = true;
  for (let i = 0; i < bits.length; i++) {
    const half = roundedHalf(bits[i] as number);
    if ((half & 0x7c00) === 0x7c00) fits = false;
    into[i] = half;
  }
  return fits;
}

/** @param bits of a float32 */
function roundedHalf(bits: number): number {
  const sign = (bits >>> 16) & 0x8000;
  const magnitude = bits & 0x7fff_ffff;
  if (magnitude > 0x7f80_0000) return sign | 0x7e00;
  // 65,520 and more round to infinity.
  if (magnitude >= 0x477f_f000) return sign | 0x7c00;
  if (magnitude < 0x3880_0000) return sign | roundedSubnormal(magnitude);
  const rounding = 0xfff + ((magnitude >>> 13) & 1);
  return sign | ((magnitude - 0x3800_0000 + rounding) >>> 13);
}

/** Values below 2^−14 are multiples of 2^−24. */
function roundedSubnormal(magnitude: number): number {
  const exponent = magnitude >>> 23;
  const shift = 126 - exponent;
  if (shift > 24) return 0;
  const fraction = (magnitude & 0x7f_ffff) | 0x80_0000;
  const whole = fraction >>> shift;
  const rest = fraction & ((1 << shift) - 1);
  const middle = 1 << (shift - 1);
  return whole + (rest > middle || (rest === middle && whole & 1) ? 1 : 0);
}
