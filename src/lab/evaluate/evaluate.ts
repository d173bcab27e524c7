/** Evaluates a model: opens it and its pictures, runs the tasks, collects their results. */
import { join } from 'node:path';
import type { GenerateRequest } from '../../contract/requests.ts';
import type { Engine } from '../../engine/engine.ts';
import { KandidError } from '../../errors.ts';
import { nameHint } from '../../kit/nearest-names.ts';
import { EvaluationContext, type FrechetOptions } from './context.ts';
import { missingReason, openPictures, type SetRequest } from './picture-sets.ts';
import type { Setting, Task, TaskOutcome } from './task.ts';
import { classifier } from './tasks/classifier.ts';
import { codec } from './tasks/codec.ts';
import { conditionKept, conditionMixed } from './tasks/conditional.ts';
import { diversity } from './tasks/diversity.ts';
import { edges } from './tasks/edges.ts';
import { frechet } from './tasks/frechet.ts';
import { inpaint } from './tasks/inpaint.ts';
import { prior } from './tasks/prior.ts';
import { reconstruction } from './tasks/reconstruction.ts';
import { colorize, denoise, lowBit } from './tasks/restorations.ts';
import { style } from './tasks/style.ts';
import { superResolution } from './tasks/super-resolution.ts';
import { text, textAll, textLong } from './tasks/text.ts';
import { textInpaint } from './tasks/text-inpaint.ts';
import { textResults } from './tasks/text-results.ts';
import { unguided } from './tasks/unguided.ts';
import { usage } from './tasks/usage.ts';

/** In the order in which they run. */
export const TASKS: readonly Task[] = [
  ...[reconstruction, usage, superResolution, inpaint, colorize, denoise, lowBit],
  ...[
    edges,
    style,
    classifier,
    text,
    textLong,
    textResults,
    textInpaint,
    diversity,
    codec,
    textAll,
    conditionKept,
    conditionMixed,
    prior,
    unguided,
    frechet,
  ],
];

export interface EvaluateOptions {
  readonly engine: Engine;
  /** Folders of models, for the judge. */
  readonly models: readonly string[];
  readonly model: string | undefined;
  /** Names of tasks. @default all except those on request */
  readonly tasks?: readonly string[] | undefined;
  readonly count: number;
  readonly usageCount: number;
  /** Folder of data sets. */
  readonly data: string;
  /** A folder of pictures used instead of the model's data set. */
  readonly pictures?: string | undefined;
  /** Sampler and blend of guided tasks that specify none. */
  readonly sampler?: GenerateRequest['sampler'] | undefined;
  readonly blend?: GenerateRequest['blend'] | undefined;
  /** Params of the `text` guide that replace its defaults. */
  readonly textParams?: Readonly<Record<string, unknown>> | undefined;
  /** With `file` and no `tasks`, only the task `frechet` runs. */
  readonly frechet?: FrechetOptions | undefined;
  /** A classifier that judges results guided by the ImageNet network: its name, or the path of its folder. */
  readonly judge?: string | undefined;
  /** Labels of ImageNet for the task `classifier`. */
  readonly labels?: readonly string[] | undefined;
  readonly signal: AbortSignal;
  progress(done: number, total: number, label: string): void;
}

export interface EvaluateEvent {
  readonly task: Task;
  /** Null if the task was skipped. */
  readonly outcome: TaskOutcome | null;
  /** Why it was skipped. */
  readonly skipReason: string | null;
  readonly seconds: number;
}

export interface Evaluation {
  readonly model: string;
  readonly folder: string;
  readonly hash: string;
  /** Number of held-out pictures. */
  readonly count: number;
  events(): AsyncGenerator<EvaluateEvent>;
}

/**
 * Opens the model and its pictures; the tasks run while the events are iterated. A named task that cannot run is an
 * error; other tasks are skipped with a reason.
 *
 * @throws {KandidError} option_invalid, model_*, bundle_*, file_unreadable, file_unwritable, picture_*
 */
