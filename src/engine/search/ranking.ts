/** Ranks the results of a request by the guides' scores. */
import type { BlendKind } from '../../contract/requests.ts';
import { blendScores } from '../guides/combine.ts';

/** Per guide, its last score of one result; null if it has not scored it. */
export type GuideScores = readonly (number | null)[];

/**
 * Indices of the results, best first, ties in their order. A guide's own scores of different results at one level are
 * comparable, unlike blended scores, which are relative to the other candidates. Guides that have not scored all results
 * are ignored.
 */
export function ranked(
  results: readonly GuideScores[],
  { blend, weights }: { readonly blend: BlendKind; readonly weights: readonly number[] },
): number[] {
  const parts = weights.flatMap((weight, guide) => {
    const scores = results.map((own) => own[guide] ?? null);
    return scores.every((score) => score !== null) ? [{ scores: Float64Array.from(scores), weight }] : [];
  });
  const places = results.map((_, place) => place);
  const totals = blendScores(blend, parts);
  return totals ? places.sort((a, b) => (totals[b] as number) - (totals[a] as number) || a - b) : places;
}
