/** What one result keeps of the candidates of a level. */
import type { Random } from '../../kit/random.ts';
import type { PoolScores } from '../guides/score.ts';
import type { Family } from './distinct.ts';
import { choose, draw, ofManyParents, type Sampler } from './sampler.ts';

/** The choice of one result at a level. */
export interface Choice {
  /** Beams it has now. */
  readonly beams: number;
  /** K */
  readonly count: number;
  /** Null where nothing was scored. */
  readonly scores: PoolScores | null;
  /** The results that stand where it stands, if it has one beam. */
  readonly family: Family | undefined;
  /** Beams to keep. */
  readonly keep: number;
  readonly sampler: Sampler;
  readonly random: Random;
  /** Logarithmic shares of the beams' candidates, [beams × K], to draw by where nothing was scored; null: all alike. */
  readonly shares: Float64Array | null;
}

/**
 * Indices of the candidates kept, best first. Results that have not parted yet keep one beam each, and none takes a
 * candidate that is full.
 */
export function chooseKept(choice: Choice): number[] {
  const { beams, count, scores, family, keep, sampler, random, shares } = choice;
  const isOpen = (index: number) => !family?.isFull(index % count);
  const kept = family && family.size > 1 ? 1 : keep;
  const scored = openOf(scores, isOpen);
  const open =
    scored.indices.length > 0
      ? parted(scored, choice, kept)
      : { indices: indicesUpTo(beams * count).filter(isOpen), blended: null };
  const chosen =
    shares && !open.blended
      ? drawn(open.indices, shares, kept, random)
      : choose(open.indices, open.blended, kept, sampler, random);
  family?.take((chosen[0] as number) % count);
  return chosen;
}

interface Open {
  readonly indices: readonly number[];
  readonly blended: Float64Array | null;
}

/** With several beams to keep of several: those that leave room for each other. */
function parted({ indices, blended }: Open, { beams, count }: Choice, kept: number): Open {
  if (!blended || kept === 1 || beams === 1) return { indices, blended };
  const many = ofManyParents(indices, blended, kept, count);
  return many.indices.length < kept ? { indices, blended } : { indices: many.indices, blended: many.scores };
}

function drawn(indices: ArrayLike<number>, shares: Float64Array, keep: number, random: Random): number[] {
  const own = Float64Array.from(indices, (index) => shares[index] as number);
  return draw(Array.from(indices), own, keep, random);
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
