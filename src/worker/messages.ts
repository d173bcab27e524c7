/** Messages between the server and an inference process: plain data, for structured cloning. */

import type { BeamSchedule } from '../contract/beams.ts';
import type {
  ChosenFields,
  EndFields,
  FileFields,
  GuideUse,
  LevelFields,
  PreviewFields,
  QuestionFields,
  StartedFields,
  Timings,
} from '../contract/events.ts';
import type { GenerateRequest, PictureInput } from '../contract/requests.ts';
import type { EngineOptions } from '../engine/engine.ts';
import type { GuideSummary } from '../engine/guides/registry.ts';
import type { ModelSummary } from '../engine/models.ts';
import type { WindowCode } from '../engine/search/events.ts';
import { type Detail, type ErrorCode, KandidError } from '../errors.ts';
import type { LexiconParts } from '../kit/lexicon.ts';
import type { PictureFormat } from '../pictures/codec.ts';

export type { GuideSummary, GuideUse, ModelSummary, PictureFormat, Timings };

/** How finished pictures are encoded. */
export interface Output {
  readonly format: PictureFormat;
  /** 1 … 100, for all but PNG and GIF. */
  readonly quality?: number | undefined;
  /** Longer side in pixels, by Lanczos. @default the model's, or that of the whole picture */
  readonly size?: number | undefined;
  /** The descent of each result in place of its finished picture; of a generation as GIF or WebP. */
  readonly animation?: Animation | undefined;
}

export interface Animation {
  /** Levels shown, spread evenly; the last is the finished picture. @default all */
  readonly frames?: number | undefined;
  /** How long each is shown, in milliseconds. */
  readonly frameMs: number;
}

/** How a job's levels are shown while it runs. */
export interface Previews {
  readonly format: PictureFormat;
  readonly quality: number;
  /** Side in pixels, by Lanczos. @default that of the level */
  readonly size?: number | undefined;
  /** Of the first so many results. */
  readonly images: number;
  /** At most so many levels a second, and none before somebody has taken the one before. */
  readonly perSecond: number;
  /** Just these levels, all of them. @default the latest, as fast as they are taken */
  readonly levels?: readonly number[] | undefined;
}

/** A picture to change, as OpenAI's clients give it: what of it guides depends on its transparency. */
export interface Edit {
  readonly image: Uint8Array;
  /** Transparent where the picture is repainted; of its size. */
  readonly mask?: Uint8Array | undefined;
  /** Weight of the picture beside the other guides, where none of it is transparent. */
  readonly weight: number;
  /** Whether what is repainted is put back into the whole picture. */
  readonly whole: boolean;
}

/** What can be asked of an inference process. To vary a code is to generate with its first levels as `prefix`. */
export type Work =
  | {
      readonly kind: 'generate';
      readonly request: GenerateRequest;
      /** Becomes the first guide. */
      readonly edit?: Edit | undefined;
      /** Of the picture that it works on whole, in pixels: costs depend on it. */
      readonly wholeSize?: { readonly width: number; readonly height: number } | undefined;
      readonly output: Output;
      readonly previews?: Previews | undefined;
      /** Whether somebody follows who can answer questions. @default false */
      readonly person?: boolean | undefined;
    }
  | {
      readonly kind: 'encode';
      readonly picture: PictureInput;
      readonly model?: string | undefined;
      readonly beams?: BeamSchedule | undefined;
      readonly search?: boolean | undefined;
      readonly condition?: PictureInput | undefined;
      readonly output: Output;
      readonly previews?: Previews | undefined;
    }
  | {
      readonly kind: 'decode';
      readonly codes: readonly (string | readonly number[])[];
      readonly model?: string | undefined;
      /** As the pictures stand after this level. @default the last */
      readonly level?: number | undefined;
      readonly condition?: PictureInput | undefined;
      readonly output: Output;
    };

/** A picture file. */
export interface EncodedPicture extends FileFields {
  readonly bytes: Uint8Array;
}

export interface ResultPicture extends EncodedPicture {
  /** Whole, or the levels that were chosen before it was cancelled. */
  readonly code: readonly number[];
  /** Empty where the code is not whole. */
  readonly codeString: string;
  /** Against the picture given, in dB; of an encoding only. */
  readonly psnr?: number | undefined;
  /** The `image` of its previews. */
  readonly image: number;
  /** Of a whole picture: its squares. */
  readonly windows?: readonly WindowCode[] | undefined;
}

export interface JobStarted extends StartedFields {
  readonly type: 'started';
}

export interface JobLevel extends LevelFields {
  readonly type: 'level';
}

export interface JobPreview extends EncodedPicture, PreviewFields {
  readonly type: 'preview';
  /** Asked for by its level: not replaced by later ones. */
  readonly kept: boolean;
}

/** A person is asked; the picture is a contact sheet, in reading order. */
export interface JobQuestion extends EncodedPicture, QuestionFields {
  readonly type: 'question';
}

export interface JobChosen extends ChosenFields {
  readonly type: 'chosen';
}

/** A finished picture, before the end that it belongs to: one at a time, for all of them would make one huge message. */
export interface JobPicture {
  readonly type: 'finished';
  /** Its place among the results. */
  readonly index: number;
  readonly picture: ResultPicture;
}

