/** Events made from where a descent stands. */

import { codeToString } from '../../contract/codes.ts';
import type { Picture } from '../../guide.ts';
import type { AskedGuide } from '../guides/runner.ts';
import type { NetworkInfo, State } from '../network/network.ts';
import type { Chosen, Lane } from './beams.ts';
import type { CancelledEvent, DoneEvent, LevelEvent, Timings } from './events.ts';

interface Told {
  readonly info: NetworkInfo;
  readonly seed: number;
  readonly guides: readonly AskedGuide[];
  readonly notes: readonly string[];
}

/** Of a level at which all lanes have chosen. */
export function levelEvent({ info, guides }: Told, level: number, lanes: readonly Lane[]): Omit<LevelEvent, 'timings'> {
  const chosen = lanes.map((lane) => lane.chosen as Chosen);
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

export function doneEvent(told: Told, lanes: readonly Lane[], total: Timings): DoneEvent {
  const candidates = told.info.levels.map((level) => level.candidates);
  const results = lanes.map(({ beams }) => {
    const state = beams[0] as State;
    const codeString = codeToString(state.code, candidates);
    return { code: [...state.code], codeString, seed: told.seed, image: pictureOf(state, told.info) };
  });
  return { type: 'done', results, ...ending(told, total) };
}

/** @param level levels that all lanes have chosen at */
export function cancelledEvent(told: Told, level: number, lanes: readonly Lane[], total: Timings): CancelledEvent {
  const states = level === 0 ? [] : lanes.map(({ beams }) => beams[0] as State);
  const results = states.map((state) => ({
    prefix: [...state.code],
    seed: told.seed,
    image: pictureOf(state, told.info),
  }));
  return { type: 'cancelled', level, results, ...ending(told, total) };
}

function ending({ guides, notes }: Told, total: Timings) {
  return { guides: guides.map((guide) => guide.use), notes: [...notes], timings: { ...total } };
}

/** A copy: whoever gets it may do with it what they like. */
function pictureOf({ predict }: State, { channels }: NetworkInfo): Picture {
  const side = Math.round(Math.sqrt(predict.length / channels));
  return { data: predict.slice(), channels, width: side, height: side };
}
