/** The rows of the wall that are visible. */

export interface Sight {
  /** Rendered rows. */
  readonly first: number;
  readonly last: number;
}

/**
 * The visible rows, and half a screen above and below. All parameters are in pixels.
 *
 * @param top part of the wall above the screen
 * @param screen height of the screen
 * @param row height of a row
 */
export function sightOf(top: number, screen: number, row: number): Sight {
  const margin = screen / 2;
  return {
    first: Math.max(0, Math.floor((top - margin) / row)),
    last: Math.max(0, Math.ceil((top + screen + margin) / row)),
  };
}
