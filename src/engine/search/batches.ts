/** Batches descents: those at the same level share a run of the level's graph. */

import type { SpanForms } from '../network/fused.ts';
import type { Network, Row, State } from '../network/network.ts';
import type { Slice } from './beams.ts';
import type { Descent } from './descent.ts';
import { spanNoise } from './spans.ts';

/** The states of one descent in a run. */
interface Member {
  readonly descent: Descent;
  readonly slice: Slice;
  /** Row of the slice's first state. */
  readonly firstRow: number;
}

/** One descent's part of a finished run. */
export interface BatchShare {
  readonly descent: Descent;
  /** Number of its rows in the run. */
  readonly rows: number;
  /** Hands it the output; resolves once it has chosen, which takes minutes if a person decides. Never rejects. */
  choose(): Promise<void>;
}

/**
 * Runs one graph for the next step of these descents, which must be at the same level of the network's model. Those that
 * are not `ready` are skipped, as are those that no longer fit, or that need another graph. Resolves after the run; the
 * caller must then call `choose` of every share. Never rejects: a descent that fails holds its own error.
 *
 * @param maxRows limit beside the network's own
 * @throws {RangeError} if they are at different levels
 */
export async function runBatch(
  network: Network,
  descents: readonly Descent[],
  maxRows = Number.POSITIVE_INFINITY,
): Promise<BatchShare[]> {
  if (descents.find(({ status }) => status === 'ready')?.isOneShot) return await runOneShot(network, descents, maxRows);
  const ready = descents.filter(({ status, isOneShot }) => status === 'ready' && !isOneShot);
  const [first] = ready;
  if (!first) return [];
  if (ready.some(({ level }) => level !== first.level)) throw new RangeError('descents at different levels');
  const { fused } = network;
  const spanKey = ({ span }: Descent) => fused && span && fused.spanKey(span);
  const key = spanKey(first);
  if (key !== null)
    return await runSpan(
      network,
      ready.filter((one) => spanKey(one) === key),
      maxRows,
    );
  const single = ready.filter((one) => spanKey(one) === null);
  const formsKey = undrawnKey(network, first);
  const compatible = single.filter((one) => undrawnKey(network, one) === formsKey);
  return formsKey === null
    ? await runDrawn(network, compatible, maxRows)
    : await runUndrawn(network, compatible, maxRows);
}

/** Runs a level that draws all candidates. */
async function runDrawn(network: Network, descents: readonly Descent[], maxRows: number): Promise<BatchShare[]> {
  const started = performance.now();
  const members = membersOf(descents, Math.min(maxRows, network.rowsAt(descents[0]?.level ?? 0)));
  const [leading] = members;
  if (!leading) return [];
  const rows = members.flatMap(({ descent, slice }) =>
    slice.states.map((state): Row => ({ state, condition: descent.plan.condition })),
  );
  try {
    const usesPrior = members.some(({ descent }) => descent.needs.usesPrior);
    const output = await network.runLevel(leading.descent.level, rows, members.length, usesPrior);
    const engine = (performance.now() - started - output.ms) / members.length;
    for (const { descent } of members) descent.addEngineTime(engine);
    return members.map(({ descent, slice, firstRow }) => ({
      descent,
      rows: slice.states.length,
      choose: () => descent.choose(slice, output, firstRow),
    }));
  } catch (thrown) {
    for (const { descent } of members) descent.fail(thrown);
    return [];
  }
}

/** Descents with equal keys can share a run that draws no candidates. Null if the descent needs all of them drawn. */
function undrawnKey({ fused }: Network, { needs: { usesPrior, best, undrawn }, level }: Descent): string | null {
  return fused && undrawn && JSON.stringify([usesPrior, best, fused.key(level, undrawn.forms)]);
}

