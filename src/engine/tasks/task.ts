/** What a task is: its request, how it is run, how it ends. */
import type { BeamSchedule } from '../../contract/beams.ts';
import type { GuideUse, Timings } from '../../contract/events.ts';
import type { GenerateRequest, PictureInput } from '../../contract/requests.ts';
import type { Picture } from '../../guide.ts';
import type { Provenance } from '../../pictures/provenance.ts';
import type { Engine, PrepareOptions } from '../engine.ts';
import type { OpenModel } from '../models.ts';
import type { Network } from '../network/network.ts';
import type { Descent } from '../search/descent.ts';
import type { CancelledEvent, DoneEvent } from '../search/events.ts';

/** Pictures of a request. To vary a code is to generate with its first levels as `prefix`. */
export interface GenerateTask {
  readonly kind: 'generate';
  readonly request: GenerateRequest;
}

/** The code whose picture is nearest to a given one. */
export interface EncodeTask {
  readonly kind: 'encode';
  readonly picture: PictureInput;
  readonly model?: string | undefined;
  /** 1 is greedy. @default 1 */
  readonly beams?: BeamSchedule | undefined;
  /** Searches even where the file carries a code that its pixels still match. @default false */
  readonly search?: boolean | undefined;
  /** @default the picture itself, where the model takes a condition */
  readonly condition?: PictureInput | undefined;
}

/** The pictures of codes. */
export interface DecodeTask {
  readonly kind: 'decode';
  readonly codes: readonly (string | readonly number[])[];
  readonly model?: string | undefined;
  /** As the pictures stand after this level; codes may then end with it. @default the last */
  readonly level?: number | undefined;
  readonly condition?: PictureInput | undefined;
}

export type TaskOptions = PrepareOptions;

/** A picture of a task, and what it is the picture of. */
export interface TaskPicture {
  readonly image: Picture;
  /** Whole, or the levels that were chosen. */
  readonly code: readonly number[];
  /** Empty where the code is not whole. */
  readonly codeString: string;
  /** Against the picture given, in dB; of an encoding only. */
  readonly psnr?: number;
  /** Its place among the previews of its task. */
  readonly index: number;
  /** What the picture's metadata say of its code. */
  readonly origin: Pick<Provenance, 'code' | 'level'>;
}

/** How a task ended. */
export interface TaskOutcome {
  readonly type: 'done' | 'cancelled';
  /** Levels that were chosen. */
  readonly level: number;
  readonly pictures: readonly TaskPicture[];
  readonly guides: readonly GuideUse[];
  /** What its user should know: of guides, and of pictures that were cut or resized. */
  readonly notes: readonly string[];
  readonly timings: Timings;
}

/** A guide of a task, and those of its parameters that may be written down. */
export interface TaskGuide {
  readonly name: string;
  readonly weight: number;
  readonly recorded: Readonly<Record<string, unknown>>;
}

interface Prepared {
  readonly kind: 'generate' | 'encode' | 'decode';
  readonly model: OpenModel;
  readonly seed: number;
  /** Number of pictures. */
  readonly count: number;
  readonly guides: readonly TaskGuide[];
}

/** A task whose levels are walked. */
export interface DescentTask extends Prepared {
  readonly run: 'descent';
  readonly descent: Descent;
  outcomeOf(end: DoneEvent | CancelledEvent): TaskOutcome;
}

/** Whole codes, which the decoding graph draws without walking. */
export interface DrawingTask extends Prepared {
  readonly run: 'draw';
  readonly codes: readonly (readonly number[])[];
  readonly condition: Float32Array | null;
  outcomeOf(pictures: readonly Picture[]): TaskOutcome;
}

export type PreparedTask = DescentTask | DrawingTask;

/** How descents and codes are run: alone in this process, or beside others. */
export interface TaskRunner {
  /** @throws what made the descent fail */
  descend(network: Network, descent: Descent): Promise<DoneEvent | CancelledEvent>;
  draw(network: Network, codes: DrawingTask['codes'], condition: Float32Array | null): Promise<readonly Picture[]>;
}

/** Runs a task to its end. @throws {KandidError} what its guides or the network throw */
export async function runTask(task: PreparedTask, runner: TaskRunner): Promise<TaskOutcome> {
  const { network } = task.model;
  if (task.run === 'draw') return task.outcomeOf(await runner.draw(network, task.codes, task.condition));
  return task.outcomeOf(await runner.descend(network, task.descent));
}

/** What a task needs of the engine. */
export type TaskEngine = Pick<Engine, 'models' | 'guides' | 'limitPixels' | 'prepare'>;

/** The outcome of a descent, its pictures' codes as they are: whole, or the levels that were chosen. */
export function outcomeOf(end: DoneEvent | CancelledEvent): TaskOutcome {
  const { guides, notes, timings } = end;
  if (end.type === 'cancelled') {
    const pictures = end.results.map(({ prefix, image }, index) => partialPicture(prefix, image, index));
    return { type: 'cancelled', level: end.level, pictures, guides, notes, timings };
  }
  const pictures = end.results.map(({ code, codeString, image, index }) => ({
    image,
    code,
    codeString,
    index,
    origin: { code: codeString },
  }));
  return { type: 'done', level: pictures[0]?.code.length ?? 0, pictures, guides, notes, timings };
}

/** A picture as it stands after some levels. No code string: it would pass for one of a model with so many levels. */
export function partialPicture(
  code: readonly number[],
  image: Picture,
  index: number,
  whole: string | null = null,
): TaskPicture {
  return { image, code, codeString: '', index, origin: { code: whole, level: code.length } };
}
