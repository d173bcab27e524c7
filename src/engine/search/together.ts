/** Joins the events of several descents: one level event once all have chosen, one end event once all have ended. */
import type { CancelledEvent, DoneEvent, GenerateEvent, LevelEvent } from './events.ts';

export type EndEvent = DoneEvent | CancelledEvent;

/** Combines one event of each descent, in the descents' order, into one. */
export interface Joining {
  level(events: readonly LevelEvent[]): LevelEvent;
  /** Events may be mixed: some descents may be done before the others are cancelled. */
  end(events: readonly EndEvent[]): EndEvent;
}

/** For a single descent. */
export const ALONE: Joining = { level: ([event]) => event as LevelEvent, end: ([event]) => event as EndEvent };

export class EventJoiner {
  readonly #joining: Joining;
  /** Per descent, levels that others have not chosen yet. */
  readonly #levels: LevelEvent[][];
  readonly #ends: (EndEvent | null)[];

  constructor(count: number, joining: Joining) {
    this.#joining = joining;
    this.#levels = Array.from({ length: count }, () => []);
    this.#ends = Array.from({ length: count }, () => null);
  }

  /** @returns the joined event if this one completes it, otherwise null */
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
