/** Selects the candidates that one result keeps at a level. */

import type { BlendKind } from '../../contract/requests.ts';
import type { Random } from '../../kit/random.ts';
import { besidePrior } from '../guides/combine.ts';
import type { PoolScores } from '../guides/score.ts';
import type { SiblingGroup } from './distinct.ts';
import { choose, type Drawing, limitPerParent } from './sampler.ts';

/** One result at a level, and how it selects. */
export interface SelectionInput {
  /** Beams it has now. */
  readonly beams: number;
  /** K */
  readonly count: number;
  /** Null where nothing was scored. */
  readonly scores: PoolScores | null;
  /** How the scores were blended. */
  readonly blend: BlendKind;
  /** The results that stand where it stands, if it has one beam. */
  readonly siblings: SiblingGroup | undefined;
  /** Beams to keep. */
  readonly keep: number;
  readonly drawing: Drawing;
  readonly random: Random;
  /** Weighted log-probabilities of the beams' candidates with their codes, [beams × K]; null: no prior. */
  readonly prior: Float64Array | null;
}

/**
 * Indices of the candidates kept, best first. What decides is a product of experts: the guides' blended score
 * (`besidePrior`) plus the weighted logarithm of the prior. Results that still share their code keep one beam each, and
 * none takes a candidate whose capacity is used up.
 */
export function selectKept(choice: SelectionInput): number[] {
  const { beams, count, scores, blend, siblings, keep, drawing, random, prior } = choice;
  const isOpen = (index: number) => !siblings?.isFull(index % count);
  const kept = siblings && siblings.size > 1 ? 1 : keep;
  const scored = openOf(scores, isOpen);
  const open =
    scored.indices.length > 0
      ? diversified(withPrior(scored, blend, prior), choice, kept)
      : withPrior({ indices: indicesUpTo(beams * count).filter(isOpen), logits: null }, blend, prior);
  const chosen = choose(open.indices, open.logits, kept, drawing, random);
  siblings?.take((chosen[0] as number) % count);
  return chosen;
}

interface Open {
  readonly indices: readonly number[];
  /** Null without guides. */
  readonly logits: Float64Array | null;
}

function withPrior({ indices, logits }: Open, blend: BlendKind, prior: Float64Array | null): Open {
  const guided = logits && besidePrior(blend, logits);
  if (!prior) return { indices, logits: guided };
  return {
    indices,
    logits: Float64Array.from(indices, (index, place) => (prior[index] as number) + (guided?.[place] ?? 0)),
  };
}

/** With several beams to keep of several: limits those of one parent. */
function diversified({ indices, logits }: Open, { beams, count }: SelectionInput, kept: number): Open {
  if (!logits || kept === 1 || beams === 1) return { indices, logits };
  const many = limitPerParent(indices, logits, kept, count);
  return many.indices.length < kept ? { indices, logits } : { indices: many.indices, logits: many.scores };
}

/** The scored candidates that are not full. */
function openOf(scores: PoolScores | null, isOpen: (index: number) => boolean): Open {
  if (!scores) return { indices: [], logits: null };
  const { indices, blended } = scores;
  if (indices.every(isOpen)) return { indices, logits: blended };
  const open = indices.flatMap((index, place) => (isOpen(index) ? [place] : []));
  return {
    indices: open.map((place) => indices[place] as number),
    logits: blended ? Float64Array.from(open, (place) => blended[place] as number) : null,
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
