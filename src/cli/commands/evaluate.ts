/** `kandid evaluate avatars-64` */
import { join } from 'node:path';
import type { Command } from 'commander';
import { modelFolders } from '../../config.ts';
import type { GenerateRequest } from '../../contract/requests.ts';
import { BLENDS, type BlendKind } from '../../contract/requests.ts';
import type { FrechetOptions } from '../../lab/evaluate/context.ts';
import { dataFolder, type EvaluateEvent, type Evaluation, evaluate, TASKS } from '../../lab/evaluate/evaluate.ts';
import { writeMetrics } from '../../lab/evaluate/metrics.ts';
import { drawSheet } from '../../lab/evaluate/sheet.ts';
import { NORMALISATIONS } from '../../lab/evaluate/tasks/frechet.ts';
import { writeOutput } from '../files.ts';
import type { Io } from '../io.ts';
import { addEngineOptions, type EngineFlags, settingsOf, withKandid } from '../options.ts';
import { progressOn } from '../progress.ts';
import { tableLines } from '../table.ts';
import { jsonObject, oneOf, whole, wrongValue } from '../values.ts';

interface Flags extends EngineFlags {
  readonly tasks?: string[];
  readonly count: number;
  readonly usageCount: number;
  readonly sampler?: Record<string, unknown>;
  readonly blend?: BlendKind;
  readonly text?: Record<string, unknown>;
  readonly fid?: string;
  readonly fidSide?: number;
  readonly fidNormalise?: NonNullable<FrechetOptions['normalise']>;
  readonly samples?: number;
  readonly judge?: string;
  readonly labels?: string[];
  readonly data?: string;
  readonly pictures?: string;
  readonly out?: string;
  readonly write?: boolean;
  readonly json?: boolean;
}

/** With at least this many pictures, figures are written into model.json by default. */
const ENOUGH_TO_WRITE = 1000;

export function addEvaluate(program: Command, io: Io): void {
  const command = program
    .command('evaluate [model]')
    .summary('measure a model on pictures it has not seen')
    .description(
      `Runs tasks on held-out pictures with the engine that the server uses, and prints tables. Tasks: ${TASKS.map(({ name, onRequest }) => (onRequest ? `${name} (only if named)` : name)).join(', ')}.`,
    )
    .option('-t, --tasks <names>', 'comma-separated tasks (default: all that can be run)', names('--tasks'))
    .option('-n, --count <n>', 'held-out pictures', whole('--count', 2, 100_000), ENOUGH_TO_WRITE)
    .option('--usage-count <n>', 'training pictures of the usage task', whole('--usage-count', 1, 10_000_000), 20_000)
    .option('--sampler <json>', 'sampler of guided tasks, in place of the default: {"top": 2}', json('--sampler'))
    .option('--blend <blend>', `how several guides are combined: ${BLENDS.join(', ')}`, oneOf('--blend', BLENDS))
    .option('--text <json>', 'params of the text guide, in place of the defaults', json('--text'))
    .option(
      '--fid <file>',
      'ONNX feature network (Inception): measure the Fréchet distance of samples on it, and nothing else without --tasks',
    )
    .option('--fid-side <n>', 'side of its input, if it takes any side', whole('--fid-side', 8, 1024))
    .option(
      '--fid-normalise <how>',
      `range of its input: ${Object.keys(NORMALISATIONS).join(', ')} (unit: 0 … 1)`,
      oneOf('--fid-normalise', NORMALISED),
    )
    .option(
      '--samples <n>',
      'number of samples of the task frechet (default: 50000 with --fid, otherwise 5000)',
      whole('--samples', 2, 10_000_000),
    )
    .option('--judge <model>', 'classifier that judges the task classifier: a name, or the path of a folder')
    .option(
      '--labels <names>',
      'labels of the task classifier, separated by commas (default: those of the held-out pictures)',
      names('--labels'),
    )
    .option('--data <dir>', 'folder of data sets; missing ones are drawn into it (data)')
    .option('--pictures <dir>', 'pictures to measure on, in place of the data set')
    .option('-o, --out <dir>', 'folder for contact sheets and evaluation.json')
    .option('--write', `write the metrics to model.json, even with fewer than ${ENOUGH_TO_WRITE} pictures`)
    .option('--no-write', 'do not write them')
    .option('--json', 'print the figures as JSON');
  addEngineOptions(command).action((model: string | undefined, flags: Flags) => run(model, flags, io));
}

