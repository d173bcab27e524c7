/** The current canvas: layer, picture below, brush. */
import { computed, signal } from '@preact/signals';
import { takesLines } from './modes.ts';
import type { Painting } from './painting.ts';
import { onWhite } from './pictures.ts';
import type { Pixels } from './pixels.ts';
import { lines, markedOn, mask, mode, picture, side, sketch, takes, tints } from './session.ts';

export interface Surface {
  readonly painting: Painting;
  readonly label: string;
  readonly below: Pixels | null;
  /** Whether the paint is translucent over the picture below. */
  readonly isGlass: boolean;
  readonly hasColours: boolean;
  /** Whether inverting the layer makes sense. */
  readonly canInvert: boolean;
}

/** What the brush paints if both lines and colours can be painted. */
export type Ink = 'lines' | 'colours';
export const ink = signal<Ink>('lines');

/** Whether lines are drawn by hand because no picture is given. */
export const drawsLines = computed(
  () => mode.value.name === 'fill' && picture.value === null && takesLines(takes.value),
);

/** Null if the mode has nothing to paint. */
export const surface = computed<Surface | null>(() => {
  if (side.value === 0) return null;
  const given = picture.value;
  if (mode.value.name === 'sketch')
    return { ...brushOf(sketch, 'Sketch: paint where each colour should be'), below: null, isGlass: false };
  if (mode.value.name === 'repaint' && given)
    return {
      ...brushOf(mask, 'Mask: brush over what should change'),
      below: markedOn.value,
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
    return { ...brushOf(tints, 'Colours: paint where each colour should be'), below, isGlass: true };
  }
  const below = onWhite(tints.layer.value);
  return { ...brushOf(lines, 'Lines: draw the shapes'), below, isGlass: false, hasColours: false };
}

function brushOf(painting: Painting, label: string) {
  return { painting, label, hasColours: true, canInvert: false };
}
