/**
 * Kandid as a library.
 *
 * ```ts
 * import { writeFile } from 'node:fs/promises';
 * import { encodePicture, Kandid } from 'kandid';
 *
 * const kandid = await Kandid.open();
 * const [picture] = await kandid.pictures({ guides: [{ name: 'text', params: { prompt: 'a woman with red hair' } }] });
 * await writeFile('woman.png', await encodePicture(picture.image));
 * await kandid.close();
 * ```
 */
import { join } from 'node:path';
import { packageFolder } from './config.ts';
import type { BeamSchedule } from './contract/beams.ts';
import { type Code, codeToString, crossCodes, firstLevels, parseCode } from './contract/codes.ts';
import type { GenerateRequest, PictureInput } from './contract/requests.ts';
import { Engine, type EngineOptions, type PrepareOptions } from './engine/engine.ts';
import type { GuideSummary } from './engine/guides/registry.ts';
import type { ModelSummary } from './engine/models.ts';
import type { GenerateEvent, Result } from './engine/search/events.ts';
import { eventsOfAll } from './engine/search/run.ts';
import { compactCode, expandCode } from './engine/tasks/compact.ts';
import { runTask, type TaskOutcome } from './engine/tasks/task.ts';
import { inProcess, prepareTask, type Task } from './engine/tasks/tasks.ts';
import { KandidError } from './errors.ts';
import type { Picture } from './guide.ts';

export type { BeamSchedule } from './contract/beams.ts';
export type { Code } from './contract/codes.ts';
export type { GuideUse, Timings } from './contract/events.ts';
export type { ParticleSchedule } from './contract/particles.ts';
export type { BlendKind, GenerateRequest, PictureInput } from './contract/requests.ts';
export type { GuideSummary } from './engine/guides/registry.ts';
export type { ModelSummary } from './engine/models.ts';
export type {
  CancelledEvent,
  DoneEvent,
  GenerateEvent,
  LevelEvent,
  PartialResult,
  Result,
  WindowCode,
} from './engine/search/events.ts';
export type { SamplerOptions } from './engine/search/sampler.ts';
export { type ErrorCode, KandidError } from './errors.ts';
export type { Picture } from './guide.ts';
export { psnr, ssim } from './kit/quality.ts';
export {
  type DecodeOptions as PictureFileOptions,
  decodePicture,
  encodePicture,
  type PictureFormat,
} from './pictures/codec.ts';

export interface KandidOptions extends Omit<EngineOptions, 'models'> {
  /** Folder of models, or several. @default the models of the package */
  readonly models?: string | readonly string[] | undefined;
}

export interface EncodeRequest {
  readonly model?: string;
  /** More beams, nearer; 1 is greedy. @default 1 */
  readonly beams?: BeamSchedule;
  /** Searches even where the file carries a code that its pixels still match. @default false */
  readonly search?: boolean;
  /** The picture that a conditional model starts from. @default the picture itself */
  readonly condition?: PictureInput;
  /** A picture of what matters, where the code shall come near: white in full, black not at all. @default everything alike */
  readonly weights?: PictureInput;
  readonly signal?: AbortSignal;
}

export interface Encoded {
  readonly code: number[];
  readonly codeString: string;
  /** Of the picture that the code gives against the one given, in dB, both clamped to [−1, 1]; by the weights, if given. */
  readonly psnr: number;
  /** What the code gives. */
  readonly image: Picture;
  /** What to know of the pictures given: whether they were cut or resized. */
  readonly notes: readonly string[];
}

export interface DecodeRequest {
  /** Shows the pictures as they stand after this level. @default the last */
  readonly level?: number | undefined;
  readonly condition?: PictureInput;
  readonly signal?: AbortSignal | undefined;
  /** Receives notes on the condition: whether it was cropped or resized. */
  note?(message: string): void;
}

/** A code in either form: its integers, or a code string. */
export type CodeInput = Code | string;

export class Kandid {
  /** For programs that drive descents themselves, as the server does. */
  readonly engine: Engine;

  private constructor(engine: Engine) {
    this.engine = engine;
  }

  /**
   * Finds models and guides and the device to compute on. Models are opened when first asked for.
   *
   * @throws {KandidError} option_invalid, cuda_unavailable, webgpu_unavailable, device_unavailable, device_differs, library_unavailable,
   * file_unreadable, guide_invalid, guide_duplicate
   */
  static async open({ models = join(packageFolder(), 'models'), ...options }: KandidOptions = {}): Promise<Kandid> {
    return new Kandid(await Engine.open({ ...options, models: typeof models === 'string' ? [models] : models }));
  }

  /** What is computed on: 'cpu', 'cuda:N' or 'webgpu', and why `auto` came to the CPU. */
  get device(): { readonly name: string; readonly fallback: string | null } {
    return this.engine.device;
  }

  /** The models there are. */
  models(): ModelSummary[] {
    return this.engine.models.summaries();
  }

  /** The available guides, with their parameters as JSON Schema. */
  guides(): GuideSummary[] {
    return this.engine.guides.summaries();
  }

