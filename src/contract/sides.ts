/** Sides of levels that engine and server agree on. */

/**
 * Largest side, in pixels, at which expensive guides are asked if a prior decides the finer levels, unless they choose
 * another themselves: finer levels show lines and edges, hardly anything that a network trained on small pictures can
 * see. It is also the largest side of the levels that are walked one by one for subscribers.
 */
export const FINEST_ASKED = 64;
