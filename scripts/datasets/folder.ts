/** Command: prepares a folder of pictures for training. See `npx tsx scripts/datasets/folder.ts --help`. */
import { basename, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { SingleBar } from 'cli-progress';
import { KandidError } from '../../src/errors.ts';
import { type FolderReport, writeFolder } from '../../src/lab/datasets/folder-files.ts';
import { onlyArgument, runCommand, wholeNumber } from './command.ts';

const HELP = `Prepares any folder of pictures for training: cut to the middle square, resized, in sRGB, composed on white.

npx tsx scripts/datasets/folder.ts FOLDER [options]
  --side N       side of the prepared pictures in pixels, 8 … 1024    (64)
  --channels C   3 for colour, 1 for gray                             (3)
  --out FOLDER   where to write                                       (data/NAME-SIDE)

Folders inside FOLDER are searched too. Files that cannot be read are named and skipped; at least 64 must be left. One
in 20, chosen by the hash of its name, is held out. A stopped run resumes.`;

/** Largest number of skipped files that are listed. */
const NAMED = 100;

await runCommand(HELP, async () => {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      side: { type: 'string', default: '64' },
      channels: { type: 'string', default: '3' },
      out: { type: 'string' },
    },
  });
  const from = onlyArgument('FOLDER', positionals, 'one folder of pictures');
  const side = wholeNumber('--side', values.side, 8, 1024);
  const channels = Number(values.channels);
  if (channels !== 1 && channels !== 3)
    throw new KandidError('option_invalid', { option: '--channels', got: `"${values.channels}"`, expected: '1 or 3' });
  const to = values.out ?? `data/${basename(resolve(from))}-${side}`;
  report(to, await prepare(from, to, side, channels));
});

async function prepare(from: string, to: string, side: number, channels: 1 | 3): Promise<FolderReport> {
  const bar = process.stderr.isTTY ? new SingleBar({ format: '{bar} {value}/{total} {eta_formatted}' }) : null;
  try {
    return await writeFolder(from, to, { side, channels }, (done, total) => {
      if (bar && !bar.isActive) bar.start(total, done);
      bar?.update(done);
    });
  } finally {
    bar?.stop();
  }
}

function report(to: string, { train, test, skipped }: FolderReport): void {
  for (const { file, reason } of skipped.slice(0, NAMED)) console.error(`skipped ${file}: ${reason}`);
  if (skipped.length > NAMED) console.error(`skipped ${skipped.length - NAMED} more`);
  console.log(`${to}: ${train} pictures to train on, ${test} held out, ${skipped.length} skipped`);
}
