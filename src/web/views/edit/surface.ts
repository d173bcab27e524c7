/** The current canvas: layer, picture below, brush. */
import { computed, signal } from '@preact/signals';
import { acceptsLines } from './modes.ts';
import type { Painting } from './painting.ts';
import { onWhite } from './pictures.ts';
import type { Pixels } from './pixels.ts';
import { conditionKind, lines, markedOn, mask, mode, picture, side, sketch, tints } from './session.ts';

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

/** Whether lines are drawn by hand because there is no picture. */
export const drawsLines = computed(
  () => mode.value.name === 'fill' && picture.value === null && acceptsLines(conditionKind.value),
);

/** Null if nothing is painted in the mode. */
export const surface = computed<Surface | null>(() => {
  if (side.value === 0) return null;
  if (mode.value.name === 'sketch')
    return { ...brushOf(sketch, 'Sketch: paint where each colour should be'), below: null, isGlass: false };
  if (mode.value.name === 'repaint' && picture.value)
    return {
      ...brushOf(mask, 'Mask: brush over what should change'),
      below: markedOn.value,
      isGlass: true,
      hasColours: false,
      canInvert: true,
    };
  if (mode.value.name === 'fill') return fillSurface(picture.value);
  return null;
});

function fillSurface(input: Pixels | null): Surface | null {
  if (!input && !drawsLines.value) return null;
  if (input || ink.value === 'colours') {
    const below = input ?? onWhite(lines.layer.value);
    return { ...brushOf(tints, 'Colours: paint where each colour should be'), below, isGlass: true };
  }
  const below = onWhite(tints.layer.value);
  return { ...brushOf(lines, 'Lines: draw the shapes'), below, isGlass: false, hasColours: false };
}

function brushOf(painting: Painting, label: string) {
  return { painting, label, hasColours: true, canInvert: false };
}
