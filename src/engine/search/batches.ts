/** Batches descents: those at the same level share a run of its graph. */

import type { SpanForms } from '../network/fused.ts';
import type { Network, Row, State } from '../network/network.ts';
import type { Slice } from './beams.ts';
import type { Descent } from './descent.ts';
import { spanNoise } from './spans.ts';

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
  const ready = descents.filter(({ status, isDrawnWhole }) => status === 'ready' && !isDrawnWhole);
  const [first] = ready;
  if (!first) return [];
  if (ready.some(({ level }) => level !== first.level)) throw new RangeError('descents at different levels');
  const { fused } = network;
  const spanKey = ({ span }: Descent) => fused && span && fused.spanKey(span);
  const span = spanKey(first);
  if (span !== null)
    return await runSpan(
      network,
      ready.filter((one) => spanKey(one) === span),
      most,
    );
  const walked = ready.filter((one) => spanKey(one) === null);
  const key = undrawnKey(network, first);
  const alike = walked.filter((one) => undrawnKey(network, one) === key);
  return key === null ? await runDrawn(network, alike, most) : await runUndrawn(network, alike, most);
}

/** Runs a level all of whose candidates are drawn. */
async function runDrawn(network: Network, descents: readonly Descent[], most: number): Promise<BatchShare[]> {
  const started = performance.now();
  const taken = takeRows(descents, Math.min(most, network.rowsAt(descents[0]?.level ?? 0)));
  const [leading] = taken;
  if (!leading) return [];
  const rows = taken.flatMap(({ descent, slice }) =>
    slice.states.map((state): Row => ({ state, condition: descent.plan.condition })),
  );
  try {
    const asksPrior = taken.some(({ descent }) => descent.needs.asksPrior);
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

/** Descents whose next level may share a run that draws no candidates have the same; null of one that needs all of them. */
function undrawnKey({ fused }: Network, { needs: { asksPrior, best, undrawn }, level }: Descent): string | null {
  return fused && undrawn && JSON.stringify([asksPrior, best, fused.key(level, undrawn.forms)]);
}

/** Runs a level whose candidates are drawn when they are asked about or chosen. */
async function runUndrawn(network: Network, descents: readonly Descent[], most: number): Promise<BatchShare[]> {
  const started = performance.now();
  const [{ level, needs }] = descents as readonly [Descent];
  const forms = new Map(descents.map((one) => [one, one.needs.undrawn?.forms ?? []]));
  const formsOf = (descent: Descent) => forms.get(descent) ?? [];
  const taken = takeRows(descents, Math.min(most, network.rowsUndrawnAt(level)));
  const rows = taken.flatMap(({ descent, slice }) =>
    slice.states.map((state) => ({ state, condition: descent.plan.condition, forms: formsOf(descent) })),
  );
  if (rows.length === 0) return [];
  try {
    const options = { forms: rows.map((row) => row.forms), weights: needs.best, asksPrior: needs.asksPrior };
    const output = await network.runUndrawn(level, rows, taken.length, options);
    const engine = (performance.now() - started - output.ms) / taken.length;
    return taken.map(({ descent, slice, firstRow }) => {
      descent.spendEngine(engine);
      const guides = formsOf(descent).map(({ guide }) => guide);
      return { descent, rows: slice.states.length, choose: () => descent.choose(slice, output, firstRow, guides) };
    });
  } catch (thrown) {
    for (const { descent } of taken) descent.fail(thrown);
    return [];
  }
}

/** Runs all levels of a side at once, of descents that the same kinds of forms decide. */
async function runSpan(network: Network, descents: readonly Descent[], most: number): Promise<BatchShare[]> {
  const started = performance.now();
  const spans = new Map(descents.map((one) => [one, one.span as SpanForms]));
  const taken = takeRows(descents, Math.min(most, network.rowsSpannedAt(descents[0]?.level ?? 0)));
  const rows = taken.flatMap(({ descent, slice }) => {
    const forms = spans.get(descent) as SpanForms;
    const { plan } = descent;
    return slice.results.map(({ index }, i) => ({
      forms,
      noise: spanNoise(forms, plan, index),
      state: slice.states[i] as State,
      condition: plan.condition,
    }));
  });
  if (rows.length === 0) return [];
  try {
    const output = await network.runSpan(rows, taken.length);
    const engine = (performance.now() - started - output.ms) / taken.length;
    return taken.map(({ descent, slice, firstRow }) => {
      descent.spendEngine(engine);
      const span = spans.get(descent) as SpanForms;
      const choose = async () => descent.chooseSpan(span, slice, output, firstRow);
      return { descent, rows: slice.states.length, choose };
    });
  } catch (thrown) {
    for (const { descent } of taken) descent.fail(thrown);
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

function takeRows(descents: readonly Descent[], most: number): Taken[] {
  const taken: Taken[] = [];
  let firstRow = 0;
  for (const descent of descents) {
    if (firstRow >= most) break;
    const slice = descent.take(most - firstRow);
    if (!slice) continue;
    taken.push({ descent, slice, firstRow });
    firstRow += slice.states.length;
  }
  return taken;
}
