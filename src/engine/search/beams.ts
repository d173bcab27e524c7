/** The results of a request with their beams, and the slices of them that run next. */
import type { Place } from '../guides/score.ts';
import type { LevelOutput } from '../network/level-output.ts';
import type { State } from '../network/network.ts';

/** One result: its beams, best first, and its choice at the current level. */
export interface ResultBeams {
  readonly index: number;
  /** Empty once the descent is over. */
  beams: readonly State[];
  chosen: LevelChoice | null;
  /** Per guide, its last score of the best beam; null if it has not scored one yet. */
  lastScores: readonly (number | null)[];
}

export interface LevelChoice {
  /** The states kept, best first; at least one. */
  readonly beams: readonly State[];
  /** Blended score of the best beam; null if no guide scored it. */
  readonly score: number | null;
  /** Per guide, its own score of the best beam; null if it did not score it. */
  readonly guideScores: readonly (number | null)[];
}

/** Results that run together at a level, and the states to run for them. */
export interface Slice {
  readonly results: readonly ResultBeams[];
  readonly states: readonly State[];
  /** For each distinct list of beams, their rows (indices into `states`). */
  readonly pools: readonly (readonly number[])[];
  /** For each result, the index of its pool. */
  readonly poolOf: readonly number[];
}

/**
 * The longest prefix of the results whose states fit into `maxRows` and `maxPools`, at least one result. Results with the
 * same beams share rows, so that nothing is computed or scored twice.
 */
export function sliceOf(results: readonly ResultBeams[], maxRows: number, maxPools = Number.POSITIVE_INFINITY): Slice {
  const included: ResultBeams[] = [];
  const rowOf = new Map<State, number>();
  const pools: number[][] = [];
  const poolOf: number[] = [];
  for (const result of results) {
    const fresh = result.beams.filter((state) => !rowOf.has(state));
    if (included.length > 0 && rowOf.size + fresh.length > maxRows) break;
    const first = rowOf.size;
    for (const [i, state] of fresh.entries()) rowOf.set(state, first + i);
    const rows = result.beams.map((state) => rowOf.get(state) as number);
    const known = pools.findIndex((pool) => pool.length === rows.length && pool.every((row, i) => row === rows[i]));
    if (known < 0 && included.length > 0 && pools.length >= maxPools) {
      for (const state of fresh) rowOf.delete(state);
      break;
    }
    if (known < 0) pools.push(rows);
    poolOf.push(known < 0 ? pools.length - 1 : known);
    included.push(result);
  }
  return { results: included, states: [...rowOf.keys()], pools, poolOf };
}

/** States created at a level, by parent and choice. Results with the same choice share the state. */
export type ChildStates = Map<State, Map<number, State>>;

/** Creates the picked states that do not exist yet, with their pictures adjacent in memory. */
export function createStates(
  slice: Slice,
  picks: Iterable<Place>,
  output: LevelOutput,
  firstRow: number,
  created: ChildStates,
): void {
  const { features, logPrior, candidateCount: count, size } = output;
  const wanted = new Map<number, Place>();
  for (const pick of picks)
    if (!created.get(slice.states[pick.row] as State)?.has(pick.choice))
      wanted.set(pick.row * count + pick.choice, pick);
  const block = new Float32Array(wanted.size * size);
  let at = 0;
  for (const { row, choice } of wanted.values()) {
    const parent = slice.states[row] as State;
    const predict = block.subarray(at, at + size);
    output.drawInto(predict, firstRow + row, choice);
    const children = created.get(parent) ?? new Map<number, State>();
    created.set(parent, children);
    children.set(choice, {
      code: [...parent.code, choice],
      from: { features, row: firstRow + row },
      predict,
      logPrior: parent.logPrior + (logPrior?.data[(firstRow + row) * count + choice] ?? 0),
    });
    at += size;
  }
}
