/** `kandid import FILE.pkl --name NAME` */
import { type Command, Option } from 'commander';
import { userModelsFolder } from '../../config.ts';
import { GENERAL_CLIPS } from '../../hub/catalogue.ts';
import { type Imported, importCheckpoint } from '../../importer/import.ts';
import type { Io } from '../io.ts';
import { settingsOf } from '../options.ts';
import { progressOn } from '../progress.ts';
import { oneOf, several } from '../values.ts';

const STARTS = ['ramp', 'zeros'] as const;
const PRECISIONS = ['half', 'full'] as const;
const UNKNOWN = 'not stated when it was imported: ask its author';

interface Flags {
  readonly name: string;
  readonly models?: string[];
  readonly title?: string;
  readonly licence?: string;
  readonly dataLicence?: string;
  readonly attribution?: string;
  readonly start?: (typeof STARTS)[number];
  readonly precision?: (typeof PRECISIONS)[number];
  readonly textModel?: string[];
  readonly json?: boolean;
}

export function addImport(program: Command, io: Io): void {
  program
    .command('import <checkpoint>')
    .summary('convert a published checkpoint to a model')
    .description(
      'Converts a checkpoint (.pkl) of a Discrete Distribution Network, as published by its author, to a model. ' +
        'Nothing in the file is executed; content that such a checkpoint does not need is refused.',
    )
    .requiredOption('--name <name>', 'name of the new model')
    .option('--models <dir>', 'folder for the new model (default: the folder of your models)', several)
    .option('--title <text>', 'what its pictures show, in a few words')
    .option('--licence <text>', 'licence of the weights')
    .option('--data-licence <text>', 'licence of the training data')
    .option('--attribution <text>', 'attribution that the licence requires')
    .option('--text-model <name>', 'CLIP for its pictures, best first (default: those that pull knows)', several)
    .addOption(
      new Option(
        '--start <start>',
        'value added before level 0: ramp or zeros (default: stated in the file)',
      ).argParser(oneOf('--start', STARTS)),
    )
    .addOption(
      new Option('--precision <precision>', 'of the kernels on disk: half (the default) or full').argParser(
        oneOf('--precision', PRECISIONS),
      ),
    )
    .option('--json', 'print what was imported as JSON')
    .action((checkpoint: string, flags: Flags) => run(checkpoint, flags, io));
}

async function run(checkpoint: string, flags: Flags, io: Io): Promise<void> {
  const { name, title, start, precision, textModel } = flags;
  const models = settingsOf(flags, io).models[0] ?? userModelsFolder(io.environment);
  const progress = progressOn(io);
  const begun = performance.now();
  try {
    const imported = await importCheckpoint(checkpoint, {
      name,
      title,
      start,
      precision,
      models,
      licence: {
        weights: flags.licence ?? UNKNOWN,
        data: flags.dataLicence ?? UNKNOWN,
        attribution: flags.attribution ?? '',
      },
      textModels: textModel ?? GENERAL_CLIPS,
      command: `kandid import ${checkpoint} --name ${name}`,
      signal: io.signal,
      progress: (done, total, doing) => progress.update(Math.floor((100 * done) / total), 100, `% ${doing}`),
    });
    progress.stop();
    const seconds = Math.round(performance.now() - begun) / 1000;
    if (flags.json) io.out(JSON.stringify({ ...imported, seconds }, null, 2));
    else printImported(imported, name, seconds, flags, io);
  } finally {
    progress.stop();
  }
}

function printImported(imported: Imported, name: string, seconds: number, flags: Flags, io: Io): void {
  const { folder, levels, side, parameters, bytes, start, isStartGiven, condition } = imported;
  io.out(`${name}: ${levels} levels up to ${side}×${side} pixels, ${(parameters / 1e6).toFixed(1)} million parameters`);
  io.out(`  in ${folder}, ${(bytes / 1e6).toFixed(1)} MB, ${seconds.toFixed(1)} s`);
  const origin = isStartGiven ? 'as given' : 'as stated by the source code in the file; --start overrides it';
  io.out(`  start: ${start} (${origin})`);
  if (condition) io.out('  needs a condition: the mean of the channels of a picture (--condition FILE)');
  if (flags.licence === undefined || flags.dataLicence === undefined)
    io.err('Licences of weights and data are recorded with --licence and --data-licence; one was not given.');
}
