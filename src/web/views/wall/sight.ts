/** The rows of the wall that are visible. */

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
