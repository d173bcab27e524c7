/** A place in the tree of codes: the choices that lead there. */
import type { ModelAnswer } from '../../../client/client.ts';
import { codeText } from '../../state/code.ts';

export type Path = readonly number[];

/** As it stands in an address: `3.5.1`; what does not fit the model ends it. */
export function parsePath(text: string | null, { levels }: Pick<ModelAnswer, 'levels'>): Path {
  const choices = (text ?? '').split('.').filter(Boolean).map(Number);
  const wrong = choices.findIndex(
    (choice, n) => !(Number.isInteger(choice) && choice >= 0 && choice < (levels[n]?.candidates ?? 0)),
  );
  return wrong < 0 ? choices : choices.slice(0, wrong);
}

/** Choices that are shown: a code must be whole, though only its beginning is drawn. */
export function codeAt(path: Path, { levels }: Pick<ModelAnswer, 'levels'>): string {
  return codeText(
    levels.map((_, n) => path[n] ?? 0),
    levels,
  );
}

/** One of the finished pictures below a place, always the same one. */
export function finishedAt(path: Path, { levels }: Pick<ModelAnswer, 'levels'>): string {
  const random = randomOf(path);
  return codeText(
    levels.map(({ candidates }, n) => path[n] ?? Math.floor(random() * candidates)),
    levels,
  );
}

/** How many codes there are, in words. */
export function numberOfCodes({ levels }: Pick<ModelAnswer, 'levels'>): string {
  const digits = levels.reduce((sum, { candidates }) => sum + Math.log10(candidates), 0);
  if (digits < 7) return Math.round(10 ** digits).toLocaleString('en');
  return `about 10${[...String(Math.floor(digits))].map((digit) => '⁰¹²³⁴⁵⁶⁷⁸⁹'[Number(digit)]).join('')}`;
}

/** Of a grid: a power of two, so that its rows are full. */
export function columnsFor(count: number): number {
  return 2 ** Math.ceil(Math.log2(count) / 2);
}

/** Numbers 0 … 1 that depend on the path alone (mulberry32 by Tommy Ettinger, public domain). */
function randomOf(path: Path): () => number {
  let state = path.reduce((hash, choice) => Math.imul(hash ^ (choice + 1), 0x9e3779b1), 0x2545f491);
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
