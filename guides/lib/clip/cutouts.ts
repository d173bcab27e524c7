/** Parts of a picture that a CLIP is shown beside the whole, so that no single frame decides. */
import { uniform } from '../../../src/kit/mulberry32.ts';
import { type View, WHOLE } from '../pixels.ts';

const SMALLEST = 0.75;

/** The whole, and `count` random squares of three quarters of the side and more; the same for a seed. */
export function cutouts(count: number, seed: number): View[] {
  const next = uniform(seed);
  const views = Array.from({ length: count }, () => {
    const share = SMALLEST + (1 - SMALLEST) * next();
    return { share, left: (1 - share) * next(), top: (1 - share) * next() };
  });
  return [WHOLE, ...views];
}
