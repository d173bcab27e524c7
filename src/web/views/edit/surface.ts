/** What is painted on now: which layer, over what, by which brush. */
import { computed, signal } from '@preact/signals';
import { takesLines } from './modes.ts';
import type { Painting } from './painting.ts';
import { onWhite } from './pictures.ts';
import type { Pixels } from './pixels.ts';
import { lines, mask, mode, picture, side, sketch, takes, tints } from './session.ts';

export interface Surface {
  readonly painting: Painting;
  readonly label: string;
  readonly below: Pixels | null;
  /** Whether what is below stays visible under the paint. */
  readonly isGlass: boolean;
  readonly hasColours: boolean;
  /** Whether its opposite may be meant: all but what was brushed over. */
  readonly canInvert: boolean;
}

/** What the brush leaves where lines and colours can both be painted. */
export type Ink = 'lines' | 'colours';
export const ink = signal<Ink>('lines');

/** Whether lines are drawn by hand, for want of a picture that has them. */
export const drawsLines = computed(
  () => mode.value.name === 'fill' && picture.value === null && takesLines(takes.value),
);

/** Null where there is nothing to paint on. */
export const surface = computed<Surface | null>(() => {
  if (side.value === 0) return null;
  const given = picture.value;
  if (mode.value.name === 'sketch')
    return { ...brushOf(sketch, 'Sketch: paint where which colour goes'), below: null, isGlass: false };
  if (mode.value.name === 'repaint' && given)
    return {
      ...brushOf(mask, 'Mask: brush over what should change'),
      below: given,
      isGlass: true,
      hasColours: false,
      canInvert: true,
    };
  if (mode.value.name === 'fill') return filling(given);
  return null;
});

function filling(given: Pixels | null): Surface | null {
  if (!given && !drawsLines.value) return null;
  if (given || ink.value === 'colours') {
    const below = given ?? onWhite(lines.layer.value);
    return { ...brushOf(tints, 'Colours: paint where which one goes'), below, isGlass: true };
  }
  const below = onWhite(tints.layer.value);
  return { ...brushOf(lines, 'Lines: draw what shapes there are'), below, isGlass: false, hasColours: false };
}

function brushOf(painting: Painting, label: string) {
  return { painting, label, hasColours: true, canInvert: false };
}
