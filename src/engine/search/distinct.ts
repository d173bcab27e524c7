/** Keeps the results of one request distinct: no two end with the same code. */
import type { State } from '../network/network.ts';

/** Results with the same code so far. */
export class SiblingGroup {
  /** Number of results. */
  readonly size: number;
  readonly #capacity: number;
  readonly #taken = new Map<number, number>();

  /** @param capacity most results that may choose the same candidate */
  constructor(size: number, capacity: number) {
    this.size = size;
    this.#capacity = capacity;
  }

  /** Whether a candidate has reached its capacity. */
  isFull(choice: number): boolean {
    return (this.#taken.get(choice) ?? 0) >= this.#capacity;
  }

  take(choice: number): void {
    this.#taken.set(choice, (this.#taken.get(choice) ?? 0) + 1);
  }
}

/**
 * Groups the results of a request by their state at a level.
 *
 * @param states one per result
 * @param counts K of each level
 * @param divergeEarly whether results diverge at the first level with enough candidates. Otherwise they diverge by chance,
 * and the capacity of a candidate is the number of codes below it.
 */
export function siblingGroupsAt(
  states: readonly State[],
  level: number,
  counts: readonly number[],
  divergeEarly: boolean,
): Map<State, SiblingGroup> {
  const sizes = new Map<State, number>();
  for (const state of states) sizes.set(state, (sizes.get(state) ?? 0) + 1);
  const below = codesBelow(level, counts);
  const count = counts[level] as number;
  const groups = new Map<State, SiblingGroup>();
  for (const [state, size] of sizes)
    groups.set(state, new SiblingGroup(size, divergeEarly ? Math.ceil(size / count) : below));
  return groups;
}

/** Number of codes with the same choices up to and including a level, at most `Number.MAX_SAFE_INTEGER`. */
export function codesBelow(level: number, counts: readonly number[]): number {
  return counts.slice(level + 1).reduce((product, count) => Math.min(product * count, Number.MAX_SAFE_INTEGER), 1);
}
