/** Descents that are told of as one: a level when all have chosen it, and one end when all have ended. */
import type { CancelledEvent, DoneEvent, GenerateEvent, LevelEvent } from './events.ts';

export type EndEvent = DoneEvent | CancelledEvent;

/** Makes one event of those of all descents, which are given in their order. */
export interface Joining {
  level(events: readonly LevelEvent[]): LevelEvent;
  /** Where some were cancelled others may have been done before. */
  end(events: readonly EndEvent[]): EndEvent;
}

/** Of a single descent. */
export const ALONE: Joining = { level: ([event]) => event as LevelEvent, end: ([event]) => event as EndEvent };

export class EventJoiner {
  readonly #joining: Joining;
  /** Of each descent: levels that others have not chosen yet. */
  readonly #levels: LevelEvent[][];
  readonly #ends: (EndEvent | null)[];

  constructor(count: number, joining: Joining) {
    this.#joining = joining;
    this.#levels = Array.from({ length: count }, () => []);
    this.#ends = Array.from({ length: count }, () => null);
  }

  /** @returns what all have come to by it; null where others are still to come */
  add(index: number, event: GenerateEvent): GenerateEvent | null {
    if (event.type !== 'level') {
      this.#ends[index] = event;
      const ends = this.#ends.filter((end) => end !== null);
      return ends.length === this.#ends.length ? this.#joining.end(ends) : null;
    }
    this.#levels[index]?.push(event);
    if (this.#levels.some((waiting) => waiting.length === 0)) return null;
    return this.#joining.level(this.#levels.map((waiting) => waiting.shift() as LevelEvent));
  }
}
