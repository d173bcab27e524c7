/** Scores by the distance of a network's feature maps to those of a picture: "like this one, not pixel by pixel". */
import { z } from 'zod';
import { type Candidates, defineGuide } from '../src/guide.ts';
import { mapDistance, type UnitMaps, unitMaps } from './lib/map-distance.ts';
import { mapNetworkParams, openMaps, perceptualModel, readMaps } from './lib/map-network.ts';
import { pictureParam, shortlistParams, shortlistPreferences } from './lib/params.ts';
import { finalReference, type Reference, shrinkReference } from './lib/reference.ts';

/** The network that comes with Kandid. */
const SHIPPED = 'imagenet-lite';

const params = z.strictObject({
  image: pictureParam('The picture that the result should look like: shapes, textures and colours, not each pixel.'),
  network: z
    .string()
    .min(1)
    .optional()
    .describe(
      'The network: a folder among the models, or a path, that holds maps.onnx or model.onnx; or the path of an ONNX file. Default: the one named in the model.json of the model, or imagenet-lite.',
    ),
  ...mapNetworkParams,
  ...shortlistParams({ fromSide: 4, shortlist: 24, refine: 12 }),
});

const asCandidate = ({ data, channels, side }: Reference): Candidates => ({ data, batch: 1, count: 1, channels, side });

export default defineGuide({
  name: 'perceptual',
  description: 'Distance to a picture as a network sees it: alike, not pixel by pixel.',
  params,
  recorded: ['networkSide', 'fromSide', 'toSide', 'shortlist', 'refine'],
  async create(options, context) {
    const name = options.network ?? (await perceptualModel(context)) ?? SHIPPED;
    const network = await openMaps(name, options.networkSide, context);
    const reference = await finalReference(options.image, context);
    const kept = new Map<number, UnitMaps>();
    /** The picture at the side of the candidates: what none of them can show yet counts against none. */
    const mapsAt = async (side: number): Promise<UnitMaps> => {
      const known = kept.get(side);
      if (known) return known;
      const [maps] = await readMaps(network, asCandidate(shrinkReference(reference, side)), context, unitMaps);
      kept.set(side, maps as UnitMaps);
      return maps as UnitMaps;
    };
    await mapsAt(reference.side);
    return {
      prefers: shortlistPreferences(options),
      async score(candidates, _level, signal) {
        const wanted = await mapsAt(candidates.side);
        const turns = { signal, compute: context.compute };
        return Float32Array.from(
          await readMaps(network, candidates, turns, (maps, n) => -mapDistance(unitMaps(maps, n), wanted)),
        );
      },
    };
  },
});
