/** Events of a running descent. */
import type { GuideUse, Timings } from '../../contract/events.ts';
import type { Picture } from '../../guide.ts';

/** All results have chosen at a level. Arrays have one entry per result. */
export interface LevelEvent {
  readonly type: 'level';
  /** 0 … levels − 1. */
  readonly level: number;
  readonly levels: number;
  /** Side of the level in pixels. */
  readonly side: number;
  /** The best beam's choice, 0 … K − 1. With several beams its earlier choices may have changed: see `codes`. */
  readonly choices: number[];
  /** The best beam's choices at all levels so far. */
  readonly codes: number[][];
  /** Blended score of the best beam, comparable within this level only; null if no guide scored it. */
  readonly scores: (number | null)[];
  /** Per guide, in the request's order, then per result: its own score of the choice, null if it did not score it. */
  readonly guideScores: (number | null)[][];
  /** The chosen candidate at this level's side; for whole pictures, the whole picture, reduced. */
  readonly previews: readonly Picture[];
  readonly timings: Timings;
}

/** A square of a whole picture, in pixels of that picture, and the code that draws it. */
export interface WindowCode {
  readonly left: number;
  readonly top: number;
  readonly side: number;
  /** Complete, or the choices so far if the request was cancelled. */
  readonly code: number[];
  /** Empty if the code is incomplete. */
  readonly codeString: string;
}

/** A finished picture. */
export interface Result {
  /** For a whole picture, the code of its first square. */
  readonly code: number[];
  readonly codeString: string;
  /** Seed of the request: seed and index reproduce the picture. */
  readonly seed: number;
  readonly image: Picture;
  /** Index of the result in the arrays of level events. */
  readonly index: number;
  /** Only for a whole picture, which a code alone does not determine. */
  readonly windows?: readonly WindowCode[];
}

/** The best picture so far of an unfinished result. Another request can continue from `prefix`. */
export interface PartialResult {
  readonly prefix: number[];
  readonly seed: number;
  /** At the side of the last chosen level; a whole picture at its own size. */
  readonly image: Picture;
  /** Only for a whole picture. */
  readonly windows?: readonly WindowCode[];
}

interface EndSummary {
  readonly guides: readonly GuideUse[];
  /** Notes for the user. */
  readonly notes: readonly string[];
  readonly timings: Timings;
}

/** All results are finished. */
export interface DoneEvent extends EndSummary {
  readonly type: 'done';
  /** Best first, by each guide's scores at the last level that it scored (`ranking.ts`). */
  readonly results: Result[];
}

/** The signal was aborted: the last event, instead of `done`. Nothing is thrown. */
export interface CancelledEvent extends EndSummary {
  readonly type: 'cancelled';
  /** Number of chosen levels; 0: there are no results. */
  readonly level: number;
  readonly results: PartialResult[];
}

export type GenerateEvent = LevelEvent | DoneEvent | CancelledEvent;
