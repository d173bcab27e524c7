/** One request over the stream, from start to end: resumed after lost connections, cancelled by a signal. */
import type { ClientMessageInput, FrameHeader, GenerateBody, ServerMessage } from '../contract/stream.ts';
import type { Connection, MessageHandler } from './connection.ts';
import { RequestError } from './error.ts';
import type { IncomingMessage } from './incoming.ts';

/** The messages of a request, pictures with their bytes. The last is `done` or `cancelled`. */
export type Message =
  | Exclude<ServerMessage, { type: 'hello' | 'pong' | 'error' }>
  | (FrameHeader & { readonly bytes: Uint8Array });

/** Controls a running request. */
export interface Steering {
  /** Answers `candidates` with pictures of the contact sheet, best first. */
  choose(question: number, picks: readonly number[]): void;
  /** Sets the guide weights for the remaining levels. */
  weigh(weights: readonly number[]): void;
  /** Ends the request with the best pictures so far. */
  cancel(): void;
}

export interface RunOptions {
  readonly signal?: AbortSignal | undefined;
  readonly previews?: Extract<ClientMessageInput, { type: 'generate' }>['previews'];
  /** Follows this existing job; creates it again if the server no longer has it. */
  readonly job?: string | undefined;
  /** Number of consecutive lost connections, without anything new received, after which it fails. @default 5 */
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
  /** Connections lost since something new was received. */
  #losses = 0;
  /** Number of times that the job was created again because the server no longer had it. */
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

  /** Yields all messages of the request, to its end. Stop iterating to cancel. @throws {RequestError} */
  async *messages(): AsyncGenerator<Message, void, undefined> {
    const { signal } = this.#options;
    // Without a connection the request cannot be cancelled, so it is abandoned.
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
    // The server was restarted and no longer has the job: with the same seed it produces the same result.
    if (message.code === 'job_unknown' && this.#job !== null) {
      [this.#job, this.#seq] = [null, -1];
      this.#restarts += 1;
      if (this.#restarts <= this.#retries) this.#ask();
      else
        this.failed(new RequestError('connection_lost', 'The server was started again too often while it ran this.'));
      return;
    }
    // The server has just started and has no models yet.
    if (message.code === 'not_ready' && this.#job === null) {
      this.#askLater(Number(message.details?.retrySeconds ?? 1));
      return;
    }
    // A late answer, for example, must not end the request: only an error of the job or of its creation does.
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
