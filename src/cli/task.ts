/** Runs a task of the engine for a command. */
import { packageVersion } from '../config.ts';
import type { LevelEvent } from '../engine/search/events.ts';
import { provenanceOf } from '../engine/tasks/provenance.ts';
import { type PreparedTask, runTask, type TaskOutcome } from '../engine/tasks/task.ts';
import { inProcess, prepareTask, type Task } from '../engine/tasks/tasks.ts';
import type { Kandid } from '../index.ts';
import type { Provenance } from '../pictures/provenance.ts';
import type { Io } from './io.ts';

export interface CommandOutcome {
  readonly task: PreparedTask;
  readonly outcome: TaskOutcome;
  /** Provenance of each picture, for its file. */
  readonly provenances: readonly Provenance[];
}

/**
 * Prints notes to standard error; Ctrl-C ends the task with the best pictures so far. @throws {KandidError} the errors
 * of the engine
 */
export async function performTask(
  kandid: Kandid,
  given: Task,
  io: Io,
  onLevel: (event: LevelEvent) => void = () => {},
): Promise<CommandOutcome> {
  const task = await prepareTask(kandid.engine, given, { signal: io.signal });
  const outcome = await runTask(task, inProcess(io.signal, onLevel));
  for (const note of outcome.notes) io.err(note);
  const version = packageVersion();
  return { task, outcome, provenances: outcome.pictures.map((picture) => provenanceOf(version, task, picture)) };
}
