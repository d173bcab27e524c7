/** Command: draws the avatars data set. See `npx tsx scripts/datasets/avatars.ts --help`. */
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { SingleBar } from 'cli-progress';
import { KandidError, toKandidError } from '../../src/errors.ts';
import { type AvatarPart, writeAvatars } from '../../src/lab/datasets/avatar-files.ts';
import { AVATAAARS } from '../../src/lab/datasets/styles/avataaars.ts';
import { AVATAR_STYLES, avatarStyle } from '../../src/lab/datasets/styles/index.ts';

const HELP = `Draws avatars (DiceBear) with exact labels and captions, for training and evaluation.

npx tsx scripts/datasets/avatars.ts [options]
  --style NAME  ${[...AVATAR_STYLES.keys()].join(' or ')}                     (${AVATAAARS.name})
  --side N      side of the pictures in pixels, 8 … 1024    (64)
  --train N     pictures in OUT/train                       (60000)
  --test N      pictures in OUT/test, seeds test-0, …       (2000)
  --prefix P    seeds of OUT/train: P-0, P-1, …             (train)
  --out FOLDER  where to write                              (data/DATASET-SIDE)

The same options always give the same files. A stopped run resumes; a larger --train extends the
folder. Each folder gets pictures.npy (uint8 [N, side, side, 3]), labels.jsonl and dataset.json.`;

function readOptions() {
  const { values } = parseArgs({
    options: {
      style: { type: 'string', default: AVATAAARS.name },
      side: { type: 'string', default: '64' },
      train: { type: 'string', default: '60000' },
      test: { type: 'string', default: '2000' },
      prefix: { type: 'string', default: 'train' },
      out: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  if (!/^[a-z][a-z0-9]*$/.test(values.prefix) || values.prefix === 'test')
    throw new KandidError('option_invalid', {
      option: '--prefix',
      got: `"${values.prefix}"`,
      expected: 'a word of small letters and digits other than "test"',
    });
  const style = avatarStyle(values.style);
  const side = wholeNumber('--side', values.side, 8, 1024);
  return {
    help: values.help,
    prefix: values.prefix,
    style,
    out: values.out ?? `data/${style.dataset}-${side}`,
    side,
    train: wholeNumber('--train', values.train, 0, 10_000_000),
    test: wholeNumber('--test', values.test, 0, 10_000_000),
  };
}

function wholeNumber(option: string, text: string, least: number, most: number): number {
  const number = Number(text);
  if (Number.isInteger(number) && number >= least && number <= most) return number;
  throw new KandidError('option_invalid', {
    option,
    got: `"${text}"`,
    expected: `a whole number from ${least} to ${most}`,
  });
}

async function drawPart(folder: string, part: AvatarPart): Promise<void> {
  const { count } = part;
  if (count === 0) return;
  const bar = process.stderr.isTTY
    ? new SingleBar({ format: `${folder} {bar} {value}/{total} {eta_formatted}` })
    : null;
  bar?.start(count, 0);
  try {
    await writeAvatars(folder, part, (done) => bar?.update(done));
  } finally {
    bar?.stop();
  }
}

try {
  const options = readOptions();
  if (options.help) console.log(HELP);
  else {
    const { style, side } = options;
    await drawPart(join(options.out, 'test'), { style, side, prefix: 'test', count: options.test });
    await drawPart(join(options.out, 'train'), { style, side, prefix: options.prefix, count: options.train });
  }
} catch (thrown) {
  const isUsage = thrown instanceof Error && 'code' in thrown && String(thrown.code).startsWith('ERR_PARSE_ARGS');
  const error = toKandidError(thrown);
  console.error(isUsage ? `${(thrown as Error).message}\n\n${HELP}` : error.message);
  process.exitCode = isUsage ? 2 : error.exitCode;
}
