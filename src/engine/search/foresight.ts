/** Foresight: what candidates are likely to become, by the prior alone. */
import type { Picture } from '../../guide.ts';
import type { Turns } from '../guides/context.ts';
import type { Place } from '../guides/score.ts';
import type { LevelOutput, Network, Row, State } from '../network/network.ts';
import { type ChildStates, createStates } from './beams.ts';

/** Side, in pixels, up to which a picture is finished: there one sees what it is of, and it takes some 20 ms on two cores. */
export const FORESEEN_SIDE = 32;

/** Finishes states of one level. */
export type Foresee = (states: readonly State[]) => Promise<readonly Picture[]>;

/** Of a request on this condition; undefined without a prior, or where the model draws smaller pictures. */
export function foresightOf(
  network: Network,
  condition: Float32Array | null,
  turns: Turns,
  toSide = FORESEEN_SIDE,
): Foresee | undefined {
  if (!network.prior || network.finalSide < toSide) return undefined;
  const last = network.info.levels.filter(({ side }) => side <= toSide).length - 1;
  return async (states) => {
    const most = network.rowsAt(last);
    const pictures: Picture[] = [];
    for (let from = 0; from < states.length; from += most)
      pictures.push(...(await finish(network, states.slice(from, from + most), { condition, turns, last })));
    return pictures;
  };
}

/** Finishes candidates of a run, whose rows of these states begin at `firstRow`; undefined where they are as fine already. */
export function finishing(
  foresee: Foresee | undefined,
  states: readonly State[],
  output: LevelOutput,
  firstRow: number,
): ((places: readonly Place[]) => Promise<readonly Picture[]>) | undefined {
  const side = output.candidates.dims.at(-1) as number;
  if (!foresee || side >= FORESEEN_SIDE) return undefined;
  return (places) => foresee(childrenOf(states, places, output, firstRow));
}

interface Finishing {
  readonly condition: Float32Array | null;
  readonly turns: Turns;
  readonly last: number;
}

/** Always the likeliest choice, up to and with the level `last`. */
async function finish(network: Network, begun: readonly State[], { condition, turns, last }: Finishing) {
  let states = begun;
  let before: LevelOutput | null = null;
  const from = states[0]?.code.length ?? last + 1;
  for (let level = from; level <= last; level++) {
    const rows = states.map((state): Row => ({ state, condition }));
    const output = await turns.compute(() => network.runLevel(level, rows, 1, true));
    states = likeliest(states, output);
    output.releaseCandidates();
    before?.releaseFeatures();
    before = output;
  }
  before?.releaseFeatures();
  const { channels } = network.info;
  return states.map(({ predict }): Picture => {
    const side = Math.round(Math.sqrt(predict.length / channels));
    return { data: predict, channels, width: side, height: side };
  });
}

function likeliest(states: readonly State[], output: LevelOutput): State[] {
  const { logPrior, candidateCount: count } = output;
  if (!logPrior) throw new RangeError('the prior was not asked');
  const places = states.map((_, row): Place => {
    const own = logPrior.data.subarray(row * count, (row + 1) * count);
    return { row, choice: own.indexOf(own.reduce((most, one) => Math.max(most, one))) };
  });
  return childrenOf(states, places, output, 0);
}

function childrenOf(parents: readonly State[], places: readonly Place[], output: LevelOutput, firstRow: number) {
  const created: ChildStates = new Map();
  createStates(parents, places, output, firstRow, created);
  return places.map(({ row, choice }) => created.get(parents[row] as State)?.get(choice) as State);
}
