/** Scores by texture and colour independent of layout: Gram matrices of filter responses. */
import { z } from 'zod';
import type { Candidates, Guide, GuideContext, LevelInfo } from '../src/guide.ts';
import { defineGuide } from '../src/guide.ts';
import { type FilterBank, filterBank, scalesOf, statistics } from './lib/filters.ts';
import { type GramReference, gramDistance, gramReference, relativeReference } from './lib/gram.ts';
import { mapNetworkParams, openMaps, perceptualModel } from './lib/map-network.ts';
import { networkGrams } from './lib/network-style.ts';
import { pictureParam, sideParams } from './lib/params.ts';
import { finalReference, type Reference, shrinkReference } from './lib/reference.ts';

/** In place of a network's name. */
const FILTERS = 'filters';

const params = z.strictObject({
  image: pictureParam('The style picture: its colours and textures are matched, not its content.'),
  network: z
    .string()
    .min(1)
    .optional()
    .describe(
      'A network (imagenet-lite, VGG, ResNet) whose feature maps replace random filters: a folder among the models, or a path, that holds maps.onnx or model.onnx; or the path of an ONNX file. "filters": random filters. Default: the network named in the model.json of the model, as models of photographs have it, or random filters.',
    ),
  ...mapNetworkParams,
  shortlist: z
    .int()
    .min(1)
    .max(4096)
    .optional()
    .describe('Approximate number of candidates scored first. Default: all of them, or 16 with a network.'),
  ...sideParams,
  fromSide: z
    .int()
    .min(1)
    .max(4096)
    .default(4)
    .describe('Smallest side, in pixels, at which the guide scores; the colours are decided at 4.'),
});

function filterGuide(style: Reference): Guide {
  const bank: FilterBank = filterBank(style.channels);
  const kept = new Map<number, GramReference>();
  const referenceAt = (side: number): GramReference => {
    const known = kept.get(side);
    if (known !== undefined) return known;
    const gram = statistics(shrinkReference(style, side).data, 0, side, bank);
    const made = gramReference(
      gram,
      scalesOf(side).map(() => bank.features),
    );
    kept.set(side, made);
    return made;
  };
  return {
    score(candidates: Candidates) {
      const { batch, count, channels, side, data } = candidates;
      const reference = referenceAt(side);
      const length = channels * side * side;
      return Float32Array.from(
        { length: batch * count },
        (_, n) => -gramDistance(statistics(data, n * length, side, bank), reference),
      );
    },
  };
}

/**
 * By the geometric mean of both distances, so that neither has to be put on the scale of the other: a trained network knows
 * patterns, but little of colours and fine textures, which is what random filters are good at.
 */
async function networkGuide(style: Reference, name: string, side: number, context: GuideContext): Promise<Guide> {
  const filters = filterGuide(style);
  const network = await openMaps(name, side, context);
  const kept = new Map<number, GramReference>();
  /** The style at the side of the candidates: what none of them can show yet counts against none. */
  const referenceAt = async (at: number): Promise<GramReference> => {
    const known = kept.get(at);
    if (known !== undefined) return known;
    const { data, channels } = shrinkReference(style, at);
    const [own] = await networkGrams(network, { data, batch: 1, count: 1, channels, side: at }, context);
    const { gram, sizes } = own as NonNullable<typeof own>;
    const made = relativeReference(gram, sizes);
    kept.set(at, made);
    return made;
  };
  await referenceAt(style.side);
  return {
    async score(candidates: Candidates, level: LevelInfo, signal: AbortSignal) {
      const reference = await referenceAt(candidates.side);
      const grams = await networkGrams(network, candidates, { signal, compute: context.compute });
      const byFilters = await filters.score(candidates, level, signal);
      return Float32Array.from(
        grams,
        ({ gram }, n) => -Math.sqrt(gramDistance(gram, reference) * -(byFilters[n] as number)),
      );
    },
  };
}

export default defineGuide({
  name: 'style',
  description: 'Statistics of filter responses (Gram matrices) against those of a style picture.',
  params,
  recorded: ['networkSide', 'shortlist', 'fromSide', 'toSide'],
  async create(options, context) {
    const style = await finalReference(options.image, context);
    const named = options.network ?? (await perceptualModel(context));
    const network = named === FILTERS ? null : named;
    const guide = network ? await networkGuide(style, network, options.networkSide, context) : filterGuide(style);
    const shortlist = options.shortlist ?? (network ? 16 : undefined);
    return {
      ...guide,
      prefers: {
        fromSide: options.fromSide,
        ...(options.toSide === undefined ? {} : { toSide: options.toSide }),
        ...(shortlist === undefined ? {} : { shortlist, refine: shortlist >> 1 }),
      },
    };
  },
});
