/** How far points are from a density (scripts/toy/figures.py has the same). */
import type { Density } from './density.ts';

/** Density of an empty bin in the paper's KL divergence. */
const FLOOR = 1e-24;

export interface ToyFigures {
  /** Kullback-Leibler divergence of the points' histogram from the density, in nats: mostly 55 × the share in empty bins. */
  readonly kl: number;
  /** Jensen-Shannon divergence, 0 … ln 2. */
  readonly js: number;
  /** Total variation, 0 … 1. */
  readonly tv: number;
}

/** @param points x and y alternating */
export function toyFigures(points: Float64Array, { bins, shares }: Density): ToyFigures {
  const count = points.length / 2;
  const found = new Float64Array(bins * bins);
  const axis = (value: number) => Math.min(bins - 1, Math.max(0, Math.floor(value * bins)));
  for (let i = 0; i < count; i++) {
    const bin = axis(points[2 * i + 1] as number) * bins + axis(points[2 * i] as number);
    found[bin] = (found[bin] as number) + 1 / count;
  }
  const middle = found.map((share, i) => (share + (shares[i] as number)) / 2);
  const total = found.reduce((sum, share, i) => sum + Math.abs(share - (shares[i] as number)), 0);
  return {
    kl: divergence(found, shares),
    js: (divergence(found, middle) + divergence(shares, middle)) / 2,
    tv: total / 2,
  };
}

function divergence(p: Float64Array, q: Float64Array): number {
  return p.reduce(
    (sum, share, i) => (share > 0 ? sum + share * Math.log(share / Math.max(q[i] as number, FLOOR)) : sum),
    0,
  );
}
