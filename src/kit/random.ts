/**
 * Seeded random numbers, the same on every machine.
 *
 * xoshiro128** 1.1 by David Blackman and Sebastiano Vigna (2018, public domain, prng.di.unimi.it), its state filled by
 * MurmurHash3's 32-bit finaliser over the seed's and the streams' words.
 */
export class Random {
  readonly #state = new Uint32Array(4);

  private constructor(words: readonly number[]) {
    let hash = 0x9e3779b9;
    for (const word of words) hash = mix(hash ^ mix((word + 0x85ebca6b) | 0)) + 0x9e3779b9;
    for (let i = 0; i < 4; i++) this.#state[i] = mix(hash + Math.imul(i + 1, 0x9e3779b9));
    if (this.#state.every((word) => word === 0)) this.#state[0] = 1;
  }

  /**
   * A generator for a seed; `streams` select one of many independent generators of that seed (such as result i of a
   * request). All are integers, 0 … 2⁵³ − 1.
   */
  static of(seed: number, ...streams: readonly number[]): Random {
    return new Random([seed, ...streams].flatMap((value) => [value >>> 0, Math.floor(value / 2 ** 32) >>> 0]));
  }

  /** A generator in a given state of four 32-bit words, not all zero. */
  static fromState(state: readonly [number, number, number, number]): Random {
    const random = new Random([]);
    random.#state.set(state);
    return random;
  }

  /** A new generator, independent of this one's further output. Draws four words from this one. */
  split(): Random {
    return new Random([this.bits(), this.bits(), this.bits(), this.bits()]);
  }

  /** 32 random bits, as an integer 0 … 2³² − 1. */
  bits(): number {
    const s = this.#state as unknown as [number, number, number, number];
    const result = Math.imul(rotate(Math.imul(s[1], 5), 7), 9) >>> 0;
    const shifted = s[1] << 9;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= shifted;
    s[3] = rotate(s[3], 11);
    return result;
  }

  /** Uniform in [0, 1), with 53 random bits. */
  uniform(): number {
    return ((this.bits() >>> 5) * 2 ** 26 + (this.bits() >>> 6)) / 2 ** 53;
  }

  /** An integer 0 … n − 1, all equally likely; 1 ≤ n ≤ 2³². */
  integer(n: number): number {
    if (!(Number.isInteger(n) && n >= 1 && n <= 2 ** 32)) throw new RangeError(`integer(${n})`);
    const unfair = 2 ** 32 - (2 ** 32 % n);
    for (;;) {
      const bits = this.bits();
      if (bits < unfair) return bits % n;
    }
  }

  /** Normal with mean 0 and standard deviation 1 (Box and Muller 1958; one of the pair is discarded). */
  normal(): number {
    return Math.sqrt(-2 * Math.log(1 - this.uniform())) * Math.cos(2 * Math.PI * this.uniform());
  }

  /** Shuffles in place (Fisher and Yates, in Durstenfeld's form) and returns the same array. */
  shuffle<Items extends { length: number; [index: number]: unknown }>(items: Items): Items {
    for (let i = items.length - 1; i > 0; i--) {
      const j = this.integer(i + 1);
      const item = items[i];
      items[i] = items[j];
      items[j] = item;
    }
    return items;
  }
}

/** MurmurHash3's finaliser (Austin Appleby, public domain): each output bit depends on each input bit. */
function mix(word: number): number {
  let h = word;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return h ^ (h >>> 16);
}

function rotate(word: number, by: number): number {
  return (word << by) | (word >>> (32 - by));
}

/**
 * Standard Gumbel noise: the index of the largest log-weight + noise is distributed according to the weights (Gumbel
 * 1954).
 */
export function gumbel(random: Random): number {
  return -Math.log(-Math.log(Math.max(random.uniform(), 2 ** -54)));
}

/** Draws `keep` of `indices` without replacement; `logs` are their log-weights. */
export function sampleByLogWeights(
  indices: readonly number[],
  logs: Float64Array,
  keep: number,
  random: Random,
): number[] {
  const keys = new Map(indices.map((index, place) => [index, (logs[place] as number) + gumbel(random)]));
  return [...indices].sort((a, b) => (keys.get(b) as number) - (keys.get(a) as number) || a - b).slice(0, keep);
}
