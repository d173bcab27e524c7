/** Command: writes the flowers data set. See `npx tsx scripts/datasets/flowers.ts --help`. */
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { withUnpacked } from '../../src/lab/datasets/archive.ts';
import { writeWholeSet } from '../../src/lab/datasets/files.ts';
import { FLOWERS_ORIGIN, type FlowerPhoto, flowerPhotos, isHeldOut } from '../../src/lab/datasets/flowers.ts';
import { type CropFormat, photographCrops } from '../../src/lab/datasets/photograph.ts';
import { onlyArgument, runCommand, wholeNumber } from './command.ts';

const HELP = `Writes squares of 3,667 photographs of flowers (CC BY 2.0 each), for training.

npx tsx scripts/datasets/flowers.ts ARCHIVE [options]
  ARCHIVE        flower_photos.tgz of the TensorFlow examples, or a folder with what it holds
  --side N       side of the squares in pixels, 8 … 256                      (64)
  --crops N      random squares of each photograph to train on, 1 … 64      (8)
  --out FOLDER   where to write                                             (data/flowers-SIDE)

One photograph in ten, chosen by its number, is held out whole: of it, only the middle square. The same options always
give the same files: OUT/train and OUT/test, each with pictures.npy (uint8 [N, SIDE, SIDE, 3]), labels.jsonl and
dataset.json.`;

await runCommand(HELP, async () => {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      side: { type: 'string', default: '64' },
      crops: { type: 'string', default: '8' },
      out: { type: 'string' },
    },
  });
  const archive = onlyArgument('ARCHIVE', positionals, 'one archive or folder');
  const side = wholeNumber('--side', values.side, 8, 256);
  const crops = wholeNumber('--crops', values.crops, 1, 64);
  const to = values.out ?? `data/flowers-${side}`;
  await withUnpacked(archive, async (folder) => {
    const photos = await flowerPhotos(folder);
    await write(join(to, 'test'), folder, photos.filter(isHeldOut), { side, crops: 0 });
    await write(
      join(to, 'train'),
      folder,
      photos.filter((photo) => !isHeldOut(photo)),
      { side, crops },
    );
  });
});

async function write(to: string, folder: string, photos: readonly FlowerPhoto[], format: CropFormat): Promise<void> {
  const { side, crops } = format;
  const labels = photos.flatMap(({ photo, flower }) =>
    Array.from({ length: Math.max(1, crops) }, () => ({ source: `flickr/${photo}`, labels: { flower } })),
  );
  await writeWholeSet(to, {
    shape: [side, side, 3],
    pictures: squares(folder, photos, format),
    labels,
    description: {
      dataset: 'flowers',
      ...FLOWERS_ORIGIN,
      photographs: photos.length,
      count: labels.length,
      side,
      channels: 3,
    },
  });
  console.log(`${to}: ${labels.length} squares of ${photos.length} photographs`);
}

async function* squares(
  folder: string,
  photos: readonly FlowerPhoto[],
  format: CropFormat,
): AsyncGenerator<Uint8Array> {
  for (const { file, photo } of photos) yield* await photographCrops(join(folder, file), photo, format);
}
