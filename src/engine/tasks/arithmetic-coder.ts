/**
 * Arithmetic coding of a short list of symbols, each with its own frequencies (Witten, Neal and Cleary 1987). It uses exact
 * integers of any length: a code has a few dozen symbols, so fixed-width arithmetic would gain nothing.
 */

/** The frequencies of a symbol's values add up to 2^TOTAL_BITS. */
const TOTAL_BITS = 16;
const TOTAL = 1 << TOTAL_BITS;
const SHIFT = BigInt(TOTAL_BITS);

/**
 * Integer frequencies in proportion to probabilities: each at least 1, with the sum 2^TOTAL_BITS.
 *
 * @param logProbabilities natural logarithms, at most half of 2^TOTAL_BITS of them
 */
export function frequenciesOf(logProbabilities: ArrayLike<number>): number[] {
  const room = TOTAL - logProbabilities.length;
  const frequencies = Array.from(logProbabilities, (log) => 1 + Math.max(0, Math.floor(Math.exp(log) * room)));
  const left = TOTAL - frequencies.reduce((sum, one) => sum + one, 0);
  // The remainder from rounding; negative only if the probabilities add up to more than 1.
  const likeliest = frequencies.indexOf(Math.max(...frequencies));
  frequencies[likeliest] = (frequencies[likeliest] as number) + left;
  if ((frequencies[likeliest] as number) < 1) throw new RangeError('the probabilities add up to more than 1');
  return frequencies;
}

export class ArithmeticEncoder {
  #low = 0n;
  #width = 1n;
  #symbols = 0;

  encode(symbol: number, frequencies: readonly number[]): void {
    const before = frequencies.slice(0, symbol).reduce((sum, one) => sum + one, 0);
    this.#low = (this.#low << SHIFT) + this.#width * BigInt(before);
    this.#width *= BigInt(frequencies[symbol] as number);
    this.#symbols += 1;
  }

  /** The shortest bytes that encode the symbols; trailing zeros have no effect. */
  finish(): Uint8Array {
    const bits = TOTAL_BITS * this.#symbols;
    for (let length = 0; ; length++) {
      const shift = BigInt(Math.max(0, bits - 8 * length));
      const value = (this.#low + (1n << shift) - 1n) >> shift;
      if (value << shift >= this.#low + this.#width) continue;
      const hex = value === 0n ? '' : value.toString(16);
      return Uint8Array.from(Buffer.from(hex.padStart(2 * length, '0'), 'hex'));
    }
  }
}

export class ArithmeticDecoder {
  readonly #value: bigint;
  readonly #symbols: number;
  #low = 0n;
  #width = 1n;
  #done = 0;

  /** @param symbols number of encoded symbols */
  constructor(bytes: Uint8Array, symbols: number) {
    this.#symbols = symbols;
    const shift = TOTAL_BITS * symbols - 8 * bytes.length;
    const read = bytes.length === 0 ? 0n : BigInt(`0x${Buffer.from(bytes).toString('hex')}`);
    this.#value = shift >= 0 ? read << BigInt(shift) : read >> BigInt(-shift);
  }

  /** @throws {RangeError} if the bytes do not decode with these frequencies */
  decode(frequencies: readonly number[]): number {
    this.#done += 1;
    const low = this.#low << SHIFT;
    const place = Number(((this.#value >> BigInt(TOTAL_BITS * (this.#symbols - this.#done))) - low) / this.#width);
    let before = 0;
    for (const [symbol, frequency] of frequencies.entries()) {
      if (place < before + frequency) {
        this.#low = low + this.#width * BigInt(before);
        this.#width *= BigInt(frequency);
        return symbol;
      }
      before += frequency;
    }
    throw new RangeError('the bytes do not decode with these frequencies');
  }
}
