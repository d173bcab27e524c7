/** Questions to the user of a job: a contact sheet, then their picks, or a timeout. */

import type { AskPerson, Picture } from '../guide.ts';
import type { Clock } from '../kit/clock.ts';
import { resample } from '../kit/resample.ts';
import { enlarged, mosaic } from '../pictures/mosaic.ts';
import type { EncodedPicture, JobChosen, JobQuestion } from './messages.ts';

export interface QuestionsOptions {
  /** Time for an answer. */
  readonly seconds: number;
  readonly clock: Clock;
  readonly encode: (picture: Picture) => Promise<EncodedPicture>;
  readonly post: (event: JobQuestion | JobChosen) => void;
}

/** Smaller candidates are enlarged to at least this side, in pixels. */
const MIN_SIDE = 64;
/** Pixels between candidates. */
const GAP = 4;

export class Questions {
  readonly #options: QuestionsOptions;
  readonly #open = new Map<number, (picks: readonly number[], by: JobChosen['by']) => void>();
  #next = 0;

  constructor(options: QuestionsOptions) {
    this.#options = options;
  }

  readonly ask: AskPerson = async ({ descent, level, pictures, finishes = [], text }, signal) => {
    const { seconds, clock, encode, post } = this.#options;
    const [first] = pictures;
    if (!first) return [];
    const factor = Math.max(1, Math.ceil(MIN_SIDE / first.width));
    const columns = Math.ceil(Math.sqrt(pictures.length));
    const shown = pictures.map((picture) => enlarged(picture, factor));
    const cell = { height: first.height * factor, width: first.width * factor };
    const ends = finishes.map((one) => ({ ...one, ...cell, data: resample(one.data, one, cell) }));
    const sheet = await encode(mosaic([...shown, ...ends], { columns, gap: GAP }));
    signal.throwIfAborted();
    const question = this.#next++;
    return await new Promise((resolve, reject) => {
      const close = () => {
        this.#open.delete(question);
        cancelTimer();
        signal.removeEventListener('abort', onAbort);
      };
      const onAbort = () => {
        close();
        reject(signal.reason);
      };
      const settle = (picks: readonly number[], by: JobChosen['by']) => {
        close();
        post({ type: 'chosen', question, picks, by });
        resolve(picks);
      };
      const cancelTimer = clock.after(seconds * 1000, () => settle([], 'time'));
      this.#open.set(question, settle);
      signal.addEventListener('abort', onAbort);
      // Only now: a listener in this process may answer at once.
      post({
        type: 'question',
        question,
        image: descent,
        level: level.index,
        side: level.side,
        text,
        seconds,
        ...sheet,
        count: pictures.length,
        finishes: finishes.length,
        columns,
        gap: GAP,
      });
    });
  };

  /** Answers to questions that are not open are dropped. */
  answer(question: number, picks: readonly number[]): void {
    this.#open.get(question)?.(picks, 'person');
  }
}