/** Runs a level that draws candidates only once they are scored or chosen. */
async function runUndrawn(network: Network, descents: readonly Descent[], maxRows: number): Promise<BatchShare[]> {
  const started = performance.now();
  const [{ level, needs }] = descents as readonly [Descent];
  const forms = new Map(descents.map((one) => [one, one.needs.undrawn?.forms ?? []]));
  const formsOf = (descent: Descent) => forms.get(descent) ?? [];
  const members = membersOf(descents, Math.min(maxRows, network.rowsUndrawnAt(level)));
  const rows = members.flatMap(({ descent, slice }) =>
    slice.states.map((state) => ({ state, condition: descent.plan.condition, forms: formsOf(descent) })),
  );
  if (rows.length === 0) return [];
  try {
    const options = { forms: rows.map((row) => row.forms), weights: needs.best, usesPrior: needs.usesPrior };
    const output = await network.runUndrawn(level, rows, members.length, options);
    const engine = (performance.now() - started - output.ms) / members.length;
    return members.map(({ descent, slice, firstRow }) => {
      descent.addEngineTime(engine);
      const guides = formsOf(descent).map(({ guide }) => guide);
      return { descent, rows: slice.states.length, choose: () => descent.choose(slice, output, firstRow, guides) };
    });
  } catch (thrown) {
    for (const { descent } of members) descent.fail(thrown);
    return [];
  }
}

/** Runs all levels of one side at once, for descents with equal span keys. */
async function runSpan(network: Network, descents: readonly Descent[], maxRows: number): Promise<BatchShare[]> {
  const started = performance.now();
  const spans = new Map(descents.map((one) => [one, one.span as SpanForms]));
  const members = membersOf(descents, Math.min(maxRows, network.rowsSpannedAt(descents[0]?.level ?? 0)));
  const rows = members.flatMap(({ descent, slice }) => {
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
    const output = await network.runSpan(rows, members.length);
    const engine = (performance.now() - started - output.ms) / members.length;
    return members.map(({ descent, slice, firstRow }) => {
      descent.addEngineTime(engine);
      const span = spans.get(descent) as SpanForms;
      const choose = async () => descent.chooseSpan(span, slice, output, firstRow);
      return { descent, rows: slice.states.length, choose };
    });
  } catch (thrown) {
    for (const { descent } of members) descent.fail(thrown);
    return [];
  }
}

/** Samples all remaining levels of descents that the prior alone decides. */
async function runOneShot(network: Network, descents: readonly Descent[], maxRows: number): Promise<BatchShare[]> {
  const limit = Math.min(maxRows, network.rowsPerDescend);
  const members: { readonly descent: Descent; readonly noise: readonly Float32Array[] }[] = [];
  let free = limit;
  for (const descent of descents.filter((one) => one.status === 'ready' && one.isOneShot)) {
    const noise = free > 0 ? descent.nextNoise(free) : [];
    if (noise.length > 0) members.push({ descent, noise });
    free -= noise.length;
  }
  const started = performance.now();
  try {
    const conditions = members.flatMap(({ descent, noise }) => noise.map(() => descent.plan.condition));
    const paths = await network.descend(
      members.flatMap(({ noise }) => noise),
      conditions,
    );
    const ms = performance.now() - started;
    return members.map(({ descent, noise }) => {
      const own = paths.splice(0, noise.length);
      return { descent, rows: noise.length, choose: async () => descent.acceptPaths(own, ms) };
    });
  } catch (thrown) {
    for (const { descent } of members) descent.fail(thrown);
    return [];
  }
}

/** `runBatch`, after which all members begin to choose: one promise per member. */
export async function beginChoosing(network: Network, descents: readonly Descent[]): Promise<Promise<void>[]> {
  return (await runBatch(network, descents)).map((share) => share.choose());
}

/** `runBatch`; resolves when all members have chosen. */
export async function advance(network: Network, descents: readonly Descent[]): Promise<void> {
  await Promise.all(await beginChoosing(network, descents));
}

/** Collects the next slices of the descents, up to `maxRows` rows. */
function membersOf(descents: readonly Descent[], maxRows: number): Member[] {
  const members: Member[] = [];
  let firstRow = 0;
  for (const descent of descents) {
    if (firstRow >= maxRows) break;
    const slice = descent.nextSlice(maxRows - firstRow);
    if (!slice) continue;
    members.push({ descent, slice, firstRow });
    firstRow += slice.states.length;
  }
  return members;
}
