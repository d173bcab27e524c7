/** Selects the candidates that one result keeps at a level. */
import type { Random } from '../../kit/random.ts';
import type { PoolScores } from '../guides/score.ts';
import type { SiblingGroup } from './distinct.ts';
import { choose, limitPerParent, type Sampler, sampleByLogWeights } from './sampler.ts';

/** One result at a level, and how it selects. */
export interface SelectionInput {
  /** Beams it has now. */
  readonly beams: number;
  /** K */
  readonly count: number;
  /** Null where nothing was scored. */
  readonly scores: PoolScores | null;
  /** The results that stand where it stands, if it has one beam. */
  readonly siblings: SiblingGroup | undefined;
  /** Beams to keep. */
  readonly keep: number;
  readonly sampler: Sampler;
  readonly random: Random;
  /** Log-probabilities of the beams' candidates, [beams × K], for where nothing was scored; null: uniform. */
  readonly logPrior: Float64Array | null;
}

/**
 * Indices of the candidates kept, best first. Results that still share their code keep one beam each, and none takes a
 * candidate whose capacity is used up.
 */
export function selectKept(choice: SelectionInput): number[] {
  const { beams, count, scores, siblings, keep, sampler, random, logPrior } = choice;
  const isOpen = (index: number) => !siblings?.isFull(index % count);
  const kept = siblings && siblings.size > 1 ? 1 : keep;
  const scored = openOf(scores, isOpen);
  const open =
    scored.indices.length > 0
      ? diversified(scored, choice, kept)
      : { indices: indicesUpTo(beams * count).filter(isOpen), blended: null };
  const chosen =
    logPrior && !open.blended
      ? sampled(open.indices, logPrior, kept, random)
      : choose(open.indices, open.blended, kept, sampler, random);
  siblings?.take((chosen[0] as number) % count);
  return chosen;
}

interface Open {
  readonly indices: readonly number[];
  readonly blended: Float64Array | null;
}

/** With several beams to keep of several: limits those of one parent. */
function diversified({ indices, blended }: Open, { beams, count }: SelectionInput, kept: number): Open {
  if (!blended || kept === 1 || beams === 1) return { indices, blended };
  const many = limitPerParent(indices, blended, kept, count);
  return many.indices.length < kept ? { indices, blended } : { indices: many.indices, blended: many.scores };
}

function sampled(indices: ArrayLike<number>, logPrior: Float64Array, keep: number, random: Random): number[] {
  const own = Float64Array.from(indices, (index) => logPrior[index] as number);
  return sampleByLogWeights(Array.from(indices), own, keep, random);
}

/** The scored candidates that are not full. */
function openOf(scores: PoolScores | null, isOpen: (index: number) => boolean): Open {
  if (!scores) return { indices: [], blended: null };
  const { indices, blended } = scores;
  if (indices.every(isOpen)) return { indices, blended };
  const open = indices.flatMap((index, place) => (isOpen(index) ? [place] : []));
  return {
    indices: open.map((place) => indices[place] as number),
    blended: blended ? Float64Array.from(open, (place) => blended[place] as number) : null,
  };
}

function indicesUpTo(length: number): number[] {
  return Array.from({ length }, (_, index) => index);
}

/** Scores to tell of the candidate that came out best. */
export function scoresOf(index: number, scores: PoolScores | null, guides: number) {
  const place = scores?.blended ? scores.indices.indexOf(index) : -1;
  const score = place < 0 ? null : (scores?.blended?.[place] ?? null);
  const guideScores = Array.from({ length: guides }, (_, guide) => {
    const own = scores?.byGuide[guide]?.[index];
    return own === undefined || Number.isNaN(own) ? null : own;
  });
  return { score, guideScores };
}
