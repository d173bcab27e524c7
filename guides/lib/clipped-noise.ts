/** Mean of a shade after normal noise that is clipped at black and white: black comes out lighter, white darker. */

/** Shades beyond black and white that candidates may have. */
const REACH = 2;
const STEPS = 2048;
/** Largest position in the table that has a neighbour above it. */
const LAST = STEPS - 1e-6;

/**
 * Maps shades x (black is −1, white 1) to the mean of clamp(x + noise of standard deviation `sigma`). Shades beyond ±2 count as ±2.
 */
export function clippedMeans(sigma: number): (data: Float32Array) => Float32Array {
  const table = Float64Array.from({ length: STEPS + 1 }, (_, i) => clippedMean(REACH * ((2 * i) / STEPS - 1), sigma));
  return (data) => {
    const means = new Float32Array(data.length);
    for (let i = 0; i < data.length; i++) {
      const at = Math.min(LAST, Math.max(0, ((data[i] as number) + REACH) * (STEPS / (2 * REACH))));
      const low = Math.floor(at);
      const from = table[low] as number;
      means[i] = from + (at - low) * ((table[low + 1] as number) - from);
    }
    return means;
  };
}

/** Mean of a censored normal variable (Tobin 1958). */
function clippedMean(x: number, sigma: number): number {
  if (sigma === 0) return Math.max(-1, Math.min(1, x));
  const a = (-1 - x) / sigma;
  const b = (1 - x) / sigma;
  const inside = cumulative(b) - cumulative(a);
  return x * inside + sigma * (density(a) - density(b)) - cumulative(a) + (1 - cumulative(b));
}

function density(x: number): number {
  return Math.exp((-x * x) / 2) / Math.sqrt(2 * Math.PI);
}

/** Normal distribution function, by the error function of Abramowitz and Stegun 7.1.26; error at most 1.5e-7. */
function cumulative(x: number): number {
  const z = Math.abs(x) / Math.SQRT2;
  const t = 1 / (1 + 0.3275911 * z);
  const terms = [1.061405429, -1.453152027, 1.421413741, -0.284496736, 0.254829592];
  const tail = terms.reduce((sum, term) => (sum + term) * t, 0) * Math.exp(-z * z);
  return x > 0 ? 1 - tail / 2 : tail / 2;
}
