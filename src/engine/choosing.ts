/** What one result keeps of the candidates of a level. */
import type { Random } from '../core/random.ts';
import type { Family } from './apart.ts';
import { choose, type Sampler } from './sampler.ts';
import type { PoolScores } from './scoring.ts';

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
}

/**
 * Indices of the candidates kept, best first. Results that have not parted yet keep one beam each, and none takes a
 * candidate that is full.
 */
export function chooseKept({ beams, count, scores, family, keep, sampler, random }: Choice): number[] {
  const isOpen = (index: number) => !family?.isFull(index % count);
  const kept = family && family.size > 1 ? 1 : keep;
  const scored = openOf(scores, isOpen);
  const chosen =
    scored.indices.length > 0
      ? choose(scored.indices, scored.blended, kept, sampler, random)
      : choose(indicesUpTo(beams * count).filter(isOpen), null, kept, sampler, random);
  family?.take((chosen[0] as number) % count);
  return chosen;
}

/** The scored candidates that are not full. */
function openOf(scores: PoolScores | null, isOpen: (index: number) => boolean) {
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
