/** The inference service of a worker process: receives messages, runs jobs, posts events. */

import { Engine } from '../engine/engine.ts';
import { eventsOf } from '../engine/search/run.ts';
import { reasonOf, toKandidError } from '../errors.ts';
import { type Clock, systemClock } from '../kit/clock.ts';
import { leaveOneCore } from '../pictures/sharp.ts';
import type { FromWorker, Ticket, ToWorker, WorkerInfo, WorkerOptions } from './messages.ts';
import { encoded } from './picture-files.ts';
import { PictureQueue } from './picture-queue.ts';
import { RunningJob } from './running-job.ts';
import { Scheduler } from './scheduler.ts';

const PERSON_SECONDS = 60;
/** Minimum interval between scans of the model folders. */
const LOOK_MS = 4000;

interface Entry {
  readonly attempt: number;
  readonly job: RunningJob;
}

export class Inference {
  readonly info: WorkerInfo;
  readonly #engine: Engine;
  readonly #options: WorkerOptions;
  readonly #post: (message: FromWorker) => void;
  readonly #clock: Clock;
  readonly #scheduler: Scheduler;
  readonly #pictures = new PictureQueue();
  readonly #jobs = new Map<string, Entry>();
  #looked: number;

  private constructor(
    engine: Engine,
    {
      info,
      options,
      post,
      clock,
    }: { info: WorkerInfo; options: WorkerOptions; post: (message: FromWorker) => void; clock: Clock },
  ) {
    this.#engine = engine;
    this.info = info;
    this.#options = options;
    this.#post = post;
    this.#clock = clock;
    this.#looked = clock.now();
    this.#scheduler = new Scheduler({
      rowsPerRun: options.rowsPerRun,
      onRun: (run) => post({ type: 'run', run }),
      onTrouble: (error) => post({ type: 'warning', text: reasonOf(error) }),
    });
  }

  /**
   * Opens models and guides, and runs each model of `warm` once.
   *
   * @throws {KandidError} the errors of opening the engine or a model
   */
  static async open(
    options: WorkerOptions,
    post: (message: FromWorker) => void,
    clock: Clock = systemClock,
  ): Promise<Inference> {
    await leaveOneCore();
    const engine = await Engine.open(options.engine);
    try {
      const { defaultName } = engine.models;
      for (const model of new Set([defaultName, ...(options.warm ?? [])])) {
        const warming = warmUp(engine, model);
        // After a restart, requests for a broken model get its error; other models must remain available.
        if (options.isRestart) await warming.catch((error) => post({ type: 'warning', text: reasonOf(error) }));
        else await warming;
      }
      const info = await infoOf(engine, defaultName);
      return new Inference(engine, { info, options, post, clock });
    } catch (error) {
      await engine.close();
      throw error;
    }
  }

  /** Number of running jobs. */
  get size(): number {
    return this.#jobs.size;
  }

  handle(message: Exclude<ToWorker, { type: 'open' | 'stop' }>): void {
    if (message.type === 'ping') this.#pong();
    else if (message.type === 'job') this.#run(message.ticket).catch((error) => this.#fail(message.ticket, error));
    else {
      const entry = this.#jobs.get(message.job);
      if (entry?.attempt === message.attempt) entry.job.receive(message.message);
    }
  }

  /** Reports that the process is alive and, at intervals, changes of the model folders. */
  #pong(): void {
    this.#post({ type: 'pong', memory: process.memoryUsage.rss() });
    const now = this.#clock.now();
    if (now - this.#looked < LOOK_MS) return;
    this.#looked = now;
    this.#look().catch((error) => this.#post({ type: 'warning', text: reasonOf(error) }));
  }

  async #look(): Promise<void> {
    if (!(await this.#engine.models.look())) return;
    this.#post({ type: 'catalogue', info: await infoOf(this.#engine, this.info.defaultModel) });
  }

  /** Fails a job that could not be started. */
  #fail({ job, attempt }: Ticket, error: unknown): void {
    this.#jobs.delete(job);
    this.#post({ type: 'event', job, attempt, event: { type: 'failed', error: toKandidError(error).toJSON() } });
  }

  /** Frees everything. Jobs that still run fail. */
  async close(): Promise<void> {
    await this.#engine.close();
  }

  async #run({ job: id, attempt, client, work }: Ticket): Promise<void> {
    const job = new RunningJob(work, {
      engine: this.#engine,
      scheduler: this.#scheduler,
      pictures: this.#pictures,
      clock: this.#clock,
      client,
      personSeconds: this.#options.personSeconds ?? PERSON_SECONDS,
      version: this.#options.version ?? '',
      post: (event) => this.#post({ type: 'event', job: id, attempt, event }),
      warn: (error) => this.#post({ type: 'warning', text: `job ${id}: ${reasonOf(error)}` }),
    });
    this.#jobs.set(id, { attempt, job });
    await job.run();
    if (this.#jobs.get(id)?.job === job) this.#jobs.delete(id);
  }
}

/** Describes an engine. */
async function infoOf({ device, models, guides }: Engine, defaultModel: string): Promise<WorkerInfo> {
  return {
    device: device.name,
    fallback: device.fallback,
    defaultModel,
    models: models.summaries(),
    beamBytes: models.beamBytes(),
    guides: guides.summaries(),
    lexicons: await models.lexicons(),
  };
}

/** Generates and decodes with a model once, because the first run is the slowest. */
async function warmUp(engine: Engine, name: string): Promise<void> {
  const { network } = await engine.models.open(name);
  const { info } = network;
  const side = network.finalSide;
  const condition = { data: new Float32Array(3 * side * side), channels: 3, width: side, height: side };
  const request = { model: info.name, seed: 0, ...(info.condition ? { condition } : {}) };
  const { descent } = await engine.prepare(request);
  for await (const event of eventsOf(network, descent)) {
    if (event.type !== 'done') continue;
    const [result] = event.results;
    if (!result) continue;
    await network.decode([result.code], [descent.plan.condition]);
    for (const format of ['webp', 'png'] as const) await encoded(result.image, { format });
  }
}
