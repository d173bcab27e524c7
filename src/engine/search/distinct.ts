/** Keeps the results of one request apart, so that no two of them end with the same code. */
import type { State } from '../network/network.ts';

/** Results that have made the same choices so far. */
export class Family {
  /** How many they are. */
  readonly size: number;
  readonly #room: number;
  readonly #taken = new Map<number, number>();

  /** @param room results that one candidate may be chosen by */
  constructor(size: number, room: number) {
    this.size = size;
    this.#room = room;
  }

  /** Whether a candidate was chosen by as many of them as there is room for. */
  isFull(choice: number): boolean {
    return (this.#taken.get(choice) ?? 0) >= this.#room;
  }

  take(choice: number): void {
    this.#taken.set(choice, (this.#taken.get(choice) ?? 0) + 1);
  }
}

/**
 * Groups the results of a request at a level by where they stand.
 *
 * `soon`: results part as early as there are candidates enough. Without it they part by the luck of the draw, and only
 * where fewer codes are left below a candidate than results stand at it does it become full.
 */
export function familiesAt(
  standing: readonly State[],
  level: number,
  candidates: readonly number[],
  soon: boolean,
): Map<State, Family> {
  const sizes = new Map<State, number>();
  for (const state of standing) sizes.set(state, (sizes.get(state) ?? 0) + 1);
  const below = codesBelow(level, candidates);
  const here = candidates[level] as number;
  const families = new Map<State, Family>();
  for (const [state, size] of sizes) families.set(state, new Family(size, soon ? Math.ceil(size / here) : below));
  return families;
}

/** Number of codes that begin with the same choices up to and with a level. */
export function codesBelow(level: number, candidates: readonly number[]): number {
  return candidates.slice(level + 1).reduce((product, count) => Math.min(product * count, Number.MAX_SAFE_INTEGER), 1);
}
