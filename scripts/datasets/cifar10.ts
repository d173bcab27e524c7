/** Command: writes the CIFAR-10 data set. See `npx tsx scripts/datasets/cifar10.ts --help`. */
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { withUnpacked } from '../../src/lab/datasets/archive.ts';
import {
  CIFAR10_ORIGIN,
  CIFAR10_SIDE,
  type Cifar10Part,
  type Cifar10Picture,
  readCifar10,
} from '../../src/lab/datasets/cifar10.ts';
import { writeWholeSet } from '../../src/lab/datasets/files.ts';
import { onlyArgument, runCommand } from './command.ts';

const HELP = `Writes CIFAR-10, for training: 50,000 photographs of 32 × 32 pixels and 10,000 held out.

npx tsx scripts/datasets/cifar10.ts ARCHIVE [options]
  ARCHIVE        cifar-10-binary.tar.gz as published, or a folder or archive of SPLIT/CLASS/NAME.jpg
  --out FOLDER   where to write    (data/cifar10-32)

OUT/train and OUT/test get pictures.npy (uint8 [N, 32, 32, 3]), labels.jsonl and dataset.json.`;

await runCommand(HELP, async () => {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { out: { type: 'string', default: `data/cifar10-${CIFAR10_SIDE}` } },
  });
  const archive = onlyArgument('ARCHIVE', positionals, 'one archive or folder');
  await withUnpacked(archive, async (folder) => {
    for (const part of ['test', 'train'] satisfies Cifar10Part[]) await write(join(values.out, part), folder, part);
  });
});

async function write(to: string, folder: string, part: Cifar10Part): Promise<void> {
  const pictures = await readCifar10(folder, part);
  await writeWholeSet(to, {
    shape: [CIFAR10_SIDE, CIFAR10_SIDE, 3],
    pictures: pixelsOf(pictures),
    labels: pictures.map(({ label, source }) => ({ source, labels: { class: label } })),
    description: { dataset: 'cifar10', ...CIFAR10_ORIGIN, count: pictures.length, side: CIFAR10_SIDE, channels: 3 },
  });
  console.log(`${to}: ${pictures.length} pictures`);
}

async function* pixelsOf(pictures: readonly Cifar10Picture[]): AsyncGenerator<Uint8Array> {
  for (const { read } of pictures) yield await read();
}