  /**
   * Generates pictures, with an event for every level. The last event is `done`; or `cancelled`, with the best pictures so far, once
   * the signal aborts (checked before and after every level and while guides are asked). Stop reading to stop the work.
   *
   * The same request and seed give the same codes on the same device, whatever runs beside it.
   *
   * @throws {KandidError} params_invalid, model_*, guide_*, picture_*, condition_*, code_invalid, bundle_*, memory_exhausted
   */
  async *generate(
    request: GenerateRequest,
    options: PrepareOptions = {},
  ): AsyncGenerator<GenerateEvent, void, undefined> {
    try {
      const { model, descents, joining } = await prepareTask(this.engine, { kind: 'generate', request }, options);
      yield* eventsOfAll(model.network, descents, joining);
    } catch (error) {
      // Cancelled while it was made ready: there is nothing to show yet.
      if (!(error instanceof KandidError && error.code === 'cancelled')) throw error;
      yield {
        type: 'cancelled',
        level: 0,
        results: [],
        guides: [],
        notes: [],
        timings: { network: 0, guides: 0, engine: 0 },
      };
    }
  }

  /** Generates pictures; resolves when they are done. @throws {KandidError} what generate throws, and cancelled */
  async pictures(request: GenerateRequest, options: PrepareOptions = {}): Promise<Result[]> {
    for await (const event of this.generate(request, options)) if (event.type === 'done') return event.results;
    throw new KandidError('cancelled', { when: 'on request' });
  }

  /** Keeps the first `keep` levels of a code and generates the rest again, as the request says. Events as of `generate`. */
  async *vary(
    code: CodeInput,
    keep: number,
    request: Omit<GenerateRequest, 'prefix'> = {},
    options: PrepareOptions = {},
  ): AsyncGenerator<GenerateEvent, void, undefined> {
    const { network } = await this.engine.models.open(request.model);
    const prefix = [firstLevels(code, keep, network.candidateCounts)];
    yield* this.generate({ ...request, prefix }, options);
  }

  /** The first `at` levels of one code and the rest of another. @throws {KandidError} code_invalid, option_invalid, model_* */
  async cross(a: CodeInput, b: CodeInput, { at, model }: { at: number; model?: string }): Promise<number[]> {
    const { candidateCounts } = (await this.engine.models.open(model)).network;
    return crossCodes(parseCode(a, candidateCounts), parseCode(b, candidateCounts), at, candidateCounts);
  }

  /**
   * The code whose picture is nearest to a picture (the middle square of a file, or a square Picture); of a file of Kandid's own
   * whose pixels are still those, the code that it carries.
   *
   * @throws {KandidError} picture_*, params_invalid, model_*, cancelled
   */
  async encode(picture: PictureInput, { signal, ...request }: EncodeRequest = {}): Promise<Encoded> {
    const { pictures, notes } = await this.#run({ kind: 'encode', picture, ...request }, signal);
    const [found] = pictures as [Required<TaskOutcome['pictures'][number]>];
    const { code, codeString, psnr } = found;
    return { code: [...code], codeString, psnr, image: found.draw(), notes };
  }

  /**
   * The pictures of codes. `level` shows them as they stand after that level (0 is the first), at its side; a code may then
   * end with that level.
   *
   * @throws {KandidError} code_invalid, option_invalid, model_*, condition_*, cancelled
   */
  async decode(
    model: string | undefined,
    codes: readonly CodeInput[],
    request: DecodeRequest = {},
  ): Promise<Picture[]> {
    const { level, condition, signal, note = () => {} } = request;
    const { pictures, notes } = await this.#run({ kind: 'decode', codes, model, level, condition }, signal);
    for (const message of notes) note(message);
    return pictures.map((one) => one.draw());
  }

  /** The code string of a code. @throws {KandidError} code_invalid, model_* */
  async codeString(code: CodeInput, { model }: { model?: string } = {}): Promise<string> {
    const { candidateCounts } = (await this.engine.models.open(model)).network;
    return codeToString(parseCode(code, candidateCounts), candidateCounts);
  }

  /**
   * A code in as few bytes as the model's prior allows, as text that begins with `c`. It can be expanded on processors that round
   * in the same way; on others `expandCode` throws.
   *
   * @throws {KandidError} code_invalid, model_*, option_invalid: the model has no prior, or takes a condition
   */
  async compactCode(code: CodeInput, { model }: { model?: string | undefined } = {}): Promise<string> {
    const opened = await this.engine.models.openReproducible(model);
    return await compactCode(opened, parseCode(code, opened.network.candidateCounts));
  }

  /** The code of a compact code. @throws {KandidError} code_invalid, model_*, option_invalid */
  async expandCode(compact: string, { model }: { model?: string | undefined } = {}): Promise<number[]> {
    return [...(await expandCode(await this.engine.models.openReproducible(model), compact))];
  }

  async #run(task: Task, signal: AbortSignal | undefined): Promise<TaskOutcome> {
    const outcome = await runTask(await prepareTask(this.engine, task, { signal }), inProcess(signal));
    if (outcome.type === 'cancelled') throw new KandidError('cancelled', { when: 'on request' });
    return outcome;
  }

  /** Frees everything. Requests that still run fail. */
  async close(): Promise<void> {
    await this.engine.close();
  }
}
