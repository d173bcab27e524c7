/** One request over the stream, from start to end: resumed after lost connections, cancelled by a signal. */
import type { ClientMessageInput, FrameHeader, GenerateBody, ServerMessage } from '../contract/stream.ts';
import type { Connection, MessageHandler } from './connection.ts';
import { RequestError } from './error.ts';
import type { IncomingMessage } from './incoming.ts';

/** What a request tells on its way, pictures with their bytes. The last is `done` or `cancelled`. */
export type Message =
  | Exclude<ServerMessage, { type: 'hello' | 'pong' | 'error' }>
  | (FrameHeader & { readonly bytes: Uint8Array });

/** Says something to the server about the request, while it runs. */
export interface Steering {
  /** Answers `candidates`: pictures of the sheet, best first. */
  choose(question: number, picks: readonly number[]): void;
  /** Of the guides, for the levels that are left. */
  weigh(weights: readonly number[]): void;
  /** Ends it with the best pictures so far. */
  cancel(): void;
}

export interface RunOptions {
  readonly signal?: AbortSignal | undefined;
  readonly previews?: Extract<ClientMessageInput, { type: 'generate' }>['previews'];
  /** Follows this job, which is made already; it is asked for anew where the server has forgotten it. */
  readonly job?: string | undefined;
  /** Connections lost one after the other, without anything new between them, until it gives up. @default 5 */
  readonly retries?: number | undefined;
}

const RETRIES = 5;

export class Run implements Steering, MessageHandler {
  readonly #connection: Connection;
  readonly #body: GenerateBody;
  readonly #options: RunOptions;
  readonly #retries: number;
  readonly #queue: Message[] = [];
  #id = '';
  #job: string | null = null;
  #seed: number | undefined;
  #seq = -1;
  /** Connections lost since something new came. */
  #losses = 0;
  /** Times that it was made again, the server having forgotten it. */
  #restarts = 0;
  #isOver = false;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #error: Error | null = null;
  #wake: () => void = () => {};

  constructor(connection: Connection, body: GenerateBody, options: RunOptions) {
    this.#retries = options.retries ?? RETRIES;
    this.#job = options.job ?? null;
    this.#connection = connection;
    this.#body = body;
    this.#options = options;
  }

  choose(question: number, picks: readonly number[]): void {
    this.#send({ type: 'choose', id: this.#id, question, picks: [...picks] });
  }

  weigh(weights: readonly number[]): void {
    this.#send({ type: 'weights', id: this.#id, weights: [...weights] });
  }

  cancel(): void {
    this.#send({ type: 'cancel', id: this.#id });
  }

  /** Everything that is told, to the end. Stop reading to cancel. @throws {RequestError} */
  async *messages(): AsyncGenerator<Message, void, undefined> {
    const { signal } = this.#options;
    // While nobody can be told to end it, it is given up.
    const onAbort = () => {
      if (this.#job === null || !this.#connection.isOpen) this.failed(aborted(signal));
      else this.cancel();
    };
    if (signal?.aborted) throw aborted(signal);
    signal?.addEventListener('abort', onAbort);
    this.#id = this.#connection.join(this);
    try {
      for (;;) {
        const next = this.#queue.shift();
        if (next) {
          yield next;
          if (next.type === 'done' || next.type === 'cancelled') return;
        } else if (this.#error) throw this.#error;
        else
          await new Promise<void>((resolve) => {
            this.#wake = resolve;
          });
      }
    } finally {
      signal?.removeEventListener('abort', onAbort);
      clearTimeout(this.#timer);
      if (!this.#isOver) this.cancel();
      this.#isOver = true;
      this.#connection.leave(this.#id);
    }
  }

  opened(id: string): void {
    this.#id = id;
    clearTimeout(this.#timer);
    if (this.#job === null) this.#ask();
    else this.#send({ type: 'attach', id, job: this.#job, ...(this.#seq < 0 ? {} : { since: this.#seq }) });
  }

  take(message: IncomingMessage): boolean {
    if (this.#isOver || message.type === 'hello' || message.type === 'pong') return false;
    if (message.type === 'error') {
      this.#takeError(message);
      return false;
    }
    this.#job = message.job;
    if (message.type === 'started') this.#seed = message.seed;
    const isNew = 'seq' in message && message.seq > this.#seq;
    if (isNew) [this.#seq, this.#losses] = [message.seq, 0];
    this.#queue.push(message);
    if (message.type === 'done' || message.type === 'cancelled') this.#isOver = true;
    if (this.#options.signal?.aborted && message.type === 'queued') this.cancel();
    this.#wake();
    return isNew;
  }

  lost(reason: string): boolean {
    this.#losses += 1;
    if (this.#losses > this.#retries)
      this.failed(
        new RequestError(
          'connection_lost',
          `The connection to ${this.#connection.url} was lost (${reason}). Check the address and the key.`,
        ),
      );
    return !this.#isOver;
  }

  failed(error: Error): void {
    this.#error ??= error;
    this.#isOver = true;
    this.#wake();
  }

  #takeError(message: Extract<ServerMessage, { type: 'error' }>): void {
    // The server was started again meanwhile and knows nothing of it: with the same seed it becomes the same.
    if (message.code === 'job_unknown' && this.#job !== null) {
      [this.#job, this.#seq] = [null, -1];
      this.#restarts += 1;
      if (this.#restarts <= this.#retries) this.#ask();
      else
        this.failed(new RequestError('connection_lost', 'The server was started again too often while it ran this.'));
      return;
    }
    // It has just begun, and knows no model yet.
    if (message.code === 'not_ready' && this.#job === null) {
      this.#askLater(Number(message.details?.retrySeconds ?? 1));
      return;
    }
    // An answer that came too late, say, ends nothing: only an error of the job does, or of its beginning.
    if (message.seq !== undefined || this.#job === null)
      this.failed(new RequestError(message.code, message.message, message.details));
  }

  #askLater(seconds: number): void {
    this.#timer = setTimeout(() => {
      if (!this.#isOver && this.#connection.isOpen) this.#ask();
    }, seconds * 1000);
  }

  #ask(): void {
    const { previews } = this.#options;
    const seed = this.#seed === undefined ? {} : { seed: this.#seed };
    this.#send({ ...this.#body, ...seed, type: 'generate', id: this.#id, ...(previews ? { previews } : {}) });
  }

  #send(message: ClientMessageInput): void {
    this.#connection.send(message);
  }
}

function aborted(signal: AbortSignal | undefined): Error {
  return signal?.reason instanceof Error ? signal.reason : new RequestError('cancelled', 'Cancelled on request.');
}
