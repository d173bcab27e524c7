/** Scores by texture and colour independent of layout: Gram matrices of filter responses. */
import { basename, dirname, join } from 'node:path';
import { z } from 'zod';
import type { Candidates, Guide, GuideContext, GuideModel, LevelInfo } from '../src/guide.ts';
import { defineGuide } from '../src/guide.ts';
import { type FilterBank, filterBank, scalesOf, statistics } from './lib/filters.ts';
import { type GramReference, gramDistance, gramReference } from './lib/gram.ts';
import { networkGrams } from './lib/network-style.ts';
import { pictureParam, sideParams } from './lib/params.ts';
import { finalReference, type Reference, shrinkReference } from './lib/reference.ts';

const params = z.strictObject({
  image: pictureParam('The style picture: its colours and textures are matched, not its content.'),
  network: z
    .string()
    .min(1)
    .optional()
    .describe(
      'An ONNX network (VGG, ResNet) whose feature maps replace the random filters: a path, or a folder that holds model.onnx.',
    ),
  networkSide: z.int().min(16).max(512).default(64).describe('Side, in pixels, of the pictures passed to the network.'),
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
    .default(8)
    .describe('Smallest side, in pixels, at which the guide scores; smaller pictures have no texture.'),
});

type Params = z.output<typeof params>;

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

async function openNetwork(network: string, context: GuideContext): Promise<GuideModel> {
  const isFile = network.endsWith('.onnx');
  const folder = await context.folder(isFile ? dirname(network) : network);
  return context.open(join(folder, isFile ? basename(network) : 'model.onnx'));
}

async function networkGuide(style: Reference, { network, networkSide }: Params, context: GuideContext): Promise<Guide> {
  const model = await openNetwork(network as string, context);
  const picture: Candidates = { data: style.data, batch: 1, count: 1, channels: style.channels, side: style.side };
  const [own] = await networkGrams(model, picture, networkSide, context);
  const reference = gramReference((own as NonNullable<typeof own>).gram, (own as NonNullable<typeof own>).sizes);
  return {
    async score(candidates: Candidates, _level: LevelInfo, signal: AbortSignal) {
      const grams = await networkGrams(model, candidates, networkSide, { signal, compute: context.compute });
      return Float32Array.from(grams, ({ gram }) => -gramDistance(gram, reference));
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
    const guide = options.network ? await networkGuide(style, options, context) : filterGuide(style);
    const shortlist = options.shortlist ?? (options.network ? 16 : undefined);
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
