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
  /** 1 … 100, for all formats except PNG and GIF. */
  readonly quality?: number | undefined;
  /** Longer side in pixels, resampled (Lanczos). @default the model's, or that of the whole picture */
  readonly size?: number | undefined;
  /**
   * Replaces the finished picture of each result with an animation of its descent; only for generation, as GIF or WebP.
   */
  readonly animation?: Animation | undefined;
}

export interface Animation {
  /** Number of evenly spread levels shown; the last is the finished picture. @default all */
  readonly frames?: number | undefined;
  /** Duration of each frame, in milliseconds. */
  readonly frameMs: number;
}

/** How a job's levels are shown while it runs. */
export interface Previews {
  readonly format: PictureFormat;
  readonly quality: number;
  /** Side in pixels, resampled (Lanczos). @default that of the level */
  readonly size?: number | undefined;
  /** Previews are made of the first `images` results. */
  readonly images: number;
  /** Largest number of levels per second; a level is only shown after the previous one was taken. */
  readonly perSecond: number;
  /** Shows all of these levels, and no others. @default the latest level, as fast as previews are taken */
  readonly levels?: readonly number[] | undefined;
}

/** A picture to edit, in the format of OpenAI's clients; the guides depend on its transparency. */
export interface Edit {
  readonly image: Uint8Array;
  /** Transparent where the picture is repainted; same size as the picture. */
  readonly mask?: Uint8Array | undefined;
  /** Weight of the picture relative to the other guides, if none of it is transparent. */
  readonly weight: number;
  /** Whether the repainted part is put back into the whole picture. */
  readonly whole: boolean;
}

/** Requests to an inference process. To vary a code, generate with its first levels as `prefix`. */
export type Work =
  | {
      readonly kind: 'generate';
      readonly request: GenerateRequest;
      /** Becomes the first guide. */
      readonly edit?: Edit | undefined;
      /** Size in pixels of the picture that is processed whole; costs depend on it. */
      readonly wholeSize?: { readonly width: number; readonly height: number } | undefined;
      readonly output: Output;
      readonly previews?: Previews | undefined;
      /** Whether a user who can answer questions follows the job. @default false */
      readonly person?: boolean | undefined;
    }
  | {
      readonly kind: 'encode';
      readonly picture: PictureInput;
      readonly model?: string | undefined;
      readonly beams?: BeamSchedule | undefined;
      readonly search?: boolean | undefined;
      readonly condition?: PictureInput | undefined;
      /** A picture of what matters: white in full, black not at all. */
      readonly weights?: PictureInput | undefined;
      readonly output: Output;
      readonly previews?: Previews | undefined;
    }
  | {
      readonly kind: 'decode';
      readonly codes: readonly (string | readonly number[])[];
      readonly model?: string | undefined;
      /** Level after which the pictures are shown. @default the last */
      readonly level?: number | undefined;
      readonly condition?: PictureInput | undefined;
      readonly output: Output;
    };

/** A picture file. */
export interface EncodedPicture extends FileFields {
  readonly bytes: Uint8Array;
}

export interface ResultPicture extends EncodedPicture {
  /** Complete, or the levels chosen before cancellation. */
  readonly code: readonly number[];
  /** Empty if the code is incomplete. */
  readonly codeString: string;
  /** PSNR against the given picture, in dB; encodings only. */
  readonly psnr?: number | undefined;
  /** The `image` of its previews. */
  readonly image: number;
  /** Squares of a whole picture. */
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
  /** Requested by level: not replaced by later previews. */
  readonly kept: boolean;
}

/** A question to the user; the picture is a contact sheet, in reading order. */
export interface JobQuestion extends EncodedPicture, QuestionFields {
  readonly type: 'question';
}

export interface JobChosen extends ChosenFields {
  readonly type: 'chosen';
}

/**
 * A finished picture, sent before the end of its job: one at a time, because all of them would make one huge message.
 */
export interface JobPicture {
  readonly type: 'finished';
  /** Index among the results. */
  readonly index: number;
  readonly picture: ResultPicture;
}

interface EndWithPictures extends EndFields {
  readonly model: string;
  readonly hash: string;
  /** Of a completed request, best first. */
  readonly results: readonly ResultPicture[];
}

export interface JobDone extends EndWithPictures {
  readonly type: 'done';
}

export interface JobCancelled extends EndWithPictures {
  readonly type: 'cancelled';
  /** Number of levels chosen. */
  readonly level: number;
}

