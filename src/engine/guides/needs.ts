/** Determines what the guides need of a level: all candidates drawn, or only those that they will score. */
import type { LevelInfo, LinearForm } from '../../guide.ts';
import type { GuideRunner } from './runner.ts';
import { COMPARED_SIDE } from './shortlist.ts';

/** A guide whose score is a quadratic form at a level. */
export interface FormAt {
  /** Its index among the guides. */
  readonly guide: number;
  readonly form: LinearForm;
}

/** The guides that are active at a level and score by a form. */
export interface UndrawnNeeds {
  readonly forms: readonly FormAt[];
  /** Whether these are all active guides. */
  readonly isAll: boolean;
}

/**
 * Null if candidates are better drawn at once: if a guide wants to see most of them, or if they are so small that
 * comparing them costs as much.
 *
 * @param count number of candidates of a choice
 * @param fits whether they fit into memory at once; otherwise never null
 */
export function undrawnNeeds(
  guides: readonly GuideRunner[],
  weights: readonly number[],
  level: LevelInfo,
  { count, fits }: { readonly count: number; readonly fits: boolean },
): UndrawnNeeds | null {
  const forms: FormAt[] = [];
  let isAll = true;
  for (const [guide, runner] of guides.entries()) {
    if (weights[guide] === 0 || !runner.isActiveAt(level)) continue;
    const form = runner.linearAt(level);
    if (form) forms.push({ guide, form });
    else {
      const asked = runner.scoredAtMost(level);
      if (fits && (asked === 0 || 2 * asked > count || level.side <= COMPARED_SIDE)) return null;
      isAll = false;
    }
  }
  return { forms, isAll };
}
