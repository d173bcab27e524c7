/** `kandid pull NAME` */
import { type Command, Option } from 'commander';
import { userModelsFolder } from '../../config.ts';
import { CATALOGUE } from '../../hub/catalogue.ts';
import { CLIP_FORMATS, type ClipFormat } from '../../hub/clip-files.ts';
import { Connection, hubSettings } from '../../hub/connection.ts';
import { pull } from '../../hub/pull.ts';
import type { Io } from '../io.ts';
import { settingsOf } from '../options.ts';
import { progressOn } from '../progress.ts';
import { tableLines } from '../table.ts';
import { oneOf, several } from '../values.ts';

interface Flags {
  readonly name?: string;
  readonly models?: string[];
  readonly format?: ClipFormat;
  readonly licence?: string;
  readonly json?: boolean;
}

export function addPull(program: Command, io: Io): void {
  program
    .command('pull [name]')
    .summary('download a model or a CLIP; without a name, list them')
    .description(
      'Downloads a model by name, hf:OWNER/NAME[@REVISION][:FILE.pkl] or the address of a checkpoint, into the folder of your ' +
        'models. An interrupted download resumes where it stopped; every file is verified before it is used.',
    )
    .option('--name <name>', 'name of the new model')
    .option('--models <dir>', 'folder for the new model (default: the folder of your models)', several)
    .option('--licence <text>', 'licence of the weights, if it is not known')
    .addOption(
      new Option(
        '--format <format>',
        `format of a CLIP: ${CLIP_FORMATS.join(', ')} (default: the first available)`,
      ).argParser(oneOf('--format', CLIP_FORMATS)),
    )
    .option('--json', 'print what was fetched as JSON')
    .action((name: string | undefined, flags: Flags) => (name === undefined ? list(flags, io) : run(name, flags, io)));
}

function list({ json }: Flags, io: Io): void {
  if (json) {
    io.out(JSON.stringify(CATALOGUE, null, 2));
    return;
  }
  const rows = Object.entries(CATALOGUE).map(([name, { title, repository, licence }]) => [
    name,
    title,
    repository,
    licence.weights,
  ]);
  for (const line of tableLines(['name', 'what', 'from', 'licence of the weights'], rows)) io.out(line);
}

async function run(source: string, flags: Flags, io: Io): Promise<void> {
  const models = settingsOf(flags, io).models[0] ?? userModelsFolder(io.environment);
  const connection = new Connection(await hubSettings(io.environment));
  const progress = progressOn(io);
  try {
    const pulled = await pull(source, connection, {
      models,
      name: flags.name,
      format: flags.format,
      licence: flags.licence,
      command: `kandid pull ${source}`,
      signal: io.signal,
      progress: (done, total, doing) => progress.update(Math.floor((100 * done) / total), 100, `% ${doing}`),
    });
    progress.stop();
    if (flags.json) return io.out(JSON.stringify(pulled, null, 2));
    io.out(`${pulled.name} is in ${pulled.folder}`);
    io.out(`  weights: ${pulled.licence.weights}`);
    io.out(`  data: ${pulled.licence.data}`);
    if (pulled.kind === 'clip') io.out(`  kandid generate "…" --clip ${pulled.name}`);
    else io.out(`  kandid generate --model ${pulled.name}`);
  } finally {
    progress.stop();
    await connection.close();
  }
}
