/** A node of the tree of codes, as its path of choices. */
import type { ModelAnswer } from '../../../client/client.ts';
import { codeText } from '../../state/code.ts';

export type Path = readonly number[];

/** Parses a path such as `3.5.1`, up to the first choice that the model does not have. */
export function parsePath(text: string | null, { levels }: Pick<ModelAnswer, 'levels'>): Path {
  const choices = (text ?? '').split('.').filter(Boolean).map(Number);
  const wrong = choices.findIndex(
    (choice, n) => !(Number.isInteger(choice) && choice >= 0 && choice < (levels[n]?.candidates ?? 0)),
  );
  return wrong < 0 ? choices : choices.slice(0, wrong);
}

/** The code of a path, padded to full length, as previews need a complete code. */
export function codeAt(path: Path, { levels }: Pick<ModelAnswer, 'levels'>): string {
  return codeText(
    levels.map((_, n) => path[n] ?? 0),
    levels,
  );
}

/** A finished picture below a node, deterministic. */
export function finishedAt(path: Path, { levels }: Pick<ModelAnswer, 'levels'>): string {
  const random = randomOf(path);
  return codeText(
    levels.map(({ candidates }, n) => path[n] ?? Math.floor(random() * candidates)),
    levels,
  );
}

/** Number of codes, formatted. */
export function numberOfCodes({ levels }: Pick<ModelAnswer, 'levels'>): string {
  const digits = levels.reduce((sum, { candidates }) => sum + Math.log10(candidates), 0);
  if (digits < 7) return Math.round(10 ** digits).toLocaleString('en');
  return `about 10${[...String(Math.floor(digits))].map((digit) => '⁰¹²³⁴⁵⁶⁷⁸⁹'[Number(digit)]).join('')}`;
}

/** Columns of a grid: a power of two, so that rows are complete. */
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
