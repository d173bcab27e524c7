/** Ranks the results of a request by what the guides say of them. */
import type { BlendKind } from '../../contract/requests.ts';
import { blendScores } from '../guides/combine.ts';

/** Of one result, of each guide: its score at the last level that it was asked at, null where it never was. */
export type GuideScores = readonly (number | null)[];

/**
 * Places of the results, the best first; equal ones as they come. A guide's scores of different results at one level are
 * comparable, unlike blended scores, which are relative to the candidates beside them. A guide that was not asked about
 * some of them has no say.
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
