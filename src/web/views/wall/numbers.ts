/** Codes of the wall's pictures, and the rows that are visible. */
import { codeText } from '../../state/code.ts';

type Levels = readonly { readonly candidates: number }[];

/** Picture `index` of a wall: deterministic, so that scrolling back shows the same pictures (mulberry32 by Tommy Ettinger, public domain). */
export function codeOf(seed: number, index: number, levels: Levels): string {
  let state = Math.imul(seed ^ Math.imul(index + 1, 0x9e3779b1), 0x85ebca6b);
  const random = () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  return codeText(
    levels.map(({ candidates }) => Math.floor(random() * candidates)),
    levels,
  );
}

export interface Sight {
  /** Rendered rows. */
  readonly first: number;
  readonly last: number;
}

/** Visible rows and half a screen around them. @param top pixels of the wall above the screen; @param screen height of the screen; @param row height of a row */
export function sightOf(top: number, screen: number, row: number): Sight {
  const spare = screen / 2;
  return {
    first: Math.max(0, Math.floor((top - spare) / row)),
    last: Math.max(0, Math.ceil((top + screen + spare) / row)),
  };
}
