/** Batches descents: those at the same level share a run of its graph. */

import type { Network, Row } from '../network/network.ts';
import type { Slice } from './beams.ts';
import type { Descent } from './descent.ts';

interface Taken {
  readonly descent: Descent;
  readonly slice: Slice;
  readonly firstRow: number;
}

/** The part of one descent in a run. */
export interface BatchShare {
  readonly descent: Descent;
  /** Its rows in the run. */
  readonly rows: number;
  /** Lets it choose; resolves when it has, which may take minutes where a person is asked. Never rejects. */
  choose(): Promise<void>;
}

/**
 * Runs one graph once for what is next of these descents, which must stand at the same level of the network's model; those
 * that are not `ready` are skipped, and those that no longer fit wait for the next call. Resolves when the run is over;
 * each that took part must then choose. Nothing rejects: a descent that fails carries its own error, and the others go on.
 *
 * @param most rows of the run, where the network would take more
 */
export async function runBatch(
  network: Network,
  descents: readonly Descent[],
  most = Number.POSITIVE_INFINITY,
): Promise<BatchShare[]> {
  if (descents.find(({ status }) => status === 'ready')?.isDrawnWhole) return await runWhole(network, descents, most);
  const first = network.scoresUndrawn ? descents.find(({ status }) => status === 'ready') : undefined;
  if (first?.linear) return await runScored(network, first, first.linear, most);
  const started = performance.now();
  const taken = takeRows(network, descents, most);
  const [leading] = taken;
  if (!leading) return [];
  const rows = taken.flatMap(({ descent, slice }) =>
    slice.states.map((state): Row => ({ state, condition: descent.plan.condition })),
  );
  try {
    const asksPrior = taken.some(({ descent }) => descent.asksPrior);
    const output = await network.runLevel(leading.descent.level, rows, taken.length, asksPrior);
    const engine = (performance.now() - started - output.ms) / taken.length;
    for (const { descent } of taken) descent.spendEngine(engine);
    return taken.map(({ descent, slice, firstRow }) => ({
      descent,
      rows: slice.states.length,
      choose: () => descent.choose(slice, output, firstRow),
    }));
  } catch (thrown) {
    for (const { descent } of taken) descent.fail(thrown);
    return [];
  }
}

/** Scores a level of one descent, whose form is its own. */
async function runScored(
  network: Network,
  descent: Descent,
  { form, index }: NonNullable<Descent['linear']>,
  most: number,
): Promise<BatchShare[]> {
  const started = performance.now();
  const slice = descent.take(Math.min(most, network.rowsScoredAt(descent.level)));
  if (!slice) return [];
  try {
    const rows = slice.states.map((state): Row => ({ state, condition: descent.plan.condition }));
    const output = await network.scoreLevel(descent.level, rows, form);
    descent.spendEngine(performance.now() - started - output.ms);
    return [{ descent, rows: rows.length, choose: () => descent.choose(slice, output, 0, index) }];
  } catch (thrown) {
    descent.fail(thrown);
    return [];
  }
}

/** Draws whole descents of those that the prior alone decides. */
async function runWhole(network: Network, descents: readonly Descent[], most: number): Promise<BatchShare[]> {
  const limit = Math.min(most, network.rowsPerDescend);
  const taken: { readonly descent: Descent; readonly noise: readonly Float32Array[] }[] = [];
  let room = limit;
  for (const descent of descents.filter((one) => one.status === 'ready' && one.isDrawnWhole)) {
    const noise = room > 0 ? descent.takeNoise(room) : [];
    if (noise.length > 0) taken.push({ descent, noise });
    room -= noise.length;
  }
  const started = performance.now();
  try {
    const conditions = taken.flatMap(({ descent, noise }) => noise.map(() => descent.plan.condition));
    const paths = await network.descend(
      taken.flatMap(({ noise }) => noise),
      conditions,
    );
    const ms = performance.now() - started;
    return taken.map(({ descent, noise }) => {
      const own = paths.splice(0, noise.length);
      return { descent, rows: noise.length, choose: async () => descent.follow(own, ms) };
    });
  } catch (thrown) {
    for (const { descent } of taken) descent.fail(thrown);
    return [];
  }
}

/** The same, and all begin to choose: one promise per descent that took part. */
export async function beginChoosing(network: Network, descents: readonly Descent[]): Promise<Promise<void>[]> {
  return (await runBatch(network, descents)).map((share) => share.choose());
}

/** The same, and waits until all of them have chosen. */
export async function advance(network: Network, descents: readonly Descent[]): Promise<void> {
  await Promise.all(await beginChoosing(network, descents));
}

function takeRows(network: Network, descents: readonly Descent[], limit: number): Taken[] {
  const ready = descents.filter(({ status, isDrawnWhole }) => status === 'ready' && !isDrawnWhole);
  const [first] = ready;
  if (!first) return [];
  if (ready.some(({ level }) => level !== first.level)) throw new RangeError('descents at different levels');
  const most = Math.min(limit, network.rowsAt(first.level));
  const taken: Taken[] = [];
  let firstRow = 0;
  for (const descent of ready) {
    if (firstRow >= most) break;
    const slice = descent.take(most - firstRow);
    if (!slice) continue;
    taken.push({ descent, slice, firstRow });
    firstRow += slice.states.length;
  }
  return taken;
}
