/** Keeps the results of one request distinct: no two of them end with the same code. */
import type { State } from '../network/network.ts';

/** Results whose codes are the same so far. */
export class SiblingGroup {
  /** How many they are. */
  readonly size: number;
  readonly #capacity: number;
  readonly #taken = new Map<number, number>();

  /** @param capacity results that may choose one candidate */
  constructor(size: number, capacity: number) {
    this.size = size;
    this.#capacity = capacity;
  }

  /** Whether a candidate was chosen by as many of them as may. */
  isFull(choice: number): boolean {
    return (this.#taken.get(choice) ?? 0) >= this.#capacity;
  }

  take(choice: number): void {
    this.#taken.set(choice, (this.#taken.get(choice) ?? 0) + 1);
  }
}

/**
 * Groups the results of a request at a level by where they stand.
 *
 * `soon`: results diverge at the first level that has candidates enough. Without it they diverge by chance, and a candidate
 * is full only where fewer codes are left below it than results stand at it.
 */
export function siblingGroupsAt(
  standing: readonly State[],
  level: number,
  counts: readonly number[],
  soon: boolean,
): Map<State, SiblingGroup> {
  const sizes = new Map<State, number>();
  for (const state of standing) sizes.set(state, (sizes.get(state) ?? 0) + 1);
  const below = codesBelow(level, counts);
  const here = counts[level] as number;
  const families = new Map<State, SiblingGroup>();
  for (const [state, size] of sizes) families.set(state, new SiblingGroup(size, soon ? Math.ceil(size / here) : below));
  return families;
}

/** Number of codes that begin with the same choices up to and with a level. */
export function codesBelow(level: number, counts: readonly number[]): number {
  return counts.slice(level + 1).reduce((product, count) => Math.min(product * count, Number.MAX_SAFE_INTEGER), 1);
}
