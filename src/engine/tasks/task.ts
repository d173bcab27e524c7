/** What a task is: its request, how it is run, how it ends. */
import type { BeamSchedule } from '../../contract/beams.ts';
import type { GuideUse, Timings } from '../../contract/events.ts';
import type { GenerateRequest, PictureInput } from '../../contract/requests.ts';
import type { Picture } from '../../guide.ts';
import type { PlaneSize } from '../../kit/resample.ts';
import type { Provenance } from '../../pictures/provenance.ts';
import type { Engine, PrepareOptions } from '../engine.ts';
import type { OpenModel } from '../models.ts';
import type { Network } from '../network/network.ts';
import type { Descent } from '../search/descent.ts';
import type { PartialResult, Result, WindowCode } from '../search/events.ts';
import { ALONE, type EndEvent, type Joining } from '../search/together.ts';

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
  /** Whole pictures are put together each time they are asked for: many may be large. */
  draw(): Picture;
  readonly width: number;
  readonly height: number;
  /** Whole, or the levels that were chosen. */
  readonly code: readonly number[];
  /** Empty where the code is not whole. */
  readonly codeString: string;
  /** Against the picture given, in dB; of an encoding only. */
  readonly psnr?: number;
  /** Its place among the previews of its task. */
  readonly index: number;
  /** Of a whole picture, which its code alone does not draw. */
  readonly windows?: readonly WindowCode[];
  /** What the picture's metadata say of its code. */
  readonly origin: Pick<Provenance, 'code' | 'level' | 'windows'>;
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

/** Descents that make one request, and how they are told of and steered as one. */
export interface Walk {
  readonly descents: readonly Descent[];
  readonly joining: Joining;
  /** Weights of the request's guides from the next choice on. @throws {RangeError} */
  setWeights(weights: readonly number[]): void;
}

/** A task whose levels are walked. */
export interface DescentTask extends Prepared, Walk {
  readonly run: 'descent';
  outcomeOf(end: EndEvent): TaskOutcome;
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
  /** @throws what made one of the descents fail */
  descend(network: Network, walk: Walk): Promise<EndEvent>;
  draw(network: Network, codes: DrawingTask['codes'], condition: Float32Array | null): Promise<readonly Picture[]>;
}

/** Runs a task to its end. @throws {KandidError} what its guides or the network throw */
export async function runTask(task: PreparedTask, runner: TaskRunner): Promise<TaskOutcome> {
  const { network } = task.model;
  if (task.run === 'draw') return task.outcomeOf(await runner.draw(network, task.codes, task.condition));
  return task.outcomeOf(await runner.descend(network, task));
}

/** What a task needs of the engine. */
export type TaskEngine = Pick<Engine, 'models' | 'guides' | 'limitPixels' | 'wholePixels' | 'prepare'>;

/** The walk of a single descent. */
export function walkOf(descent: Descent): Walk {
  return { descents: [descent], joining: ALONE, setWeights: (weights) => descent.setWeights(weights) };
}

/**
 * The outcome of a descent, its pictures' codes as they are: whole, or the levels that were chosen.
 *
 * @param size of whole pictures, which are not put together to find out
 */
export function outcomeOf(end: EndEvent, size?: PlaneSize): TaskOutcome {
  const { guides, notes, timings } = end;
  const pictures =
    end.type === 'done'
      ? end.results.map((one) => finishedPicture(one, size))
      : end.results.map((one, index) => partialPicture(one.prefix, one, { index, size }));
  const level = end.type === 'done' ? (pictures[0]?.code.length ?? 0) : end.level;
  return { type: end.type, level, pictures, guides, notes, timings };
}

function finishedPicture(result: Result, size: PlaneSize = result.image): TaskPicture {
  const { code, codeString, index, windows } = result;
  const about = { width: size.width, height: size.height, code, codeString, index };
  if (!windows) return { ...about, draw: () => result.image, origin: { code: codeString } };
  return { ...about, draw: () => result.image, windows, origin: { code: null, windows } };
}

export interface PartialOptions {
  readonly index: number;
  /** The code string of a code whose first levels these are. @default null */
  readonly whole?: string | null;
  /** @default that of the picture */
  readonly size?: PlaneSize | undefined;
}

/** A picture as it stands after some levels. No code string: it would pass for one of a model with so many levels. */
export function partialPicture(
  code: readonly number[],
  result: Pick<PartialResult, 'image' | 'windows'>,
  { index, whole = null, size = result.image }: PartialOptions,
): TaskPicture {
  const windows = result.windows ? { windows: result.windows } : {};
  const { width, height } = size;
  const origin = { code: whole, level: code.length, ...windows };
  return { draw: () => result.image, width, height, code, codeString: '', index, ...windows, origin };
}
