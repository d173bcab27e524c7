/** One running job in an inference process: starts it, reports its events, handles its messages, ends it. */

import { bitsOf } from '../contract/codes.ts';
import type { Engine } from '../engine/engine.ts';
import type { Turns } from '../engine/guides/context.ts';
import type { Network } from '../engine/network/network.ts';
import type { GenerateEvent, LevelEvent } from '../engine/search/events.ts';
import { type EndEvent, EventJoiner } from '../engine/search/together.ts';
import { provenanceOf } from '../engine/tasks/provenance.ts';
import { type PreparedTask, runTask, type TaskOutcome, type TaskPicture, type Walk } from '../engine/tasks/task.ts';
import { prepareTask } from '../engine/tasks/tasks.ts';
import { KandidError, toKandidError } from '../errors.ts';
import type { Picture } from '../guide.ts';
import type { Clock } from '../kit/clock.ts';
import { provenancePacket } from '../pictures/provenance.ts';
import { withEditGuide } from './edits.ts';
import type { EncodedPicture, JobEnd, JobEvent, JobMessage, JobPicture, Output, Work } from './messages.ts';
import { encoded } from './picture-files.ts';
import type { PictureQueue } from './picture-queue.ts';
import { Previewer } from './previews.ts';
import { Questions } from './questions.ts';
import { DescentRecorder } from './recorder.ts';
import type { Scheduler } from './scheduler.ts';

export interface JobServices {
  readonly engine: Engine;
  readonly scheduler: Scheduler;
  readonly pictures: PictureQueue;
  /** The client that it is scheduled for. */
  readonly client: string;
  readonly clock: Clock;
  readonly personSeconds: number;
  /** Version of Kandid. */
  readonly version: string;
  readonly post: (event: JobEvent | JobPicture) => void;
  /** A problem that does not end the job. */
  readonly warn: (error: unknown) => void;
}

export class RunningJob {
  #work: Work;
  readonly #services: JobServices;
  readonly #controller = new AbortController();
  /** Aborts encoding, which otherwise continues with the best pictures so far when the search is cancelled. */
  readonly #encoding = new AbortController();
  #isEncoding = false;
  readonly #questions: Questions;
  readonly #previewer: Previewer | null;
  /** Only for results that are animations. */
  readonly #recorder: DescentRecorder | null;
  #walk: Walk | null = null;
  /** Set before the descent started. */
  #weights: readonly number[] | null = null;
  #about = { model: '', hash: '', seed: 0 };
  #levels = 0;

