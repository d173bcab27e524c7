/** The results of a request, each with its beams, and which of them run next. */
import type { Place } from '../guides/score.ts';
import type { LevelOutput } from '../network/level-output.ts';
import type { State } from '../network/network.ts';

/** One result: its beams, best first, and what it has chosen at the level that is being run. */
export interface ResultBeams {
  readonly index: number;
  /** Empty once the descent is over. */
  beams: readonly State[];
  chosen: LevelChoice | null;
  /** Of each guide, what it said of the best beam when it was asked last; null where it never was. */
  lastScores: readonly (number | null)[];
}

export interface LevelChoice {
  /** At least one. */
  readonly beams: readonly State[];
  /** Blended score of the best beam; null where no guide had a say. */
  readonly score: number | null;
  /** Of each guide, its own score of the best beam; null where it was not asked. */
  readonly guideScores: readonly (number | null)[];
}

/** Results whose turn it is at a level, and the states that must be run for them. */
export interface Slice {
  readonly results: readonly ResultBeams[];
  readonly states: readonly State[];
  /** For each different set of beams, its rows among the states. */
  readonly pools: readonly (readonly number[])[];
  /** For each result, its pool. */
  readonly poolOf: readonly number[];
}

/**
 * The first results whose states fit into so many rows and pools, at least one. Results that stand at the same place share
 * their rows, so that nothing is computed or asked twice.
 */
export function sliceOf(results: readonly ResultBeams[], rows: number, mostPools = Number.POSITIVE_INFINITY): Slice {
  const taken: ResultBeams[] = [];
  const rowOf = new Map<State, number>();
  const pools: number[][] = [];
  const poolOf: number[] = [];
  for (const result of results) {
    const fresh = result.beams.filter((state) => !rowOf.has(state));
    if (taken.length > 0 && rowOf.size + fresh.length > rows) break;
    const first = rowOf.size;
    for (const [i, state] of fresh.entries()) rowOf.set(state, first + i);
    const mine = result.beams.map((state) => rowOf.get(state) as number);
    const known = pools.findIndex((pool) => pool.length === mine.length && pool.every((row, i) => row === mine[i]));
    if (known < 0 && taken.length > 0 && pools.length >= mostPools) {
      for (const state of fresh) rowOf.delete(state);
      break;
    }
    if (known < 0) pools.push(mine);
    poolOf.push(known < 0 ? pools.length - 1 : known);
    taken.push(result);
  }
  return { results: taken, states: [...rowOf.keys()], pools, poolOf };
}

/** States created at a level, by parent and choice: results that choose the same share them. */
export type ChildStates = Map<State, Map<number, State>>;

/** Creates the states that are picked and do not exist yet, their pictures one after the other in memory. */
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