export interface JobFailed {
  readonly type: 'failed';
  readonly error: ErrorData;
}

export type JobEnd = JobDone | JobCancelled | JobFailed;

/** An event of a job in an inference process: `started`, …, and finally a `JobEnd`. */
export type JobEvent = JobStarted | JobLevel | JobPreview | JobQuestion | JobChosen | JobEnd;

export interface WorkerOptions {
  readonly engine: EngineOptions;
  /** Version of Kandid, for the provenance of pictures. */
  readonly version?: string | undefined;
  /**
   * Whether the process replaces one that was ready: then a model that can no longer be opened does not stop the
   * others. @default false
   */
  readonly isRestart?: boolean | undefined;
  /** Models opened, and run once, before the process is ready. @default the default model */
  readonly warm?: readonly string[] | undefined;
  /** Largest number of rows (pictures, or their beams) in one run. @default 64 */
  readonly rowsPerRun?: number | undefined;
  /** Seconds that the user has to answer a question. @default 60 */
  readonly personSeconds?: number | undefined;
}

/** A job sent to an inference process. */
export interface Ticket {
  readonly job: string;
  /** 1, 2, …: messages of earlier attempts are ignored. */
  readonly attempt: number;
  /** The client that it is scheduled for. */
  readonly client: string;
  readonly work: Work;
}

/** Messages to a running job. */
export type JobMessage =
  /** Ends it with the best pictures so far, or with those already encoded if encoding has started. */
  | { readonly type: 'cancel' }
  /** Ends it without pictures, which are no longer needed. */
  | { readonly type: 'drop' }
  /** New guide weights, from the next choice on. */
  | { readonly type: 'weights'; readonly weights: readonly number[] }
  | { readonly type: 'answer'; readonly question: number; readonly picks: readonly number[] }
  /** The previews of this level were taken: the next may be sent. */
  | { readonly type: 'taken'; readonly level: number };

export type ToWorker =
  | { readonly type: 'open'; readonly options: WorkerOptions }
  | { readonly type: 'job'; readonly ticket: Ticket }
  | { readonly type: 'tell'; readonly job: string; readonly attempt: number; readonly message: JobMessage }
  | { readonly type: 'ping' }
  /** Frees everything and exits; jobs that still run send no more messages. */
  | { readonly type: 'stop' };

/** One run of a graph. */
export interface RunReport {
  readonly model: string;
  /** Null for decode.onnx. */
  readonly level: number | null;
  readonly rows: number;
  /** Number of jobs that shared it. */
  readonly jobs: number;
  readonly ms: number;
}

/** The capabilities of an inference process. */
export interface WorkerInfo {
  /** 'cpu', 'cuda:N', 'webgpu', … */
  readonly device: string;
  /** Why `auto` selected the CPU; null otherwise. */
  readonly fallback: string | null;
  readonly models: readonly ModelSummary[];
  /** By model name: largest number of bytes per beam of a result between two levels. */
  readonly beamBytes: Readonly<Record<string, number>>;
  /** Model of requests that name none. */
  readonly defaultModel: string;
  readonly guides: readonly GuideSummary[];
  /** By name, for text models with a limited vocabulary. */
  readonly lexicons: Readonly<Record<string, LexiconParts>>;
}

export type FromWorker =
  | { readonly type: 'ready'; readonly info: WorkerInfo }
  /** The set of bundles has changed. */
  | { readonly type: 'catalogue'; readonly info: WorkerInfo }
  /** Start-up failed; the process exits. */
  | { readonly type: 'startupFailure'; readonly error: ErrorData }
  | { readonly type: 'event'; readonly job: string; readonly attempt: number; readonly event: JobEvent | JobPicture }
  | { readonly type: 'run'; readonly run: RunReport }
  /** A problem that belongs to no job; the process continues. */
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

/** Adds the pictures sent before an end to it. */
export function withPictures<End extends JobEnd>(end: End, finished: readonly JobPicture[]): End {
  if (end.type === 'failed') return end;
  const inOrder = [...finished].sort((a, b) => a.index - b.index);
  return { ...end, results: [...end.results, ...inOrder.map(({ picture }) => picture)] };
}

export function isEnd(event: { readonly type: string }): event is JobEnd {
  return event.type === 'done' || event.type === 'cancelled' || event.type === 'failed';
}
