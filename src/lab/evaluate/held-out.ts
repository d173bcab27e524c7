/** Held-out pictures that come with Kandid: a sheet of each data set that no command can draw. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { KandidError, reasonOf } from '../../errors.ts';
import type { Picture } from '../../guide.ts';
import { resample } from '../../kit/resample.ts';
import { decodePicture } from '../../pictures/codec.ts';
import { cropped } from '../../pictures/windows.ts';

/** Pictures in a row of a sheet. */
export const HELD_OUT_COLUMNS = 20;

/** Beside the models. */
const FOLDER = join('pictures', 'held-out');

/**
 * The pictures of a data set's sheet, found in one of the folders of models; null where none has it.
 *
 * @throws {KandidError} file_unreadable, picture_damaged; option_invalid where they are smaller than `side`
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
  const own = sheet.width / HELD_OUT_COLUMNS;
  if (own < side)
    throw new KandidError('option_invalid', {
      option: '--pictures',
      got: 'missing',
      expected: `a folder of pictures: those of ${dataset} that come with Kandid have ${own} px, and the model makes ${side} px`,
    });
  const at = { left: (n % HELD_OUT_COLUMNS) * own, top: Math.floor(n / HELD_OUT_COLUMNS) * own, side: own };
  const cell = cropped(sheet, at, sheet.channels);
  if (own === side) return cell;
  return { ...cell, width: side, height: side, data: resample(cell.data, cell, { height: side, width: side }) };
}
