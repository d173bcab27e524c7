/** Events of a descent while it runs. */
import type { GuideUse, Timings } from '../../contract/events.ts';
import type { Picture } from '../../guide.ts';

/** A level is chosen. Arrays have one entry per result. */
export interface LevelEvent {
  readonly type: 'level';
  /** 0 … levels − 1. */
  readonly level: number;
  readonly levels: number;
  readonly side: number;
  /** The best beam's choice. With beams, its earlier choices may differ from those reported before: `codes` has them all. */
  readonly choices: number[];
  readonly codes: number[][];
  /** Blended score of the best beam, comparable within this level only; null where no guide had a say. */
  readonly scores: (number | null)[];
  /** Of each guide, in the request's order: its own score of the choice, null where it was not asked. */
  readonly guideScores: (number | null)[][];
  /** The chosen candidate, at this level's side; of whole pictures all of it, small. */
  readonly previews: readonly Picture[];
  readonly timings: Timings;
}

/** A square of a whole picture, in its pixels, and what it is the picture of. */
export interface WindowCode {
  readonly left: number;
  readonly top: number;
  readonly side: number;
  /** Whole, or the levels that were chosen. */
  readonly code: number[];
  /** Empty where the code is not whole. */
  readonly codeString: string;
}

/** A finished picture. */
export interface Result {
  /** Of a whole picture: that of its first square. */
  readonly code: number[];
  readonly codeString: string;
  /** Seed of the request; with the place among its results, what the picture depends on. */
  readonly seed: number;
  readonly image: Picture;
  /** Its place in the arrays of level events. */
  readonly index: number;
  /** Of a whole picture, which its code alone does not draw. */
  readonly windows?: readonly WindowCode[];
}

/** The best picture so far of a result that was not finished: `prefix` can be given to another request to go on from. */
export interface PartialResult {
  readonly prefix: number[];
  readonly seed: number;
  /** At the side of the last level chosen; whole pictures at their own size. */
  readonly image: Picture;
  /** Of a whole picture. */
  readonly windows?: readonly WindowCode[];
}

interface EndSummary {
  readonly guides: readonly GuideUse[];
  /** Notes of guides for the user. */
  readonly notes: readonly string[];
  readonly timings: Timings;
}

/** All results are finished. */
export interface DoneEvent extends EndSummary {
  readonly type: 'done';
  /** The best first, by what the guides said of each at the last level that they were asked at (`ranking.ts`). */
  readonly results: Result[];
}

/** The signal was aborted: the last event, in the place of `done`. Nothing is thrown. */
export interface CancelledEvent extends EndSummary {
  readonly type: 'cancelled';
  /** Levels that were chosen; the results stand there. Empty results where it is 0. */
  readonly level: number;
  readonly results: PartialResult[];
}

export type GenerateEvent = LevelEvent | DoneEvent | CancelledEvent;
