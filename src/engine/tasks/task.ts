/** Tasks: their requests, how they are run, and how they end. */
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

/** Generates the pictures of a request. To vary a code, generate with its first levels as `prefix`. */
export interface GenerateTask {
  readonly kind: 'generate';
  readonly request: GenerateRequest;
}

/** Finds the code whose picture is nearest to a given one. */
export interface EncodeTask {
  readonly kind: 'encode';
  readonly picture: PictureInput;
  readonly model?: string | undefined;
  /** 1 is greedy. @default 1 */
  readonly beams?: BeamSchedule | undefined;
  /** Searches even if the file contains a code that still matches its pixels. @default false */
  readonly search?: boolean | undefined;
  /** @default the picture itself, if the model has a condition */
  readonly condition?: PictureInput | undefined;
  /** A picture of what matters: white in full, black not at all. @default everything alike */
  readonly weights?: PictureInput | undefined;
}

/** Draws the pictures of codes. */
export interface DecodeTask {
  readonly kind: 'decode';
  readonly codes: readonly (string | readonly number[])[];
  readonly model?: string | undefined;
  /** Level after which the pictures are drawn; codes may then end with it. @default the last */
  readonly level?: number | undefined;
  readonly condition?: PictureInput | undefined;
}

export type TaskOptions = PrepareOptions;

/** A picture of a task, with its code. */
export interface TaskPicture {
  /** Draws the picture; whole pictures are composed on each call, because many may be large. */
  draw(): Picture;
  readonly width: number;
  readonly height: number;
  /** Complete, or the levels chosen so far. */
  readonly code: readonly number[];
  /** Empty if the code is incomplete. */
  readonly codeString: string;
  /** PSNR against the given picture, in dB; encodings only. */
  readonly psnr?: number;
  /** Index among the previews of its task. */
  readonly index: number;
  /** Squares of a whole picture, which its code alone does not reproduce. */
  readonly windows?: readonly WindowCode[];
  /** The part of the picture's metadata about its code. */
  readonly origin: Pick<Provenance, 'code' | 'level' | 'windows'>;
}

/** How a task ended. */
export interface TaskOutcome {
  readonly type: 'done' | 'cancelled';
  /** Number of levels chosen. */
  readonly level: number;
  readonly pictures: readonly TaskPicture[];
  readonly guides: readonly GuideUse[];
  /** Notes for the user: from guides, and on pictures that were cropped or resized. */
  readonly notes: readonly string[];
  readonly timings: Timings;
}

/** A guide of a task, with the parameters that may be recorded. */
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

/** The descents of one request, and how their events are joined and their weights set. */
export interface Walk {
  readonly descents: readonly Descent[];
  readonly joining: Joining;
  /** Sets the weights of the request's guides from the next choice on. @throws {RangeError} */
  setWeights(weights: readonly number[]): void;
}

/** A task that descends through the levels. */
export interface DescentTask extends Prepared, Walk {
  readonly run: 'descent';
  outcomeOf(end: EndEvent): TaskOutcome;
}

/** Complete codes, which the decoding graph draws directly. */
export interface DrawingTask extends Prepared {
  readonly run: 'draw';
  readonly codes: readonly (readonly number[])[];
  readonly condition: Float32Array | null;
  outcomeOf(pictures: readonly Picture[]): TaskOutcome;
}

export type PreparedTask = DescentTask | DrawingTask;

/** Runs descents and codes: alone in this process, or alongside others. */
export interface TaskRunner {
  /** @throws the error of the first descent that fails */
  descend(network: Network, walk: Walk): Promise<EndEvent>;
  draw(network: Network, codes: DrawingTask['codes'], condition: Float32Array | null): Promise<readonly Picture[]>;
}

/** Runs a task to its end. @throws {KandidError} the errors of its guides or the network */
export async function runTask(task: PreparedTask, runner: TaskRunner): Promise<TaskOutcome> {
  const { network } = task.model;
  if (task.run === 'draw') return task.outcomeOf(await runner.draw(network, task.codes, task.condition));
  return task.outcomeOf(await runner.descend(network, task));
}

/** The part of the engine that tasks use. */
export type TaskEngine = Pick<Engine, 'models' | 'guides' | 'limitPixels' | 'wholePixels' | 'prepare'>;

/** The walk of a single descent. */
export function walkOf(descent: Descent): Walk {
  return { descents: [descent], joining: ALONE, setWeights: (weights) => descent.setWeights(weights) };
}

/**
 * The outcome of a descent; the pictures' codes are complete, or the levels chosen so far.
 *
 * @param size size of whole pictures, so that they need not be composed to determine it
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
  /** The code string of which these are the first levels. @default null */
  readonly whole?: string | null;
  /** @default that of the picture */
  readonly size?: PlaneSize | undefined;
}

/** A picture after some levels. It has no code string, which would look like one of a model with that many levels. */
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
