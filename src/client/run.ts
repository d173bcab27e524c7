/** One request over the stream, to its end: told again where a connection was lost, cancelled by a signal. */
import {
  type ClientMessageInput,
  decodePictureFrame,
  type FrameHeader,
  type GenerateBody,
  parseServerMessage,
  type ServerMessage,
  SUBPROTOCOL,
} from '../protocol.ts';
import { RequestError } from './error.ts';
import type { SocketLike, SocketMaker } from './socket.ts';

/** What a request tells on its way, pictures with their bytes. The last is `done` or `cancelled`. */
export type Told =
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
  readonly url: string;
  readonly key?: string | undefined;
  readonly Socket: SocketMaker;
  /** Connections lost one after the other until it gives up. */
  readonly retries: number;
  readonly signal?: AbortSignal | undefined;
  readonly previews?: Extract<ClientMessageInput, { type: 'generate' }>['previews'];
}

const ID = 'r';
const FIRST_WAIT_MS = 100;
const MOST_WAIT_MS = 5000;

export class Run implements Steering {
  readonly #body: GenerateBody;
  readonly #options: RunOptions;
  readonly #came: Told[] = [];
  #socket: SocketLike | null = null;
  #job: string | null = null;
  #seq = -1;
  #failures = 0;
  #isOver = false;
  #error: Error | null = null;
  #wake: () => void = () => {};

  constructor(body: GenerateBody, options: RunOptions) {
    this.#body = body;
    this.#options = options;
  }

  choose(question: number, picks: readonly number[]): void {
    this.#say({ type: 'choose', id: ID, question, picks: [...picks] });
  }

  weigh(weights: readonly number[]): void {
    this.#say({ type: 'weights', id: ID, weights: [...weights] });
  }

  cancel(): void {
    this.#say({ type: 'cancel', id: ID });
  }

  /** Everything that is told, to the end. Stop reading to cancel. @throws {RequestError} */
  async *told(): AsyncGenerator<Told, void, undefined> {
    const { signal } = this.#options;
    const onAbort = () => (this.#job === null ? this.#fail(aborted(signal)) : this.cancel());
    if (signal?.aborted) throw aborted(signal);
    signal?.addEventListener('abort', onAbort);
    this.#connect();
    try {
      for (;;) {
        const next = this.#came.shift();
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
      if (!this.#isOver) this.cancel();
      this.#isOver = true;
      this.#socket?.close(1000);
    }
  }

  #connect(): void {
    const { Socket, url, key, previews } = this.#options;
    const protocols = [SUBPROTOCOL, ...(key === undefined ? [] : [`kandid.key.${key}`])];
    const socket = new Socket(`${url.replace(/^http/, 'ws')}/v1/stream`, protocols);
    socket.binaryType = 'arraybuffer';
    this.#socket = socket;
    socket.addEventListener('open', () => {
      if (this.#job === null) this.#say({ ...this.#body, type: 'generate', id: ID, ...(previews ? { previews } : {}) });
      else this.#say({ type: 'attach', id: ID, job: this.#job, ...(this.#seq < 0 ? {} : { since: this.#seq }) });
    });
    socket.addEventListener('message', ({ data }) => this.#take(data));
    // `close` follows.
    socket.addEventListener('error', () => {});
    socket.addEventListener('close', ({ code = 0, reason }) => {
      if (!this.#isOver && this.#socket === socket) this.#lost(`${code} ${reason ?? ''}`.trim());
    });
  }

  #lost(reason: string): void {
    const { retries, signal } = this.#options;
    this.#socket = null;
    this.#failures += 1;
    if (signal?.aborted || this.#failures > retries) {
      const message = `The connection to ${this.#options.url} was lost (${reason}). Check the address and the key.`;
      this.#fail(signal?.aborted ? aborted(signal) : new RequestError('connection_lost', message));
      return;
    }
    const wait = Math.min(MOST_WAIT_MS, FIRST_WAIT_MS * 2 ** (this.#failures - 1));
    setTimeout(() => {
      if (!this.#isOver) this.#connect();
    }, wait);
  }

  #take(data: unknown): void {
    const told = typeof data === 'string' ? parseServerMessage(data) : pictureOf(data);
    if (told.type === 'hello' || told.type === 'pong') return;
    this.#failures = 0;
    if (told.type === 'error') {
      // An answer that came too late, say, ends nothing: only an error of the job does, or of its beginning.
      if (told.seq !== undefined || this.#job === null || told.code === 'job_unknown')
        this.#fail(new RequestError(told.code, told.message, told.details));
      return;
    }
    this.#job = told.job;
    if ('seq' in told) this.#seq = Math.max(this.#seq, told.seq);
    this.#came.push(told);
    if (told.type === 'done' || told.type === 'cancelled') this.#isOver = true;
    if (this.#options.signal?.aborted && told.type === 'queued') this.cancel();
    this.#wake();
  }

  #say(message: ClientMessageInput): void {
    // While there is no connection, there is nobody to say it to.
    try {
      this.#socket?.send(JSON.stringify(message));
    } catch {
      // It is still being opened, or closed just now.
    }
  }

  #fail(error: Error): void {
    this.#error ??= error;
    this.#isOver = true;
    this.#wake();
  }
}

function pictureOf(data: unknown): FrameHeader & { readonly bytes: Uint8Array } {
  const frame = data instanceof ArrayBuffer ? new Uint8Array(data) : (data as Uint8Array);
  const { header, bytes } = decodePictureFrame(frame);
  return { ...header, bytes };
}

function aborted(signal: AbortSignal | undefined): Error {
  return signal?.reason instanceof Error ? signal.reason : new RequestError('cancelled', 'Cancelled on request.');
}