interface EndWithPictures extends EndFields {
  readonly model: string;
  readonly hash: string;
  /** Of a request that is done, the best first. */
  readonly results: readonly ResultPicture[];
}

export interface JobDone extends EndWithPictures {
  readonly type: 'done';
}

export interface JobCancelled extends EndWithPictures {
  readonly type: 'cancelled';
  /** Levels that were chosen. */
  readonly level: number;
}

export interface JobFailed {
  readonly type: 'failed';
  readonly error: ErrorData;
}

export type JobEnd = JobDone | JobCancelled | JobFailed;

/** An event of a job in an inference process: `started`, …, and at last a `JobEnd`. */
export type JobEvent = JobStarted | JobLevel | JobPreview | JobQuestion | JobChosen | JobEnd;

export interface WorkerOptions {
  readonly engine: EngineOptions;
  /** Of Kandid, for the provenance of pictures. */
  readonly version?: string | undefined;
  /** It has served before: a model that cannot be opened any more is no reason to serve none of the others. @default false */
  readonly isRestart?: boolean | undefined;
  /** Models opened, and run once, before it says that it is ready. @default the default model */
  readonly warm?: readonly string[] | undefined;
  /** Rows (pictures, or beams of them) of one run at most. @default 64 */
  readonly rowsPerRun?: number | undefined;
  /** Seconds that a person has for an answer. @default 60 */
  readonly personSeconds?: number | undefined;
}

/** A job on its way to an inference process. */
export interface Ticket {
  readonly job: string;
  /** 1, 2, …: what an earlier attempt still says is not listened to. */
  readonly attempt: number;
  /** Whose turn it counts as. */
  readonly client: string;
  readonly work: Work;
}

/** What may be said to a running job. */
export type JobMessage =
  /** It ends with the best pictures so far; with those that are encoded already, where that had begun. */
  | { readonly type: 'cancel' }
  /** Nobody wants its pictures any more: it ends with none. */
  | { readonly type: 'drop' }
  /** Of the guides, from the next choice on. */
  | { readonly type: 'weights'; readonly weights: readonly number[] }
  | { readonly type: 'answer'; readonly question: number; readonly picks: readonly number[] }
  /** Somebody has taken the previews of this level: the next may be made. */
  | { readonly type: 'taken'; readonly level: number };

export type ToWorker =
  | { readonly type: 'open'; readonly options: WorkerOptions }
  | { readonly type: 'job'; readonly ticket: Ticket }
  | { readonly type: 'tell'; readonly job: string; readonly attempt: number; readonly message: JobMessage }
  | { readonly type: 'ping' }
  /** Frees everything and exits; jobs that still run are not heard of again. */
  | { readonly type: 'stop' };

/** One run of a graph. */
export interface RunReport {
  readonly model: string;
  /** null: decode.onnx. */
  readonly level: number | null;
  readonly rows: number;
  /** Jobs that shared it. */
  readonly jobs: number;
  readonly ms: number;
}

/** What an inference process has. */
export interface WorkerInfo {
  /** 'cpu' or 'cuda:N'. */
  readonly device: string;
  /** Why `auto` came to the CPU. */
  readonly fallback: string | null;
  readonly models: readonly ModelSummary[];
  /** Of each model, by name: bytes that one beam of a result takes at most between two levels. */
  readonly beamBytes: Readonly<Record<string, number>>;
  /** Of requests that name none. */
  readonly defaultModel: string;
  readonly guides: readonly GuideSummary[];
  /** Of each text model that knows certain words alone, by name. */
  readonly lexicons: Readonly<Record<string, LexiconParts>>;
}

export type FromWorker =
  | { readonly type: 'ready'; readonly info: WorkerInfo }
  /** Bundles came or went. */
  | { readonly type: 'catalogue'; readonly info: WorkerInfo }
  /** It could not be opened, and exits. */
  | { readonly type: 'startupFailure'; readonly error: ErrorData }
  | { readonly type: 'event'; readonly job: string; readonly attempt: number; readonly event: JobEvent | JobPicture }
  | { readonly type: 'run'; readonly run: RunReport }
  /** Something went wrong that no job is to blame for; it goes on. */
  | { readonly type: 'warning'; readonly text: string }
  /** Bytes of memory. */
  | { readonly type: 'pong'; readonly memory: number };

/** An error as plain data. */
export interface ErrorData {
  readonly code: ErrorCode;
  readonly message: string;
  readonly details: Readonly<Record<string, Detail>>;
}

export function errorFrom({ code, details }: ErrorData): KandidError {
  return new KandidError(code, details as never);
}

/** An end with the pictures that were told of before it. */
export function withPictures<End extends JobEnd>(end: End, finished: readonly JobPicture[]): End {
  if (end.type === 'failed') return end;
  const inOrder = [...finished].sort((a, b) => a.index - b.index);
  return { ...end, results: [...end.results, ...inOrder.map(({ picture }) => picture)] };
}

export function isEnd(event: { readonly type: string }): event is JobEnd {
  return event.type === 'done' || event.type === 'cancelled' || event.type === 'failed';
}
