/** Joins the events of a whole picture's squares to those of one descent with whole pictures. */
import type { GuideUse, Timings } from '../../contract/events.ts';
import type { Picture } from '../../guide.ts';
import type { Window } from '../../pictures/windows.ts';
import type { CancelledEvent, DoneEvent, LevelEvent, PartialResult, Result, WindowCode } from '../search/events.ts';
import type { EndEvent, Joining } from '../search/together.ts';
import type { Judgement } from './whole-plan.ts';

export interface WholeEvents {
  /** The squares, in pixels of the finished picture. */
  readonly windows: readonly Window[];
  readonly notes: readonly string[];
  /** Usage of the request's guides before any call. */
  readonly unused: readonly GuideUse[];
  /** Maps values of a square's guides to those of the request; null for a guide that the square does not use. */
  ofGuides<T>(values: readonly T[], square: number): (T | null)[];
  compose(pictures: readonly Picture[]): Picture;
  /** @throws {KandidError} if the model cannot draw any of it */
  judge(pictures: readonly Picture[]): Judgement;
  /** Composes a small version for previews. */
  preview(pictures: readonly Picture[]): Picture;
}

export function joiningOf(whole: WholeEvents): Joining {
  return {
    level: (events) => levelOf(events, whole),
    end: (ends) => (ends.every(({ type }) => type === 'done') ? doneOf(ends, whole) : cancelledOf(ends, whole)),
  };
}

/** Choices and scores are those of the first square. */
function levelOf(events: readonly LevelEvent[], { ofGuides, preview }: WholeEvents): LevelEvent {
  const [first] = events as [LevelEvent];
  const { choices } = first;
  const none = choices.map(() => null);
  return {
    ...first,
    guideScores: ofGuides(first.guideScores, 0).map((scores) => scores ?? none),
    timings: sumOf(events.map(({ timings }) => timings)),
    // Not every level is shown, and composing a picture takes time.
    get previews() {
      return choices.map((_, i) => preview(events.map(({ previews }) => previews[i] as Picture)));
    },
  };
}

/** Sorts results best first, by the sum of the ranks of their squares. */
function doneOf(ends: readonly EndEvent[], whole: WholeEvents): DoneEvent {
  const all = ends as readonly DoneEvent[];
  const [first] = all as [DoneEvent];
  const notes: string[] = [];
  const places = (index: number) =>
    all.reduce((sum, { results }) => sum + results.findIndex((one) => one.index === index), 0);
  const order = first.results.map(({ index }) => index).sort((a, b) => places(a) - places(b) || a - b);
  const results = order.map((index): Result => {
    const squares = all.map(({ results }) => results.find((one) => one.index === index) as Result);
    const pictures = squares.map(({ image }) => image);
    const { isMade, notes: own } = whole.judge(pictures);
    notes.push(...own);
    const [square] = squares as [Result];
    const windows = codesOf(whole, squares).filter((_, i) => isMade[i]);
    return {
      code: windows[0]?.code ?? square.code,
      codeString: windows[0]?.codeString ?? square.codeString,
      seed: square.seed,
      index,
      windows,
      get image() {
        return whole.compose(pictures);
      },
    };
  });
  return { type: 'done', results, ...summaryOf(ends, whole, notes) };
}

/** Squares may be at different levels; if one has no results yet, neither has the whole picture. */
function cancelledOf(ends: readonly EndEvent[], whole: WholeEvents): CancelledEvent {
  const count = Math.min(...ends.map(({ results }) => results.length));
  const levels = ends.flatMap((end) => (end.type === 'cancelled' ? end.level : []));
  const results = Array.from({ length: count }, (_, i): PartialResult => {
    const squares = ends.map((end) => partOf(end, i));
    const windows = codesOf(whole, squares);
    return {
      prefix: windows[0]?.code ?? [],
      seed: squares[0]?.seed ?? 0,
      windows,
      get image() {
        return whole.compose(squares.map(({ image }) => image));
      },
    };
  });
  return { type: 'cancelled', level: Math.min(...levels), results, ...summaryOf(ends, whole) };
}

/** A square's result by index: completed results are in another order. */
function partOf(end: EndEvent, index: number): Result | PartialResult {
  const part = end.type === 'done' ? end.results.find((one) => one.index === index) : end.results[index];
  return part as Result | PartialResult;
}

function codesOf({ windows }: WholeEvents, squares: readonly (Result | PartialResult)[]): WindowCode[] {
  return windows.map((window, i) => {
    const square = squares[i] as Result | PartialResult;
    if ('code' in square) return { ...window, code: square.code, codeString: square.codeString };
    return { ...window, code: square.prefix, codeString: '' };
  });
}

function summaryOf(ends: readonly EndEvent[], { notes, unused, ofGuides }: WholeEvents, more: readonly string[] = []) {
  const used = ends.map(({ guides }, square) => ofGuides(guides, square));
  return {
    guides: unused.map((guide, g) => used.reduce((sum, uses) => addUse(sum, uses[g] ?? guide), guide)),
    notes: [...new Set([...notes, ...more, ...ends.flatMap((end) => end.notes)])],
    timings: sumOf(ends.map(({ timings }) => timings)),
  };
}

function addUse(a: GuideUse, b: GuideUse): GuideUse {
  return { name: a.name, calls: a.calls + b.calls, candidates: a.candidates + b.candidates, ms: a.ms + b.ms };
}

function sumOf(all: readonly Timings[]): Timings {
  const sum = { network: 0, guides: 0, engine: 0 };
  for (const one of all) for (const part of ['network', 'guides', 'engine'] as const) sum[part] += one[part];
  return sum;
}
