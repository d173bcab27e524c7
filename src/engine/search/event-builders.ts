/** Builds events from the state of a descent. */

import { codeToString } from '../../contract/codes.ts';
import type { Timings } from '../../contract/events.ts';
import type { BlendKind } from '../../contract/requests.ts';
import type { Picture } from '../../guide.ts';
import type { GuideRunner } from '../guides/runner.ts';
import type { NetworkInfo } from '../network/graph.ts';
import type { State } from '../network/network.ts';
import type { LevelChoice, ResultBeams } from './beams.ts';
import type { CancelledEvent, DoneEvent, LevelEvent } from './events.ts';
import { ranked } from './ranking.ts';

interface EventSource {
  readonly info: NetworkInfo;
  readonly seed: number;
  readonly guides: readonly GuideRunner[];
  readonly notes: readonly string[];
}

/** The event of a level at which all results have chosen. */
export function levelEvent(
  { info, guides }: EventSource,
  level: number,
  beams: readonly ResultBeams[],
): Omit<LevelEvent, 'timings'> {
  const chosen = beams.map((result) => result.chosen as LevelChoice);
  const best = chosen.map(({ beams }) => beams[0] as State);
  return {
    type: 'level',
    level,
    levels: info.levels.length,
    side: info.levels[level]?.side ?? 0,
    choices: best.map(({ code }) => code[level] as number),
    codes: best.map(({ code }) => [...code]),
    scores: chosen.map(({ score }) => score),
    guideScores: guides.map((_, guide) => chosen.map(({ guideScores }) => guideScores[guide] ?? null)),
    previews: best.map((state) => pictureOf(state, info)),
  };
}

/** @param weights current weights of the guides */
export function doneEvent(
  source: EventSource & { readonly blend: BlendKind },
  finished: readonly ResultBeams[],
  weights: readonly number[],
  total: Timings,
): DoneEvent {
  const counts = source.info.levels.map((level) => level.candidateCount);
  const order = ranked(
    finished.map(({ lastScores }) => lastScores),
    { blend: source.blend, weights },
  );
  const results = order.map((index) => {
    const state = finished[index]?.beams[0] as State;
    const codeString = codeToString(state.code, counts);
    return { code: [...state.code], codeString, seed: source.seed, image: pictureOf(state, source.info), index };
  });
  return { type: 'done', results, ...endSummary(source, total) };
}

/** @param level number of levels at which all results have chosen */
export function cancelledEvent(
  source: EventSource,
  level: number,
  beams: readonly ResultBeams[],
  total: Timings,
): CancelledEvent {
  const states = level === 0 ? [] : beams.map(({ beams }) => beams[0] as State);
  const results = states.map((state) => ({
    prefix: [...state.code],
    seed: source.seed,
    image: pictureOf(state, source.info),
  }));
  return { type: 'cancelled', level, results, ...endSummary(source, total) };
}

function endSummary({ guides, notes }: EventSource, total: Timings) {
  return { guides: guides.map((guide) => guide.use), notes: [...notes], timings: { ...total } };
}

/** A copy that the receiver may modify. */
function pictureOf({ predict }: State, { channels }: NetworkInfo): Picture {
  const side = Math.round(Math.sqrt(predict.length / channels));
  return { data: predict.slice(), channels, width: side, height: side };
}
