/** The WebSocket that all requests of a client share, each under an id; reopened after a loss while any request needs it. */

import type { ClientMessageInput } from '../contract/stream.ts';
import { SUBPROTOCOL } from '../contract/version.ts';
import { RequestError } from './error.ts';
import { type IncomingMessage, parseMessage } from './incoming.ts';
import { type SocketLike, type SocketMaker, standardSocket } from './socket.ts';

/** `lost`: it will be tried again; `closed`: nobody needs it. */
export type ConnectionState = 'closed' | 'connecting' | 'open' | 'lost';

/** A request that speaks over it. */
export interface MessageHandler {
  /** It is open, for the first time or again: under this id the server knows nothing of the request. */
  opened(id: string): void;
  take(message: IncomingMessage): void;
  /** No use in waiting for it any more. */
  failed(error: Error): void;
}

export interface ConnectionOptions {
  readonly url: string;
  readonly key?: string | undefined;
  readonly WebSocket?: SocketMaker | undefined;
  /** Connections lost one after the other until requests give up. @default 5 */
  readonly retries?: number | undefined;
}

const RETRIES = 5;
const FIRST_WAIT_MS = 100;
const MOST_WAIT_MS = 3000;

export class Connection {
  readonly #options: ConnectionOptions;
  readonly #handlers = new Map<string, MessageHandler>();
  readonly #watchers = new Set<(state: ConnectionState) => void>();
  #state: ConnectionState = 'closed';
  #socket: SocketLike | null = null;
  #timer: ReturnType<typeof setTimeout> | null = null;
  #failures = 0;
  #joined = 0;

  constructor(options: ConnectionOptions) {
    this.#options = options;
  }

  get isOpen(): boolean {
    return this.#state === 'open';
  }

  /** @returns the id that the speaker has */
  join(handler: MessageHandler): string {
    this.#joined += 1;
    const id = `r${this.#joined}`;
    this.#handlers.set(id, handler);
    if (this.isOpen) handler.opened(id);
    else this.#connect();
    return id;
  }

  leave(id: string): void {
    this.#handlers.delete(id);
    this.#rest();
  }

  watch(onState: (state: ConnectionState) => void): () => void {
    this.#watchers.add(onState);
    onState(this.#state);
    if (!this.isOpen) this.#connect();
    return () => {
      this.#watchers.delete(onState);
      this.#rest();
    };
  }

  /** While there is no connection, there is nobody to say it to. */
  send(message: ClientMessageInput): void {
    if (this.isOpen) this.#socket?.send(JSON.stringify(message));
  }

  #connect(): void {
    if (this.#socket) return;
    if (this.#timer) clearTimeout(this.#timer);
    this.#timer = null;
    if (this.#state === 'closed') this.#become('connecting');
    const { WebSocket } = this.#options;
    if (WebSocket) this.#open(WebSocket);
    else
      standardSocket().then(
        (standard) => {
          if (!this.#socket && this.#isNeeded) this.#open(standard);
        },
        () => this.#lose('no WebSocket is there: install the package ws'),
      );
  }

  #open(Socket: SocketMaker): void {
    const { url, key } = this.#options;
    const protocols = [SUBPROTOCOL, ...(key === undefined ? [] : [`kandid.key.${key}`])];
    const socket = new Socket(`${url.replace(/^http/, 'ws')}/v1/stream`, protocols);
    socket.binaryType = 'arraybuffer';
    this.#socket = socket;
    socket.addEventListener('open', () => {
      if (this.#socket !== socket) return;
      this.#become('open');
      for (const [id, handler] of [...this.#handlers]) handler.opened(id);
    });
    socket.addEventListener('message', ({ data }) => {
      if (this.#socket === socket) this.#take(data);
    });
    // `close` follows.
    socket.addEventListener('error', () => {});
    socket.addEventListener('close', ({ code = 0, reason }) => {
      if (this.#socket === socket) this.#lose(`${code} ${reason ?? ''}`.trim());
    });
  }

  #take(data: unknown): void {
    let message: IncomingMessage;
    try {
      message = parseMessage(data);
    } catch {
      this.#socket?.close(1000);
      this.#lose('it said what is not understood');
      return;
    }
    this.#failures = 0;
    if ('id' in message && message.id !== undefined) this.#handlers.get(message.id)?.take(message);
  }

  #lose(reason: string): void {
    const { url, retries = RETRIES } = this.#options;
    this.#socket = null;
    this.#failures += 1;
    this.#become('lost');
    if (this.#failures > retries) {
      const message = `The connection to ${url} was lost (${reason}). Check the address and the key.`;
      for (const handler of [...this.#handlers.values()]) handler.failed(new RequestError('connection_lost', message));
      this.#handlers.clear();
    }
    this.#rest();
    if (!this.#isNeeded) return;
    const wait = Math.min(MOST_WAIT_MS, FIRST_WAIT_MS * 2 ** (this.#failures - 1));
    this.#timer = setTimeout(() => this.#connect(), wait);
  }

  get #isNeeded(): boolean {
    return this.#handlers.size > 0 || this.#watchers.size > 0;
  }

  /** Closes it where nobody needs it. */
  #rest(): void {
    if (this.#isNeeded) return;
    if (this.#timer) clearTimeout(this.#timer);
    const socket = this.#socket;
    [this.#timer, this.#socket, this.#failures] = [null, null, 0];
    this.#become('closed');
    socket?.close(1000);
  }

  #become(state: ConnectionState): void {
    if (this.#state === state) return;
    this.#state = state;
    for (const watcher of this.#watchers) watcher(state);
  }
}
