/** Pseudo-random numbers seeded by text, for data sets whose seeds are names. */
export interface SeededRandom {
  /** Uniform in [0, 1). */
  next(): number;
  /** An index, drawn with probability proportional to its weight (≥ 0, not all zero). */
  weighted(weights: readonly number[]): number;
}

/** xmur3 text hash → sfc32 generator (both public domain), 15 rounds of warm-up. */
export function seededRandom(seed: string): SeededRandom {
  const hash = textHash(seed);
  let a = hash();
  let b = hash();
  let c = hash();
  let d = hash();
  const next = (): number => {
    const t = (((a + b) | 0) + d) | 0;
    d = (d + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (c << 21) | (c >>> 11);
    c = (c + t) | 0;
    return (t >>> 0) / 4294967296;
  };
  for (let round = 0; round < 15; round++) next();
  return { next, weighted: (weights) => pickWeighted(weights, next()) };
}

function textHash(text: string): () => number {
  let h = 1779033703 ^ text.length;
  for (let i = 0; i < text.length; i++) {
    h = Math.imul(h ^ text.charCodeAt(i), 3432918353);
    h = (h << 13) | (h >>> 19);
  }
  return () => {
    h = Math.imul(h ^ (h >>> 16), 2246822507);
    h = Math.imul(h ^ (h >>> 13), 3266489909);
    h ^= h >>> 16;
    return h | 0;
  };
}

function pickWeighted(weights: readonly number[], uniform: number): number {
  let left = uniform * weights.reduce((sum, weight) => sum + weight, 0);
  for (const [index, weight] of weights.entries()) {
    left -= weight;
    if (left < 0) return index;
  }
  return weights.length - 1;
}

/** An element of the list, uniformly drawn. */
export function choose<T>(list: readonly T[], random: SeededRandom): T {
  return list[Math.floor(random.next() * list.length)] as T;
}
