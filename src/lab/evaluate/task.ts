/** What an evaluation task is, and its outcome. */
import type { Picture } from '../../guide.ts';
import type { EvaluationContext } from './context.ts';

export interface Task {
  /** As named on the command line; also its key among the metrics, where it has one of its own. */
  readonly name: string;
  /** One line for people. */
  readonly title: string;
  /** Left out where no tasks are named: it takes long. @default false */
  readonly onRequest?: boolean;
  /**
   * Whether it is for models that start from a condition picture: `also`, or `only`.
   * @default for others only
   */
  readonly conditional?: 'also' | 'only';
  /** Why it cannot be done here, or null. */
  skipReason?(setting: Setting): Promise<string | null> | string | null;
  run(context: EvaluationContext): Promise<TaskOutcome>;
}

/** What is known before any picture is opened. */
export interface Setting {
  readonly dataset: string | null;
  readonly channels: 1 | 3;
  /** Whether the model has a prior. */
  readonly hasPrior: boolean;
  /** Of the condition, where the model has one. */
  readonly condition: string | null;
  /** Folders of models. */
  readonly models: readonly string[];
}

export interface TaskOutcome {
  /** What goes into model.json and the JSON output, by key. */
  readonly metrics: Readonly<Record<string, unknown>>;
  readonly table: Table;
  readonly sheets: readonly Sheet[];
}

export interface Table {
  readonly header: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** Pictures to look at: a row per example, a column per way of treating it. */
export interface Sheet {
  readonly name: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly Picture[])[];
  /** Words under each picture, in reading order. */
  readonly captions?: readonly string[];
}

/** Examples on a contact sheet. */
export const SHOWN = 12;

/** A cell of a table: decibels, or a dash where there is no figure. */
export function cell(value: number | null | undefined, digits = 2): string {
  return value === null || value === undefined || !Number.isFinite(value) ? '–' : value.toFixed(digits);
}
