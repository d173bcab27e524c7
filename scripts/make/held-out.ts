/**
 * Command: makes the sheet of held-out pictures that comes with Kandid, so that photographs can be measured on from a clone.
 *
 *     npx tsx scripts/make/held-out.ts data/flowers-64/test models/pictures/held-out/flowers 200
 */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { HELD_OUT_COLUMNS } from '../../src/lab/evaluate/held-out.ts';
import { openPictures } from '../../src/lab/evaluate/picture-sets.ts';
import { mosaic } from '../../src/pictures/mosaic.ts';
import { pictureToPixels } from '../../src/pictures/pixels.ts';
import { loadSharp } from '../../src/pictures/sharp.ts';

const [from = '', to = '', count = ''] = process.argv.slice(2);
const lines = (await readFile(join(from, 'labels.jsonl'), 'utf8')).split('\n').slice(0, Number(count));
const { side } = JSON.parse(await readFile(join(from, 'dataset.json'), 'utf8')) as { side: number };
const set = await openPictures({
  dataset: null,
  part: 'test',
  count: lines.length,
  side,
  channels: 3,
  data: '',
  pictures: from,
});
const sheet = mosaic(await set.read(0, lines.length), { columns: HELD_OUT_COLUMNS });
await set.close();
const { width, height } = sheet;
const sharp = await loadSharp();
await mkdir(dirname(to), { recursive: true });
await sharp(pictureToPixels(sheet), { raw: { width, height, channels: 3 } })
  .webp({ lossless: true, effort: 6 })
  .toFile(`${to}.webp`);
await writeFile(`${to}.jsonl`, `${lines.join('\n')}\n`);
