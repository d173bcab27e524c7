/** Shared by the restoration tasks: the run, and the two baselines of their figures. */

import type { GenerateRequest } from '../../../contract/requests.ts';
import type { Picture } from '../../../guide.ts';
import { psnr } from '../../../kit/quality.ts';
import { encodePicture } from '../../../pictures/codec.ts';
import type { EvaluationContext } from '../context.ts';
import { mean } from '../measures/figures.ts';

/** The picture as a PNG file, like a user's input. */
export function pngOf(picture: Picture): Promise<Uint8Array> {
  return encodePicture(picture, 'png');
}

/** Runs one greedy descent per held-out picture with the guides that `guidesFor` returns. */
export async function runRestoration(
  context: EvaluationContext,
  label: string,
  guidesFor: (picture: Picture, index: number) => Promise<NonNullable<GenerateRequest['guides']>>,
): Promise<Picture[]> {
  const results: Picture[] = [];
  await context.run(
    label,
    context.pictures.length,
    async (i) => ({ guides: await guidesFor(context.pictures[i] as Picture, i) }),
    (_, { done }) => void results.push(done.results[0]?.image as Picture),
  );
  return results;
}

/** Mean PSNR of pictures against the held-out ones; `compare` restricts it to a part. */
export function meanQuality(
  context: EvaluationContext,
  found: readonly Picture[],
  compare: (found: Picture, picture: Picture, index: number) => number = (one, other) => psnr(one, other),
): number {
  return mean(context.pictures.map((picture, i) => compare(found[i] as Picture, picture, i)));
}

/** Reconstructions of the complete pictures by the same search: the upper bound. */
export async function ceilingPictures(context: EvaluationContext): Promise<Picture[]> {
  return (await context.ceiling()).map(({ done }) => done.results[0]?.image as Picture);
}
