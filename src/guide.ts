/**
 * The guide contract: everything a guide needs to know of Kandid, and the only file of Kandid that a guide imports.
 *
 * A guide scores candidate pictures, higher is better; it never chooses. A definition is the default export of its file.
 */
import type { z } from 'zod';

/** The candidates a guide is asked about: float32, about [−1, 1] (not clamped), laid out [batch, count, channels, side, side]. */
export interface Candidates {
  /** Owned by the caller: a guide must not write to it, nor keep it after its answer. */
  readonly data: Float32Array;
  /** Descents asked about at once. */
  readonly batch: number;
  /** Candidates per descent: K, or fewer where the core made a shortlist. */
  readonly count: number;
  /** 1 (gray) or 3 (RGB). */
  readonly channels: number;
  /** Width and height in pixels. */
  readonly side: number;
  /**
   * Draws what each of them is likely to become, in their order: the prior's likeliest choices, up to 32 px. Takes some 20 ms
   * for each candidate. Absent without a prior, and where the candidates are as fine.
   */
  finishes?(): Promise<readonly Picture[]>;
}

/** Where in the descent the candidates stand. */
export interface LevelInfo {
  /** 0 … levels − 1. */
  readonly index: number;
  /** Number of levels, L. */
  readonly levels: number;
  /** Side of this level's candidates in pixels. */
  readonly side: number;
  /** Side of the finished picture in pixels. */
  readonly finalSide: number;
}

/** A picture as numbers: float32 in [−1, 1], laid out [channels, height, width]. */
export interface Picture {
  readonly data: Float32Array;
  readonly channels: number;
  readonly width: number;
  readonly height: number;
  /** Size of the file it was decoded from, in pixels, where it was decoded from one. */
  readonly original?: { readonly width: number; readonly height: number };
}

/**
 * A quadratic score that is linear in the candidate x before squaring:
 * score(x) = −scale · Σ weight[i,j] · ((M · (R x Cᵀ))[c,i,j] − target[c,i,j])².
 * Such a guide can be scored from Gram matrices, with no candidate drawn.
 */
export interface LinearForm {
  /** M, [outChannels, channels] in row order; identity where absent. */
  readonly color?: Float32Array;
  /** R, [height, side] in row order; identity where absent. */
  readonly rows?: Float32Array;
  /** C, [width, side] in row order; identity where absent. */
  readonly columns?: Float32Array;
  readonly outChannels: number;
  readonly height: number;
  readonly width: number;
  /** [outChannels, height, width]. */
  readonly target: Float32Array;
  /** [height, width], ≥ 0; all ones where absent. */
  readonly weight?: Float32Array;
  readonly scale: number;
}

/** How an expensive guide wants to be asked; a guide without it is cheap and sees every candidate of every level. */
export interface Preferences {
  /** Asked from this side on, in pixels. @default the first level */
  readonly fromSide?: number;
  /** Asked up to this side, in pixels. @default the last level */
  readonly toSide?: number;
  /** About how many candidates per descent it wants to see first, spread over the level's candidates. @default all */
  readonly shortlist?: number;
  /** How many neighbours of the best of these it wants to see after that. @default 0 */
  readonly refine?: number;
  /** How many times as many of both at a level: more where a choice decides much. @default once, at every level */
  times?(level: LevelInfo): number;
  /** Finer than the sides: false at a level where it does not want to be asked. @default asked at every level of its sides */
  asks?(level: LevelInfo): boolean;
  /** Candidates that it scores lower are vetoed: others are chosen before them, whatever other guides say. @default none */
  readonly vetoBelow?: number;
  /** Seconds one answer may take, where `GuideContext.timeoutSeconds` is too short (a person). @default timeoutSeconds */
  readonly patienceSeconds?: number;
}

/** A question to a person, about the candidates of one descent. */
export interface PersonQuestion {
  /** Which of the descents asked about at once: 0 … batch − 1. */
  readonly descent: number;
  readonly level: LevelInfo;
  readonly pictures: readonly Picture[];
  /** What each of them is likely to become, where that is known. */
  readonly finishes?: readonly Picture[];
  /** What to ask, in words. */
  readonly text: string;
}

/** The person behind a request. Resolves to the indices of the pictures they like, best first; empty: no opinion. */
export type AskPerson = (question: PersonQuestion, signal: AbortSignal) => Promise<readonly number[]>;

/** A guide made for one request. */
export interface Guide {
  /**
   * Scores every candidate: Float32Array of batch · count finite numbers, higher is better, in the candidates' order.
   * Equal scores for all candidates of a descent mean no opinion: the other guides, or chance, decide.
   * May take minutes (a person, a web service); must stop soon after `signal` aborts.
   */
  score(candidates: Candidates, level: LevelInfo, signal: AbortSignal): Float32Array | Promise<Float32Array>;
  readonly prefers?: Preferences;
  /**
   * Whether its scores are log-likelihoods (natural logarithm, up to a constant per level) of what is wanted, given the
   * candidate: such scores are added to the prior's log-probabilities as they are, where other scores are standardised
   * first. A guide that sees little of what it looks for in the coarse pictures then decides little there. @default false
   */
  readonly isLogLikelihood?: boolean;
  /** The same score as a quadratic form at a level, where it has one; null at levels where it has not. */
  linear?(level: LevelInfo): LinearForm | null;
  /** Frees what `create` opened. Called once, also after a failure. */
  dispose?(): void | Promise<void>;
}

