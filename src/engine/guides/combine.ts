/** Combines the scores of several guides into one score per candidate. */
import type { BlendKind } from '../../contract/requests.ts';

/** One guide's scores of the candidates, higher is better, with their weight. */
export interface WeightedScores {
  readonly scores: Float64Array;
  /** Negative: away from what the guide prefers. */
  readonly weight: number;
  /** Candidates with lower scores rank after all others. */
  readonly vetoBelow?: number | undefined;
}

/** Larger than any blend of scores. */
const VETO = 1e6;

/**
 * One score per candidate from those of all guides, minus a million for each veto. A guide that gives all candidates
 * the same score has no influence; null if none has: the choice is random.
 */
export function blendScores(kind: BlendKind, parts: readonly WeightedScores[]): Float64Array | null {
  const total = blendedScores(kind, parts);
  const vetoes = parts.filter(({ weight, vetoBelow }) => weight !== 0 && vetoBelow !== undefined);
  if (vetoes.length === 0) return total;
  const length = parts[0]?.scores.length ?? 0;
  const count = Float64Array.from({ length }, (_, i) =>
    vetoes.reduce((sum, { scores, vetoBelow = 0 }) => sum + ((scores[i] as number) < vetoBelow ? 1 : 0), 0),
  );
  if (isFlat(count)) return total;
  return count.map((vetoed, i) => (total?.[i] ?? 0) - VETO * vetoed);
}

function blendedScores(kind: BlendKind, parts: readonly WeightedScores[]): Float64Array | null {
  const active = parts.filter(({ scores, weight }) => weight !== 0 && !isFlat(scores));
  const [first] = active;
  if (!first) return null;
  const total = new Float64Array(first.scores.length);
  for (const { scores, weight } of active) {
    const scaled = SCALES[kind](scores);
    for (let i = 0; i < total.length; i++) total[i] = (total[i] as number) + weight * (scaled[i] as number);
  }
  return cancelsOut(total, active) ? null : total;
}

/** Guides of opposite preference leave rounding residues, which must not decide. */
function cancelsOut(total: Float64Array, parts: readonly WeightedScores[]): boolean {
  const residue = 1e-9 * parts.reduce((sum, { weight }) => sum + Math.abs(weight), 0);
  const first = total[0] as number;
  for (let i = 1; i < total.length; i++) if (Math.abs((total[i] as number) - first) > residue) return false;
  return true;
}

const SCALES: Readonly<Record<BlendKind, (scores: Float64Array) => Float64Array>> = {
  rank: ranks,
  zscore: standardised,
  product: temperedLogProbabilities,
  likelihood: (scores) => scores,
};

/**
 * Blended scores beside log-probabilities of the prior: log-likelihoods as they are, other scores, whose scale says
 * nothing, at standard deviation 1 over the candidates that were scored.
 */
export function besidePrior(kind: BlendKind, blended: Float64Array): Float64Array {
  return kind === 'likelihood' ? blended : standardised(blended);
}

/** Ranks divided by the highest, 0 … 1; equal scores share their mean rank. */
export function ranks(scores: Float64Array): Float64Array {
  const order = Uint32Array.from(scores, (_, i) => i).sort((a, b) => (scores[a] as number) - (scores[b] as number));
  const result = new Float64Array(scores.length);
  const highest = Math.max(1, scores.length - 1);
  for (let from = 0; from < order.length; ) {
    const value = scores[order[from] as number];
    let to = from + 1;
    while (to < order.length && scores[order[to] as number] === value) to++;
    for (let i = from; i < to; i++) result[order[i] as number] = (from + to - 1) / 2 / highest;
    from = to;
  }
  return result;
}

/** Mean 0, standard deviation 1; all 0 if all scores are equal. */
export function standardised(scores: Float64Array): Float64Array {
  const { length } = scores;
  let mean = 0;
  for (let i = 0; i < length; i++) mean += (scores[i] as number) / length;
  let variance = 0;
  for (let i = 0; i < length; i++) variance += ((scores[i] as number) - mean) ** 2 / length;
  const deviation = Math.sqrt(variance);
  const result = new Float64Array(length);
  if (deviation > 0) for (let i = 0; i < length; i++) result[i] = ((scores[i] as number) - mean) / deviation;
  return result;
}

/** Share of the candidates over which each guide's softmax spreads under `product`. */
const SPREAD = 1 / 4;
const HALVINGS = 40;

function temperedLogProbabilities(scores: Float64Array): Float64Array {
  const z = standardised(scores);
  const best = z.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
  const wanted = Math.log(Math.max(1, scores.length * SPREAD));
  let low = 1e-3;
  let high = 1e3;
  for (let i = 0; i < HALVINGS; i++) {
    const middle = Math.sqrt(low * high);
    if (entropy(z, best, middle) < wanted) low = middle;
    else high = middle;
  }
  const temperature = Math.sqrt(low * high);
  const logSum = Math.log(z.reduce((sum, value) => sum + Math.exp((value - best) / temperature), 0));
  return z.map((value) => (value - best) / temperature - logSum);
}

/** Entropy in nats of the softmax of z at a temperature. */
function entropy(z: Float64Array, best: number, temperature: number): number {
  let sum = 0;
  let weighted = 0;
  for (const value of z) {
    const x = (value - best) / temperature;
    const e = Math.exp(x);
    sum += e;
    weighted += e * x;
  }
  return Math.log(sum) - weighted / sum;
}

function isFlat(scores: Float64Array): boolean {
  for (let i = 1; i < scores.length; i++) if (scores[i] !== scores[0]) return false;
  return true;
}
