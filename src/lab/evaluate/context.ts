/** The context of evaluation tasks: a model, held-out pictures, and batched runs of many requests. */
import { setMaxListeners } from 'node:events';
import type { BeamSchedule } from '../../contract/beams.ts';
import type { GenerateRequest } from '../../contract/requests.ts';
import type { Engine } from '../../engine/engine.ts';
import { conditionOf } from '../../engine/input/condition.ts';
import type { OpenModel } from '../../engine/models.ts';
import type { Network } from '../../engine/network/network.ts';
import type { Descent } from '../../engine/search/descent.ts';
import type { DoneEvent, LevelEvent } from '../../engine/search/events.ts';
import { runTogether } from '../../engine/search/run.ts';
import type { DescentTask } from '../../engine/tasks/task.ts';
import { prepareTask } from '../../engine/tasks/tasks.ts';
import { KandidError } from '../../errors.ts';
import type { Picture } from '../../guide.ts';
import { Random } from '../../kit/random.ts';

/** Beams that share runs: enough to fill the cores, few enough that memory holds their candidates. */
const MAX_BEAMS_TOGETHER = 16;

export interface EvaluationContextOptions {
  readonly engine: Engine;
  readonly model: string;
  /** Folders of models, for the judge. */
  readonly models: readonly string[];
  readonly opened: OpenModel;
  readonly dataset: string | null;
  /** Held-out pictures, all of the model's size. */
  readonly pictures: readonly Picture[];
  /** Opens the first pictures that the model was trained on. */
  readonly trainingPictures: (count: number) => Promise<TrainingPictures>;
  /** Whether training pictures are available. @default true */
  readonly hasTraining?: boolean | undefined;
  /** Number of training pictures encoded to find unused candidates. */
  readonly usageCount: number;
  /** Sampler of requests that specify none. */
  readonly sampler?: GenerateRequest['sampler'] | undefined;
  /** Blend of requests that specify none. */
  readonly blend?: GenerateRequest['blend'] | undefined;
  /** Params of the `text` guide that replace its defaults. */
  readonly textParams?: Readonly<Record<string, unknown>> | undefined;
  /** How samples are compared with training pictures. */
  readonly frechet?: FrechetOptions | undefined;
  /** A classifier that is not the guide: its name, or the path of its folder. */
  readonly judge?: string | undefined;
  /** Labels for the `classifier` guide. */
  readonly labels?: readonly string[] | undefined;
  readonly signal: AbortSignal;
  progress(done: number, total: number, label: string): void;
}

export interface FrechetOptions {
  /** An ONNX network that computes features of pictures. @default the ImageNet network that comes with Kandid */
  readonly file?: string | undefined;
  readonly samples?: number | undefined;
  /** Side of the input of the network in `file`, in pixels. @default as the file defines it */
  readonly side?: number | undefined;
  /** Range of pixel values that the network in `file` expects. @default unit: 0 … 1 */
  readonly normalise?: 'unit' | 'signed' | 'bytes' | 'imagenet' | undefined;
}

export interface TrainingPictures {
  readonly count: number;
  read(from: number, to: number): Promise<Picture[]>;
  close(): Promise<void>;
}

/** Outcome of one request. */
export interface RequestOutcome {
  readonly done: DoneEvent;
  readonly levels: readonly LevelEvent[];
}

export class EvaluationContext {
  readonly engine: Engine;
  readonly model: string;
  readonly models: readonly string[];
  readonly opened: OpenModel;
  readonly dataset: string | null;
  readonly pictures: readonly Picture[];
  readonly usageCount: number;
  readonly signal: AbortSignal;
  readonly textParams: Readonly<Record<string, unknown>>;
  readonly trainingPictures: EvaluationContextOptions['trainingPictures'];
  readonly hasTraining: boolean;
  readonly frechet: FrechetOptions;
  readonly judge: string | undefined;
  readonly labels: readonly string[] | undefined;
  /** Sampler of requests that specify none. */
  readonly sampler: GenerateRequest['sampler'];
  readonly #blend: GenerateRequest['blend'];
  readonly #progress: EvaluationContextOptions['progress'];
  readonly #cached = new Map<string, Promise<unknown>>();

  constructor(options: EvaluationContextOptions) {
    // Every descent of a batch adds a listener.
    setMaxListeners(0, options.signal);
    this.engine = options.engine;
    this.model = options.model;
    this.models = options.models;
    this.opened = options.opened;
    this.dataset = options.dataset;
    this.pictures = options.pictures;
    this.usageCount = options.usageCount;
    this.signal = options.signal;
    this.trainingPictures = options.trainingPictures;
    this.textParams = options.textParams ?? {};
    this.hasTraining = options.hasTraining ?? true;
    this.frechet = options.frechet ?? {};
    this.judge = options.judge;
    this.labels = options.labels;
    this.sampler = options.sampler;
    this.#blend = options.blend;
    this.#progress = options.progress;
  }