export async function evaluate(options: EvaluateOptions): Promise<Evaluation> {
  const { engine, model, count, data, pictures: folder, signal } = options;
  const bringsNetwork = options.frechet?.file !== undefined;
  const tasks = chosenTasks(options.tasks ?? (bringsNetwork ? ['frechet'] : undefined));
  const opened = await engine.models.open(model);
  const { info } = opened.network;
  const { dataset } = opened.bundle.manifest;
  const wanted = (part: SetRequest['part'], most: number): SetRequest => ({
    dataset,
    part,
    count: most,
    side: opened.network.finalSide,
    channels: info.channels,
    data,
    models: options.models,
    pictures: folder,
    progress: (done, total) => {
      options.progress(done, total, `drawing ${part} pictures`);
      if (signal.aborted) throw new KandidError('cancelled', { when: `after ${done} pictures were drawn` });
    },
  });
  const trainingSkipReason = await missingReason(wanted('train', 1));
  const planned = await planOf(tasks, options.tasks !== undefined, {
    dataset,
    channels: info.channels,
    condition: info.condition?.kind ?? null,
    models: options.models,
    hasPrior: opened.network.prior !== null,
    bringsNetwork,
    judge: options.judge,
    trainingSkipReason,
  });
  const set = await openPictures(wanted('test', count));
  const held = await set.read(0, set.count);
  await set.close();
  if (held.length < 2)
    throw new KandidError('option_invalid', { option: '--count', got: held.length, expected: '2 pictures or more' });
  const context = new EvaluationContext({
    engine,
    model: model ?? info.name,
    models: options.models,
    opened,
    dataset,
    pictures: held,
    signal,
    hasTraining: trainingSkipReason === null,
    trainingPictures: (most) => openPictures(wanted('train', most)),
    usageCount: options.usageCount,
    sampler: options.sampler,
    blend: options.blend,
    textParams: options.textParams,
    frechet: options.frechet,
    judge: options.judge,
    labels: options.labels,
    progress: options.progress,
  });
  return {
    model: info.name,
    folder: opened.bundle.folder,
    hash: opened.bundle.hash,
    count: held.length,
    events: () => run(planned, context),
  };
}

interface Planned {
  readonly task: Task;
  readonly skipReason: string | null;
}

async function planOf(tasks: readonly Task[], named: boolean, setting: Setting): Promise<Planned[]> {
  const planned: Planned[] = [];
  for (const task of tasks) {
    const skipReason = conditionSkipReason(task, setting) ?? (await task.skipReason?.(setting)) ?? null;
    if (skipReason !== null && named)
      throw new KandidError('option_invalid', {
        option: '--tasks',
        got: `"${task.name}"`,
        expected: `another one, for ${skipReason.replace(/\.$/, '')}`,
      });
    planned.push({ task, skipReason });
  }
  return planned;
}

function conditionSkipReason({ conditional }: Task, { condition }: Setting): string | null {
  if (condition === null) return conditional === 'only' ? 'the model is unconditional' : null;
  return conditional === undefined ? 'the model is conditional' : null;
}

async function* run(planned: readonly Planned[], context: EvaluationContext): AsyncGenerator<EvaluateEvent> {
  for (const { task, skipReason } of planned) {
    const started = performance.now();
    const outcome = skipReason === null ? await task.run(context) : null;
    yield { task, outcome, skipReason, seconds: (performance.now() - started) / 1000 };
  }
}

function chosenTasks(names: readonly string[] | undefined): readonly Task[] {
  if (!names) return TASKS.filter(({ onRequest }) => !onRequest);
  const all = TASKS.map(({ name }) => name);
  for (const name of names)
    if (!all.includes(name))
      throw new KandidError('option_invalid', {
        option: '--tasks',
        got: `"${name}"`,
        expected: `some of ${all.join(', ')}. ${nameHint(name, all)}`.replace(/\.$/, ''),
      });
  return TASKS.filter(({ name }) => names.includes(name));
}

/** Default folder of data sets. */
export function dataFolder(environment: NodeJS.ProcessEnv): string {
  return environment.KANDID_DATA || join(process.cwd(), 'data');
}
