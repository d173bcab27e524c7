/** Scores by how well edges match those of a picture or a line drawing. */
import { z } from 'zod';
import type { Candidates, GuideContext } from '../src/guide.ts';
import { defineGuide, GuideProblem } from '../src/guide.ts';
import { fillLuma, lumaOf } from '../src/kit/luma.ts';
import { resample } from '../src/kit/resample.ts';
import { blur, edgeMap, gradientsFor } from './lib/edge-maps.ts';
import { pictureParam, sideParams, sidePreferences } from './lib/params.ts';
import { finalReference } from './lib/reference.ts';

const params = z.strictObject({
  image: pictureParam('A picture whose edges the result should have, or a line drawing.'),
  kind: z
    .enum(['picture', 'drawing'])
    .default('picture')
    .describe('picture: edges are detected in it. drawing: its lines, dark on light or light on dark, are the edges.'),
  blur: z
    .int()
    .min(0)
    .max(4)
    .default(1)
    .describe(
      'Edge maps are compared unblurred and blurred 1 … this many times, so that an edge nearby counts in part.',
    ),
  match: z
    .enum(['correlation', 'distance'])
    .default('correlation')
    .describe(
      'correlation: compares the position of edges, whatever their strength. distance: mean squared difference of the maps, strength included.',
    ),
  ...sideParams,
});

type Options = Pick<z.output<typeof params>, 'kind' | 'blur' | 'match'>;

/** One map per blur, [side, side] each. */
type Maps = readonly Float32Array[];

/** A score of one map against another, at most 0. */
function compare(map: Float32Array, reference: Float32Array, match: Options['match']): number {
  let cross = 0;
  let own = 0;
  let theirs = 0;
  for (let p = 0; p < map.length; p++) {
    const a = map[p] as number;
    const b = reference[p] as number;
    cross += a * b;
    own += a * a;
    theirs += b * b;
  }
  if (match === 'distance') return -(own + theirs - 2 * cross) / map.length;
  const norm = Math.sqrt(own * theirs);
  return norm > 0 ? cross / norm - 1 : -1;
}

function edgeScores(candidates: Candidates, reference: Maps, match: Options['match']): Float32Array {
  const { side } = candidates;
  const plane = new Float32Array(side * side);
  const map = new Float32Array(side * side);
  const line = new Float32Array(side);
  const gradients = gradientsFor(side);
  const scores = new Float32Array(candidates.batch * candidates.count);
  for (let n = 0; n < scores.length; n++) {
    const from = n * candidates.channels * plane.length;
    if (candidates.channels === 1) plane.set(candidates.data.subarray(from, from + plane.length));
    else fillLuma(plane, candidates.data, from);
    edgeMap(plane, side, gradients, map);
    let sum = 0;
    for (const [blurs, other] of reference.entries()) {
      if (blurs > 0) blur(map, side, line);
      sum += compare(map, other, match);
    }
    scores[n] = sum / reference.length;
  }
  return scores;
}

/** Lines of a drawing as strengths 0 … 1: the difference from its background, white if the mean is light and black otherwise. */
function linesOf(gray: Float32Array): Float32Array {
  const mean = gray.reduce((sum, value) => sum + value, 0) / gray.length;
  return gray.map((value) => (mean > 0 ? 1 - value : 1 + value) / 2);
}

function referenceMaps(gray: Float32Array, finalSide: number, side: number, options: Options): Maps {
  const from = { height: finalSide, width: finalSide };
  const to = { height: side, width: side };
  let map: Float32Array = new Float32Array(side * side);
  if (options.kind === 'drawing') map = resample(linesOf(gray), from, to);
  else edgeMap(resample(gray, from, to), side, gradientsFor(side), map);
  const maps = [map];
  for (let blurs = 1; blurs <= options.blur; blurs++) {
    map = map.slice();
    blur(map, side, new Float32Array(side));
    maps.push(map);
  }
  return maps;
}

function checkEdges(gray: Float32Array, side: number, kind: Options['kind'], context: GuideContext): void {
  const [map] = referenceMaps(gray, side, side, { kind, blur: 0, match: 'distance' });
  const strongest = map?.reduce((most, value) => Math.max(most, value), 0) ?? 0;
  if (strongest < 1e-3) throw new GuideProblem('the picture has no edges: expected a picture of more than one colour');
  if (strongest < 0.05) context.note('the picture has hardly any edges: the guide has little effect');
}

export default defineGuide({
  name: 'edges',
  description: 'Distance of edge maps (Sobel), sharp and blurred, to those of a picture or line drawing.',
  params,
  recorded: ['kind', 'blur', 'match', 'fromSide', 'toSide'],
  async create({ image, kind, blur: blurs, match, ...sides }, context) {
    const { finalSide } = context.model;
    const picture = await finalReference(image, context);
    const gray = lumaOf(picture.data, picture.channels);
    checkEdges(gray, finalSide, kind, context);
    const kept = new Map<number, Maps>();
    const mapsAt = (side: number): Maps => {
      const maps = kept.get(side) ?? referenceMaps(gray, finalSide, side, { kind, blur: blurs, match });
      kept.set(side, maps);
      return maps;
    };
    return { score: (candidates) => edgeScores(candidates, mapsAt(candidates.side), match), ...sidePreferences(sides) };
  },
});
