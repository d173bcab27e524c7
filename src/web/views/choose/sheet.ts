/** The pictures of a contact sheet, one by one. */
import type { Question } from '../../state/live.ts';

export interface Candidate {
  /** At the side of the level; the page enlarges it smoothly. */
  readonly picture: HTMLCanvasElement;
  /** A preview of how it is likely to continue; null if there is none. */
  readonly finish: HTMLCanvasElement | null;
}

/** The candidates of a question, in its order. */
export async function cutSheet({
  sheet: file,
  width,
  columns,
  gap,
  count,
  finishes,
  side,
}: Question): Promise<Candidate[]> {
  const sheet = await createImageBitmap(file);
  const cell = (width + gap) / columns - gap;
  const cut = (n: number, to: number) => {
    const canvas = document.createElement('canvas');
    [canvas.width, canvas.height] = [to, to];
    const context = canvas.getContext('2d');
    if (!context) return canvas;
    // A candidate smaller than its cell is drawn there with repeated pixels.
    context.imageSmoothingEnabled = false;
    const [left, top] = [(n % columns) * (cell + gap), Math.floor(n / columns) * (cell + gap)];
    context.drawImage(sheet, left, top, cell, cell, 0, 0, to, to);
    return canvas;
  };
  return Array.from({ length: count }, (_, n) => ({
    picture: cut(n, side),
    finish: n < finishes ? cut(count + n, cell) : null,
  }));
}