  constructor(work: Work, services: JobServices) {
    const { clock, post, personSeconds } = services;
    this.#work = work;
    this.#services = services;
    this.#previewer = this.#previewerFor(work);
    const { animation } = work.output;
    this.#recorder = animation ? new DescentRecorder(animation, work.output) : null;
    this.#questions = new Questions({
      clock,
      post,
      seconds: personSeconds,
      encode: (picture) => this.#encodedPicture(picture, { format: 'png' }),
    });
  }

  /** Resolves when it has ended and its last event is posted; never rejects. */
  async run(): Promise<void> {
    const { post } = this.#services;
    try {
      const { engine, scheduler, client } = this.#services;
      const { signal } = this.#controller;
      const turns: Turns = {
        compute: (piece) => scheduler.compute(client, piece),
        picture: (pixels, run) => this.#inTurn(pixels, signal, run),
      };
      this.#work = await withEditGuide(this.#work, { limitPixels: engine.limitPixels, inTurn: turns.picture });
      const person = this.#work.kind === 'generate' && this.#work.person ? this.#questions.ask : undefined;
      const task = await prepareTask(engine, this.#work, {
        signal,
        person,
        turns,
        isWatched: this.#previewer !== null || this.#recorder !== null,
      });
      this.#begin(task);
      const outcome = await runTask(task, {
        descend: (network, walk) => this.#descend(network, walk),
        draw: (network, codes, condition) => scheduler.decode({ network, codes, condition, client, signal }),
      });
      const [end] = await Promise.all([this.#ended(task, outcome), this.#previewer?.close()]);
      post(end);
    } catch (thrown) {
      await this.#previewer?.close();
      post(this.#failed(toKandidError(thrown)));
    }
  }

  receive(message: JobMessage): void {
    if (message.type === 'cancel') this.#cancel();
    else if (message.type === 'drop') this.#drop();
    else if (message.type === 'answer') this.#questions.answer(message.question, message.picks);
    else if (message.type === 'taken') this.#previewer?.taken(message.level);
    else this.#weigh(message.weights);
  }

  #drop(): void {
    this.#encoding.abort(new KandidError('cancelled', { when: 'as nobody wants it' }));
    this.#cancel();
  }

  #cancel(): void {
    if (this.#isEncoding) this.#encoding.abort(new KandidError('cancelled', { when: 'on request' }));
    this.#controller.abort(new KandidError('cancelled', { when: 'on request' }));
    for (const descent of this.#walk?.descents ?? []) this.#services.scheduler.poke(descent);
  }

  #weigh(weights: readonly number[]): void {
    this.#weights = weights;
    try {
      this.#walk?.setWeights(weights);
    } catch (error) {
      this.#services.warn(error);
    }
  }

  #begin({ model: { network, bundle }, seed, count, guides }: PreparedTask): void {
    const { name: model, levels } = network.info;
    const { hash } = bundle;
    this.#about = { model, hash, seed };
    this.#levels = levels.length;
    this.#services.post({
      type: 'started',
      model,
      hash,
      seed,
      count,
      guides: guides.map(({ name, weight }) => ({ name, weight })),
      levels: levels.map(({ side, candidateCount }) => ({ side, candidates: candidateCount })),
      bits: levels.reduce((sum, { candidateCount }) => sum + bitsOf(candidateCount), 0),
    });
  }

  /** If one of the descents fails, all fail. */
  #descend(network: Network, walk: Walk): Promise<EndEvent> {
    const { scheduler, client } = this.#services;
    const { descents, joining } = walk;
    this.#walk = walk;
    if (this.#weights) this.#weigh(this.#weights);
    const joiner = new EventJoiner(descents.length, joining);
    return new Promise((resolve, reject) => {
      const failAll = (error: KandidError) => {
        reject(error);
        for (const descent of descents) {
          descent.fail(error);
          scheduler.poke(descent);
        }
      };
      const take = (index: number, event: GenerateEvent) => {
        try {
          const joined = joiner.add(index, event);
          if (joined?.type === 'level') this.#level(joined);
          else if (joined) resolve(joined);
        } catch (thrown) {
          failAll(toKandidError(thrown));
        }
      };
      for (const [i, descent] of descents.entries()) {
        let hasEnd = false;
        scheduler.add({
          network,
          descent,
          client,
          onEvent: (event) => {
            hasEnd ||= event.type !== 'level';
            take(i, event);
          },
          onEnd: () => {
            if (!hasEnd && descent.error) failAll(descent.error);
            else if (!hasEnd) failAll(new KandidError('internal', { reason: 'a descent ended without an end' }));
          },
        });
      }
    });
  }

  #level(event: LevelEvent): void {
    const { level, side, choices, scores, guideScores, timings } = event;
    this.#services.post({ type: 'level', level, side, choices, scores, guideScores, timings });
    this.#previewer?.show(event);
    this.#recorder?.record(event);
  }

  /** Encodes and posts the pictures one by one; if that is cancelled, the job ends with those already encoded. */
  async #ended(task: PreparedTask, { type, level, pictures, guides, notes, timings }: TaskOutcome): Promise<JobEnd> {
    const { post, version } = this.#services;
    this.#isEncoding = true;
    const encoding = pictures.map(async (picture, index) => {
      const xmp = provenancePacket(provenanceOf(version, task, picture, this.#weights));
      const file = await this.#resultFile(picture, picture.index, xmp);
      const { code, codeString, psnr, windows } = picture;
      const about = {
        code,
        codeString,
        image: picture.index,
        ...(psnr === undefined ? {} : { psnr }),
        ...(windows ? { windows } : {}),
      };
      post({ type: 'finished', index, picture: { ...file, ...about } });
    });
    const failed = (await Promise.allSettled(encoding)).find((one) => one.status === 'rejected');
    const allNotes = [...notes, ...(this.#recorder?.notes ?? [])];
    const end = { ...this.#about, results: [], guides, notes: allNotes, timings };
    if (failed && !this.#encoding.signal.aborted) throw failed.reason;
    if (type === 'done' && !failed) return { type, ...end };
    return { type: 'cancelled', level: type === 'cancelled' ? level : this.#levels, ...end };
  }

  #resultFile(picture: TaskPicture, index: number, xmp: string): Promise<EncodedPicture> {
    const recorder = this.#recorder;
    if (!recorder) return this.#encoded(picture, this.#work.output, xmp);
    const pixels = recorder.pixels(picture, index);
    return this.#inTurn(pixels, this.#encoding.signal, () => recorder.encoded(picture.draw(), index, xmp));
  }

  /** Drawn when its turn comes, so that many large pictures are never in memory at once. */
  #encoded(
    picture: Pick<TaskPicture, 'draw' | 'width' | 'height'>,
    output: Output,
    xmp?: string,
  ): Promise<EncodedPicture> {
    const { width, height } = picture;
    const pixels = Math.max(width * height, output.size === undefined ? 0 : output.size ** 2);
    return this.#inTurn(pixels, this.#encoding.signal, () => encoded(picture.draw(), output, xmp));
  }

  #encodedPicture(picture: Picture, output: Output): Promise<EncodedPicture> {
    const { width, height } = picture;
    return this.#encoded({ draw: () => picture, width, height }, output);
  }

  #inTurn<T>(pixels: number, signal: AbortSignal, run: () => Promise<T>): Promise<T> {
    const { pictures, client } = this.#services;
    return pictures.add({ client, pixels, signal, run });
  }

  #previewerFor(work: Work): Previewer | null {
    const spec = work.kind === 'decode' ? undefined : work.previews;
    if (!spec || spec.images === 0) return null;
    const { clock, post, warn } = this.#services;
    return new Previewer({
      spec,
      clock,
      post,
      encode: (picture) =>
        this.#encodedPicture(picture, { format: spec.format, quality: spec.quality, size: spec.size }),
      onError: (error) => {
        if (!this.#encoding.signal.aborted) warn(error);
      },
    });
  }

  /** The end of a job that failed, or was cancelled before it had results. */
  #failed(error: KandidError): JobEnd {
    if (error.code !== 'cancelled' || !this.#controller.signal.aborted)
      return { type: 'failed', error: error.toJSON() };
    const timings = { network: 0, guides: 0, engine: 0 };
    return { type: 'cancelled', level: 0, ...this.#about, results: [], guides: [], notes: [], timings };
  }
}
