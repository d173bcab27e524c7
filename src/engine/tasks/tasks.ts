/** Prepares and runs tasks, for library, command line, worker processes and evaluation alike. */
import { KandidError } from '../../errors.ts';
import { throwIfCancelled } from '../guides/runner.ts';
import type { LevelEvent } from '../search/events.ts';
import { eventsOfAll } from '../search/run.ts';
import { prepareDecoding } from './decode.ts';
import { prepareEncoding } from './encode.ts';
import { prepareGeneration } from './generate.ts';
import type {
  DecodeTask,
  DescentTask,
  EncodeTask,
  GenerateTask,
  PreparedTask,
  TaskEngine,
  TaskOptions,
  TaskRunner,
} from './task.ts';

export type Task = GenerateTask | EncodeTask | DecodeTask;

/**
 * Checks a task and prepares its model, pictures and guides.
 *
 * @throws {KandidError} params_invalid, model_*, guide_*, picture_*, condition_*, code_invalid, option_invalid,
 * cancelled
 */
export function prepareTask(
  engine: TaskEngine,
  task: GenerateTask | EncodeTask,
  options?: TaskOptions,
): Promise<DescentTask>;
export function prepareTask(engine: TaskEngine, task: Task, options?: TaskOptions): Promise<PreparedTask>;
export async function prepareTask(engine: TaskEngine, task: Task, options: TaskOptions = {}): Promise<PreparedTask> {
  if (task.kind === 'generate') return await prepareGeneration(engine, task, options);
  return task.kind === 'encode'
    ? await prepareEncoding(engine, task, options)
    : await prepareDecoding(engine, task, options);
}

/** Runs tasks alone, in this process. */
export function inProcess(signal?: AbortSignal, onLevel: (event: LevelEvent) => void = () => {}): TaskRunner {
  return {
    async descend(network, { descents, joining }) {
      for await (const event of eventsOfAll(network, descents, joining)) {
        if (event.type !== 'level') return event;
        onLevel(event);
      }
      throw new KandidError('internal', { reason: 'the descent ended without an end' });
    },
    async draw(network, codes, condition) {
      if (signal) throwIfCancelled(signal);
      return await network.decode(
        codes,
        codes.map(() => condition),
      );
    },
  };
}