  get network(): Network {
    return this.opened.network;
  }

  get side(): number {
    return this.network.finalSide;
  }

  get channels(): 1 | 3 {
    return this.network.info.channels;
  }

  /** Runs `count` requests from `requestOf`, and passes each result to `onEnd` in order. */
  async run(
    label: string,
    count: number,
    requestOf: (index: number) => GenerateRequest | Promise<GenerateRequest>,
    onEnd: (index: number, ended: RequestOutcome) => void | Promise<void>,
  ): Promise<void> {
    const prepare = async (index: number) => {
      const standard = { model: this.model, seed: index, sampler: this.sampler, blend: this.#blend };
      const request = { ...standard, ...(await requestOf(index)) };
      return onlyDescent(await prepareTask(this.engine, { kind: 'generate', request }, { signal: this.signal }));
    };
    await this.#drive(label, count, prepare, onEnd, batchSizeFor(this.sampler?.beams));
  }

  /** Finds the codes of pictures, as `kandid encode` does; a conditional model's condition is the picture's own. */
  async encode(
    label: string,
    pictures: readonly Picture[],
    beams: BeamSchedule,
    onEnd: (index: number, ended: RequestOutcome) => void | Promise<void>,
  ): Promise<void> {
    const prepare = async (index: number) => {
      const picture = pictures[index] as Picture;
      const task = { kind: 'encode', model: this.model, picture, beams } as const;
      return onlyDescent(await prepareTask(this.engine, task, { signal: this.signal }));
    };
    await this.#drive(label, pictures.length, prepare, onEnd, batchSizeFor(beams));
  }

  /** Greedy reconstructions of the held-out pictures: an upper bound for restoration with the same search. */
  async ceiling(): Promise<readonly RequestOutcome[]> {
    return await this.cached('ceiling', async () => {
      const ended: RequestOutcome[] = [];
      await this.encode('reconstruction', this.pictures, 1, (_, one) => void ended.push(one));
      return ended;
    });
  }

  /** Pictures of uniformly random codes, one per held-out picture, with its condition. */
  async random(): Promise<readonly Picture[]> {
    return await this.cached('random', async () => {
      const { candidateCounts } = this.network;
      const codes = this.pictures.map((_, i) => {
        const random = Random.of(0, i);
        return candidateCounts.map((count) => random.integer(count));
      });
      const conditions = await Promise.all(this.pictures.map((picture) => this.conditionOf(picture)));
      return await this.network.decode(codes, conditions);
    });
  }

  /** The condition made from a picture, [channels, S, S]; null for an unconditional model. */
  async conditionOf(picture: Picture): Promise<Float32Array | null> {
    const { info } = this.network;
    return info.condition ? await conditionOf(picture, info) : null;
  }

  /** A value shared by several tasks, computed once. */
  async cached<T>(key: string, make: () => Promise<T>): Promise<T> {
    const known = this.#cached.get(key) ?? make();
    this.#cached.set(key, known);
    return (await known) as T;
  }

  reportProgress(done: number, total: number, label: string): void {
    this.#progress(done, total, label);
  }

  async #drive(
    label: string,
    count: number,
    prepare: (index: number) => Descent | Promise<Descent>,
    onEnd: (index: number, ended: RequestOutcome) => void | Promise<void>,
    batch: number,
  ): Promise<void> {
    this.reportProgress(0, count, label);
    for (let from = 0; from < count; from += batch) {
      const indices = Array.from({ length: Math.min(batch, count - from) }, (_, i) => from + i);
      const descents = await Promise.all(indices.map(prepare));
      await runTogether(this.network, descents);
      for (const [i, descent] of descents.entries()) await onEnd(from + i, endOf(descent));
      this.reportProgress(from + descents.length, count, label);
    }
  }
}

/** Number of requests with this beam schedule that share runs. */
function batchSizeFor(beams: BeamSchedule | undefined = 1): number {
  const most = typeof beams === 'number' ? beams : Math.max(...Object.values(beams).map(Number));
  return Math.ceil(MAX_BEAMS_TOGETHER / most);
}

function onlyDescent({ descents: [descent] }: DescentTask): Descent {
  return descent as Descent;
}

function endOf(descent: Descent): RequestOutcome {
  if (descent.error) throw descent.error;
  const events = descent.drainEvents();
  const done = events.find((event) => event.type === 'done');
  if (!done) throw new KandidError('cancelled', { when: 'during the evaluation' });
  return { done, levels: events.filter((event) => event.type === 'level') };
}
