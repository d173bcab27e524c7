/** Foresight: what candidates are likely to become, by the prior alone. */
import type { Picture } from '../../guide.ts';
import type { Turns } from '../guides/context.ts';
import type { Place } from '../guides/score.ts';
import type { Network, State } from '../network/network.ts';
import type { Foresee } from './plan.ts';
import { certainNoise } from './prior-paths.ts';

/** Side, in pixels, up to which a picture is finished: there one sees what it is of, and finer sides take most of the time. */
const FORESEEN_SIDE = 32;

/** Codes finished at once: enough to fill the cores, few enough that others are served in between. */
const AT_ONCE = 4;

/** Of a request on this condition; undefined without a prior, or where the model draws smaller pictures. */
export function foresightOf(
  network: Network,
  condition: Float32Array | null,
  turns: Turns,
  toSide = FORESEEN_SIDE,
): Foresee | undefined {
  if (!network.prior || network.finalSide < toSide) return undefined;
  const { info } = network;
  return async (begun) => {
    const pictures: Picture[] = [];
    for (let from = 0; from < begun.length; from += AT_ONCE) {
      const noise = begun.slice(from, from + AT_ONCE).map((code) => certainNoise(info, code));
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

/** Finishes candidates of these states; undefined where they are as fine already. */
export function finishing(
  foresee: Foresee | undefined,
  states: readonly State[],
  side: number,
): ((places: readonly Place[]) => Promise<readonly Picture[]>) | undefined {
  if (!foresee || side >= FORESEEN_SIDE) return undefined;
  return (places) => foresee(places.map(({ row, choice }) => [...(states[row] as State).code, choice]));
}