/** An ONNX model opened for a guide: float32 tensors in, float32 tensors out. */
export interface GuideModel {
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  run(feeds: Record<string, NumericTensor>): Promise<Record<string, NumericTensor>>;
}

/** A dense tensor in row order. */
export interface NumericTensor {
  readonly data: Float32Array | BigInt64Array;
  readonly dims: readonly number[];
}

/** What the core hands in: the only way for a guide to reach files, models and pictures. */
export interface GuideContext {
  /** The model the request runs on. */
  readonly model: {
    readonly name: string;
    readonly channels: number;
    readonly finalSide: number;
    readonly levels: number;
    /** Text models that know its pictures, best first. @default none is known to */
    readonly textModels?: readonly string[];
    /** Networks whose features suit its pictures, best first. @default none is known to */
    readonly perceptualModels?: readonly string[];
    /** Whether a prior decides at levels where no guide scores. @default false: there all candidates are equally likely */
    readonly hasPrior?: boolean;
  };
  /** Seed of the request, for a guide that needs randomness of its own. */
  readonly seed: number;
  /** Aborts when the request is cancelled. */
  readonly signal: AbortSignal;
  /** Things worth telling the person who asked (a mask was resized, say); they arrive with the results. */
  note(message: string): void;
  /**
   * Decodes a picture (PNG, JPEG, WebP, AVIF, TIFF, GIF's first frame) given as bytes; throws a coded error for what is no picture.
   * `side`: cut to its middle square and resized to side × side. `maxSide`: shrunk, keeping its shape, to fit maxSide × maxSide.
   * `channels` 4 keeps the alpha channel as the last, −1 transparent … 1 opaque; 1 and 3 lay the picture on white.
   */
  picture(bytes: Uint8Array, options?: { channels?: 1 | 3 | 4; side?: number; maxSide?: number }): Promise<Picture>;
  /**
   * Does a piece of a long computation (some ten milliseconds: a batch of a network, say) when this request's turn comes.
   * A guide that computes for long without it holds up all other requests.
   */
  compute<T>(piece: () => Promise<T>): Promise<T>;
  /** Folder of an installed model or bundle by its name, or a path; throws a coded error naming what there is. */
  folder(nameOrPath: string): Promise<string>;
  /** Opens an ONNX file by path; opened once per process and shared. */
  open(path: string): Promise<GuideModel>;
  /** Something made once per process and kept (a text tower, say), under a key; released when the engine closes. */
  shared<T extends object>(
    key: string,
    make: () => Promise<T>,
    dispose?: (value: T) => Promise<void> | void,
  ): Promise<T>;
  /** Hosts that guides may call (`http`), as `host` or `host:port`. */
  readonly allowedHosts: readonly string[];
  /** Seconds a single question to a guide may take at most. */
  readonly timeoutSeconds: number;
  /** The person behind the request, where one listens (an open stream); absent otherwise. */
  readonly person?: AskPerson;
  /**
   * Where a guide that opens networks through a library of its own should compute: on the CPU too where the engine uses
   * a device whose numbers have to be compared with the CPU's first (WebGPU). @default the CPU
   */
  readonly execution?: { readonly device: 'cpu' | 'cuda'; readonly deviceId?: number; readonly threads?: number };
}

/** The definition of a guide. */
export interface GuideDefinition<Schema extends z.ZodType = z.ZodType> {
  /** Lower-case letters, digits and underscores. */
  readonly name: string;
  /** One sentence: what it scores by. */
  readonly description: string;
  /** Parameters; also the API's documentation, so every field is described. */
  readonly params: Schema;
  /**
   * Names of the parameters that may be written into the metadata of pictures: plain values that tell nothing about their
   * user but what was wanted. Never pictures, addresses, keys or whatever else may be secret. @default none
   */
  readonly recorded?: readonly string[];
  /**
   * Of an expensive guide: descents that are worth walking for each result, of which the best is kept, where the request does
   * not say (`sampler.particles`): a number, or by side (sides left out: 1). Its scores must compare between descents.
   * @default 1
   */
  readonly particles?: number | Readonly<Record<string, number>>;
  create(params: z.output<Schema>, context: GuideContext): Guide | Promise<Guide>;
}

/** What is handed to a guide file whose default export is a function, so that a file in any folder needs no imports. */
export interface GuideKit {
  readonly z: typeof z;
  readonly GuideProblem: typeof GuideProblem;
}

/** The default export of a guide's file: the definition, or a function that makes it. */
export type GuideFile = GuideDefinition | ((kit: GuideKit) => GuideDefinition);

/** Identity helper that gives a definition its types. */
export function defineGuide<Schema extends z.ZodType>(definition: GuideDefinition<Schema>): GuideDefinition<Schema> {
  return definition;
}

/** Raised by a guide for something its user can fix; the core adds the guide's name. */
export class GuideProblem extends Error {
  override readonly name = 'GuideProblem';
}
