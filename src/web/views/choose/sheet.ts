/** The pictures of a contact sheet, one by one. */
import type { Question } from '../../state/live.ts';

/** @returns one canvas per candidate, at the side of the level; the page enlarges them smoothly */
export async function cutSheet({
  sheet: file,
  width,
  columns,
  gap,
  count,
  side,
}: Question): Promise<HTMLCanvasElement[]> {
  const sheet = await createImageBitmap(file);
  const cell = (width + gap) / columns - gap;
  return Array.from({ length: count }, (_, n) => {
    const canvas = document.createElement('canvas');
    [canvas.width, canvas.height] = [side, side];
    const context = canvas.getContext('2d');
    if (!context) return canvas;
    // A candidate smaller than its cell is drawn there with repeated pixels.
    context.imageSmoothingEnabled = false;
    const [left, top] = [(n % columns) * (cell + gap), Math.floor(n / columns) * (cell + gap)];
    context.drawImage(sheet, left, top, cell, cell, 0, 0, side, side);
    return canvas;
  });
}
