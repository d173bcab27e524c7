/** Held-out pictures that come with Kandid: a sheet for each data set that no command can create. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { KandidError, reasonOf } from '../../errors.ts';
import type { Picture } from '../../guide.ts';
import { resample } from '../../kit/resample.ts';
import { decodePicture } from '../../pictures/codec.ts';
import { cropped } from '../../pictures/windows.ts';

/** Number of pictures per row of a sheet. */
export const HELD_OUT_COLUMNS = 20;

/** Folder of the sheets in a folder of models. */
const FOLDER = join('pictures', 'held-out');

/**
 * The pictures of a data set's sheet, from the first folder of models that has one; null if none has.
 *
 * @throws {KandidError} file_unreadable, picture_damaged; option_invalid if they are smaller than `side`
 */
export async function heldOutPictures(
  dataset: string,
  models: readonly string[],
  { side, channels, count }: { readonly side: number; readonly channels: 1 | 3; readonly count: number },
): Promise<Picture[] | null> {
  for (const folder of models) {
    const name = join(folder, FOLDER, dataset);
    const lines = await readFile(`${name}.jsonl`, 'utf8').catch(() => null);
    if (lines === null) continue;
    const file = `${name}.webp`;
    const bytes = await readFile(file).catch((cause: unknown) => {
      throw new KandidError('file_unreadable', { file, reason: reasonOf(cause) }, { cause });
    });
    const sheet = await decodePicture(bytes, { channels, name: file });
    const kept = Math.min(count, lines.trim().split('\n').length);
    return Array.from({ length: kept }, (_, n) => cellOf(sheet, n, { side, dataset }));
  }
  return null;
}

function cellOf(sheet: Picture, n: number, { side, dataset }: { side: number; dataset: string }): Picture {
  const cellSide = sheet.width / HELD_OUT_COLUMNS;
  if (cellSide < side)
    throw new KandidError('option_invalid', {
      option: '--pictures',
      got: 'missing',
      expected: `a folder of pictures: those of ${dataset} that come with Kandid have ${cellSide} px, the model's pictures ${side} px`,
    });
  const [left, top] = [(n % HELD_OUT_COLUMNS) * cellSide, Math.floor(n / HELD_OUT_COLUMNS) * cellSide];
  const cell = cropped(sheet, { left, top, side: cellSide }, sheet.channels);
  if (cellSide === side) return cell;
  return { ...cell, width: side, height: side, data: resample(cell.data, cell, { height: side, width: side }) };
}
