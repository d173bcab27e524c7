/** Foresight: previews of how candidates are likely to continue, by the prior alone. */
import type { Picture } from '../../guide.ts';
import type { Turns } from '../guides/context.ts';
import type { Place } from '../guides/score.ts';
import type { Network, State } from '../network/network.ts';
import type { Foresee } from './plan.ts';
import { certainNoise } from './prior-paths.ts';

/** Side in pixels of the previews: the content is recognisable there, and finer sides take most of the time. */
const PREVIEW_SIDE = 32;

/** Codes per run: enough to fill the cores, few enough that other requests can run in between. */
const CODES_PER_RUN = 4;

/**
 * The previews of a request.
 *
 * @param condition picture of the request, [channels, S, S], if the model has one
 * @returns undefined without a prior, or if the model's pictures are smaller than the previews
 */
export function foresightOf(
  network: Network,
  condition: Float32Array | null,
  turns: Turns,
  toSide = PREVIEW_SIDE,
): Foresee | undefined {
  if (!network.prior || network.finalSide < toSide) return undefined;
  const { info } = network;
  return async (prefixes) => {
    const pictures: Picture[] = [];
    for (let from = 0; from < prefixes.length; from += CODES_PER_RUN) {
      const noise = prefixes.slice(from, from + CODES_PER_RUN).map((code) => certainNoise(info, code));
      const conditions = noise.map(() => condition);
      const paths = await turns.compute(() => network.descend(noise, conditions, toSide));
      pictures.push(...paths.map(({ images }) => pictureOf(images.at(-1) as Float32Array, info.channels)));
    }
    return pictures;
  };
}

function pictureOf(data: Float32Array, channels: number): Picture {
  const side = Math.round(Math.sqrt(data.length / channels));
  return { data, channels, width: side, height: side };
}

/** Draws previews of candidates of these states; undefined if the candidates are as large already. */
export function finishing(
  foresee: Foresee | undefined,
  states: readonly State[],
  side: number,
): ((places: readonly Place[]) => Promise<readonly Picture[]>) | undefined {
  if (!foresee || side >= PREVIEW_SIDE) return undefined;
  return (places) => foresee(places.map(({ row, choice }) => [...(states[row] as State).code, choice]));
}
