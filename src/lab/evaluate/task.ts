/** The interface of an evaluation task, and its outcome. */
import type { Picture } from '../../guide.ts';
import type { EvaluationContext } from './context.ts';

export interface Task {
  /** Name on the command line; also its key in the metrics, if it has one. */
  readonly name: string;
  /** One-line title. */
  readonly title: string;
  /** Runs only if named, as it takes long. @default false */
  readonly onRequest?: boolean;
  /**
   * Whether it supports conditional models: `also`, or `only`.
   * @default unconditional models only
   */
  readonly conditional?: 'also' | 'only';
  /** Why it cannot run, or null. */
  skipReason?(setting: Setting): Promise<string | null> | string | null;
  run(context: EvaluationContext): Promise<TaskOutcome>;
}

/** Facts known before any picture is opened. */
export interface Setting {
  readonly dataset: string | null;
  readonly channels: 1 | 3;
  /** Whether the model has a prior. */
  readonly hasPrior: boolean;
  /** Kind of the model's condition; null for an unconditional model. */
  readonly condition: string | null;
  /** Folders of models. */
  readonly models: readonly string[];
  /** Why the training pictures are unavailable, or null. */
  readonly trainingSkipReason: string | null;
  /** Whether the command specifies a feature network. */
  readonly bringsNetwork: boolean;
  /** A classifier that is not the guide, if the command specifies one. */
  readonly judge: string | undefined;
}

export interface TaskOutcome {
  /** Entries of model.json and the JSON output, by key. */
  readonly metrics: Readonly<Record<string, unknown>>;
  readonly table: Table;
  readonly sheets: readonly Sheet[];
}

export interface Table {
  readonly header: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** Contact sheet: one row per example, one column per method. */
export interface Sheet {
  readonly name: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly Picture[])[];
  /** Words under each picture, in reading order. */
  readonly captions?: readonly string[];
}

/** Number of examples on a contact sheet. */
export const SHOWN = 12;

/** A cell of a table: decibels, or a dash if there is no figure. */
export function cell(value: number | null | undefined, digits = 2): string {
  return value === null || value === undefined || !Number.isFinite(value) ? '–' : value.toFixed(digits);
}