const json = (option: string) => (text: string) => jsonObject(option, text);

const NORMALISED = Object.keys(NORMALISATIONS) as (keyof typeof NORMALISATIONS)[];

const names = (option: string) => (text: string) => {
  const found = text.split(',').map((name) => name.trim());
  if (found.some((name) => name === '')) throw wrongValue(option, text, 'names separated by commas');
  return found;
};

async function run(model: string | undefined, flags: Flags, io: Io): Promise<void> {
  await withKandid(flags, io, async ({ engine }) => {
    const progress = progressOn(io);
    const found: Record<string, unknown> = {};
    try {
      const evaluation = await evaluate({
        engine,
        model: model ?? flags.model,
        models: modelFolders(settingsOf(flags, io)),
        tasks: flags.tasks,
        count: flags.count,
        usageCount: flags.usageCount,
        pictures: flags.pictures,
        signal: io.signal,
        sampler: flags.sampler as GenerateRequest['sampler'],
        blend: flags.blend,
        textParams: flags.text,
        frechet: { file: flags.fid, samples: flags.samples, side: flags.fidSide, normalise: flags.fidNormalise },
        judge: flags.judge,
        labels: flags.labels,
        data: flags.data ?? dataFolder(io.environment),
        progress: (done, total, label) => progress.update(done, total, label),
      });
      if (!flags.json)
        io.out(`${evaluation.model} (${evaluation.hash.slice(0, 8)}), ${evaluation.count} held-out pictures`);
      for await (const event of evaluation.events()) {
        progress.stop();
        Object.assign(found, event.outcome?.metrics);
        await report(event, evaluation, flags, io);
      }
      await finish(evaluation, found, flags, io);
    } finally {
      progress.stop();
    }
  });
}

async function report(
  { task, outcome, skipReason, seconds }: EvaluateEvent,
  evaluation: Evaluation,
  flags: Flags,
  io: Io,
) {
  if (!outcome) {
    io.err(`${task.name} was skipped: ${skipReason}`);
    return;
  }
  if (flags.out !== undefined)
    for (const sheet of outcome.sheets)
      if (sheet.rows.length > 0) await writeOutput(join(flags.out, `${sheet.name}.png`), await drawSheet(sheet));
  if (shouldWrite(evaluation, flags))
    await writeMetrics(evaluation.folder, { ...outcome.metrics, ...about(evaluation) });
  if (flags.json) return;
  io.out('');
  io.out(`${task.name}: ${task.title} (${seconds.toFixed(0)} s)`);
  for (const line of tableLines(outcome.table.header, outcome.table.rows)) io.out(`  ${line}`);
}

/** Figures of few pictures, or with settings other than the defaults, are not recorded. */
function shouldWrite({ count }: Evaluation, { write, sampler, blend, text }: Flags): boolean {
  const isStandard = sampler === undefined && blend === undefined && text === undefined;
  return write ?? (count >= ENOUGH_TO_WRITE && isStandard);
}

function about({ count }: Evaluation) {
  return { pictures: count };
}

async function finish(evaluation: Evaluation, found: Record<string, unknown>, flags: Flags, io: Io): Promise<void> {
  const { model, hash, count, folder } = evaluation;
  const json = JSON.stringify({ model, hash, pictures: count, ...found }, null, 2);
  if (flags.out !== undefined) await writeOutput(join(flags.out, 'evaluation.json'), `${json}\n`);
  if (flags.json) io.out(json);
  if (shouldWrite(evaluation, flags))
    io.err(`Written into ${join(folder, 'model.json')}: ${Object.keys(found).join(', ')}.`);
}
