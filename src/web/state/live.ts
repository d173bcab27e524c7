/** State of a running request as signals: previews of every result, level by level. */
import { type Signal, signal } from '@preact/signals';
import type { GenerateBody, Message, RequestError, Steering } from '../../client/client.ts';
import { client } from './server.ts';

/** A result after a level. */
export interface Shot {
  /** Object URL of the picture, valid until the run is disposed of. */
  readonly url: string;
  readonly level: number;
  readonly side: number;
  readonly choice: number;
}

export interface Slot {
  /** By level; levels without a preview are missing. */
  readonly shots: readonly (Shot | undefined)[];
  readonly latest: Shot | null;
  /** URL of the finished picture, or of the best so far of a stopped one. */
  readonly final: string | null;
  /** The file at `final`. */
  readonly file: Blob | null;
  /** The choices: all of them, or those made before it was stopped. */
  readonly code: readonly number[] | null;
  readonly codeString: string | null;
}

export interface About {
  readonly model: string;
  readonly hash: string;
  readonly seed: number;
  readonly bits: number;
  readonly levels: readonly { readonly side: number; readonly candidates: number }[];
}

/** A question to the person, with a contact sheet of candidates. */
export type Question = Extract<Message, { type: 'candidates' }> & { readonly sheet: Blob };

export type LiveState = 'waiting' | 'running' | 'done' | 'stopped' | 'failed';

export interface LiveOptions {
  /** Number of results that send previews. @default all */
  readonly images?: number;
  /** @default 30 */
  readonly perSecond?: number;
  /** Follows this existing job. */
  readonly job?: string;
}

const NOTHING: Slot = { shots: [], latest: null, final: null, file: null, code: null, codeString: null };

export class LiveRun {
  readonly body: GenerateBody;
  /** Id of its job, once known. */
  readonly job = signal<string | null>(null);
  readonly state = signal<LiveState>('waiting');
  /** Requests ahead of it in the queue, while it waits. */
  readonly position = signal(0);
  readonly about = signal<About | null>(null);
  /** Last level that was chosen; −1 before the first. */
  readonly level = signal(-1);
  readonly slots: Signal<readonly Slot[]>;
  /** Choices of the first result, as they are made. */
  readonly choices = signal<readonly number[]>([]);
  readonly question = signal<Question | null>(null);
  /** Whether the last question timed out. */
  readonly missed = signal(false);
  readonly notes = signal<readonly string[]>([]);
  /** The previous indices of the slots, which are sorted when the request is done, best first. */
  readonly ranking = signal<readonly number[]>([]);
  readonly error = signal<RequestError | Error | null>(null);
  /** Resolves when the request has ended, in any state. */
  readonly ended: Promise<void>;
  readonly #stop = new AbortController();
  readonly #urls: string[] = [];
  #steering: Steering | null = null;

  constructor(body: GenerateBody, { images, perSecond = 30, job }: LiveOptions = {}) {
    this.body = body;
    const count = body.count ?? 1;
    this.slots = signal(Array.from({ length: count }, () => NOTHING));
    this.ended = this.#run({ images: images ?? count, perSecond }, job);
  }

  /** Ends the request with the best pictures so far. */
  stop(): void {
    this.#stop.abort();
  }

  /** Answers the open question with indices of its sheet, best first; empty: no preference. */
  choose(picks: readonly number[]): void {
    const question = this.question.value;
    if (question) this.#steering?.choose(question.question, picks);
    this.question.value = null;
  }

  /** Sets the guides' weights for the remaining levels. */
  weigh(weights: readonly number[]): void {
    this.#steering?.weigh(weights);
  }

  /** Stops the request and revokes its object URLs. */
  dispose(): void {
    this.stop();
    for (const url of this.#urls) URL.revokeObjectURL(url);
  }

  async #run(previews: { images: number; perSecond: number }, job: string | undefined): Promise<void> {
    const onStart = (steering: Steering) => {
      this.#steering = steering;
    };
    try {
      for await (const message of client.value.generate(this.body, {
        signal: this.#stop.signal,
        previews,
        job,
        onStart,
      }))
        this.#handle(message);
    } catch (thrown) {
      const isStopped = this.#stop.signal.aborted;
      this.state.value = isStopped ? 'stopped' : 'failed';
      if (!isStopped) this.error.value = thrown instanceof Error ? thrown : new Error(String(thrown));
    }
    this.question.value = null;
  }

  #handle(message: Message): void {
    this.job.value = message.job;
    if (message.type === 'queued') this.position.value = message.position;
    else if (message.type === 'started') this.#begin(message);
    else if (message.type === 'level') this.#step(message);
    else if (message.type === 'preview') this.#show(message);
    else if (message.type === 'candidates') this.question.value = { ...message, sheet: blobOf(message) };
    else if (message.type === 'chosen') this.#answered(message);
    else if (message.type === 'image')
      this.#change(message.image, { final: this.#urlOf(message), file: blobOf(message) });
    else if (message.type === 'done') {
      for (const [image, { code, codeString }] of message.images.entries()) this.#change(image, { code, codeString });
      this.#rank(message.ranking);
      this.notes.value = message.notes;
      this.state.value = 'done';
    } else if (message.type === 'cancelled') {
      for (const [image, { prefix }] of message.images.entries()) this.#change(image, { code: prefix });
      this.state.value = 'stopped';
    }
  }

  #rank(ranking: readonly number[]): void {
    const { value } = this.slots;
    this.slots.value = ranking.map((image) => value[image] ?? NOTHING);
    this.ranking.value = ranking;
  }

  #begin({ model, hash, seed, bits, levels, count }: Extract<Message, { type: 'started' }>): void {
    this.about.value = { model, hash, seed, bits, levels };
    this.level.value = -1;
    // Previews of a lost attempt are shown until the new attempt reaches their level.
    if (this.slots.value.length !== count) this.slots.value = Array.from({ length: count }, () => NOTHING);
    this.state.value = 'running';
  }

  #step({ level, choices: [first = 0] }: Extract<Message, { type: 'level' }>): void {
    this.level.value = level;
    this.choices.value = [...this.choices.value.slice(0, level), first];
  }

  #answered({ question, by }: Extract<Message, { type: 'chosen' }>): void {
    this.missed.value = by === 'time';
    if (this.question.value?.question === question) this.question.value = null;
  }

  #show(message: Extract<Message, { type: 'preview' }>): void {
    const { level, side, choice, image } = message;
    const shot: Shot = { url: this.#urlOf(message), level, side, choice };
    const shots = [...(this.slots.value[image]?.shots ?? [])];
    shots[level] = shot;
    this.#change(image, { shots, latest: shot });
  }

  #change(image: number, change: Partial<Slot>): void {
    this.slots.value = this.slots.value.map((slot, n) => (n === image ? { ...slot, ...change } : slot));
  }

  #urlOf(message: Bytes): string {
    const url = URL.createObjectURL(blobOf(message));
    this.#urls.push(url);
    return url;
  }
}

interface Bytes {
  readonly bytes: Uint8Array;
  readonly mime: string;
}

function blobOf({ bytes, mime }: Bytes): Blob {
  return new Blob([bytes as Uint8Array<ArrayBuffer>], { type: mime });
}
