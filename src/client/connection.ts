/**
 * The WebSocket shared by all requests of a client, each with an id; reopened after a loss while any request needs it.
 */

import type { ClientMessageInput } from '../contract/stream.ts';
import { SUBPROTOCOL } from '../contract/version.ts';
import { RequestError } from './error.ts';
import { type IncomingMessage, parseMessage } from './incoming.ts';
import { type SocketLike, type SocketMaker, standardSocket } from './socket.ts';

/** `lost`: it will be retried; `closed`: not needed. */
export type ConnectionState = 'closed' | 'connecting' | 'open' | 'lost';

type Greeting = Extract<IncomingMessage, { type: 'hello' }>;

/** A request that uses the connection. */
export interface MessageHandler {
  /** The connection is open, initially or again; the server does not know the request under this id yet. */
  opened(id: string): void;
  /** @returns whether the message made progress, that is, was not received before */
  take(message: IncomingMessage): boolean;
  /** The connection is lost. @returns whether the request continues with the next connection */
  lost(reason: string): boolean;
  /** Ends the request with an error. */
  failed(error: Error): void;
}

export interface ConnectionOptions {
  readonly url: string;
  readonly key?: string | undefined;
  readonly WebSocket?: SocketMaker | undefined;
}

/** WebSocket close code for a message above the size limit. */
const TOO_LARGE = 1009;
const FIRST_WAIT_MS = 100;
const MAX_WAIT_MS = 3000;

export class Connection {
  readonly #options: ConnectionOptions;
  readonly #handlers = new Map<string, MessageHandler>();
  readonly #watchers = new Set<(state: ConnectionState) => void>();
  #state: ConnectionState = 'closed';
  #socket: SocketLike | null = null;
  #timer: ReturnType<typeof setTimeout> | null = null;
  /** Consecutive lost connections; reset by one that lasted or made progress. */
  #failures = 0;
  #openedAt = Number.POSITIVE_INFINITY;
  /** Largest message in bytes, once the server has stated it. */
  #mostBytes = Number.POSITIVE_INFINITY;
  /** The largest message sent over this connection. */
  #largest = { id: '', bytes: 0 };
  #joined = 0;

  constructor(options: ConnectionOptions) {
    this.#options = options;
  }

  get url(): string {
    return this.#options.url;
  }

  get isOpen(): boolean {
    return this.#state === 'open';
  }

  /** @returns the id of the handler */
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

  /** Dropped without a connection. Messages that are too large are not sent, and fail their request. */
  send(message: ClientMessageInput): void {
    if (!this.isOpen) return;
    const text = JSON.stringify(message);
    const bytes = new Blob([text]).size;
    const id = 'id' in message ? message.id : '';
    if (bytes > this.#largest.bytes) this.#largest = { id, bytes };
    if (bytes > this.#mostBytes) this.#refuse(id, bytes);
    else this.#socket?.send(text);
  }

  #refuse(id: string, bytes: number): void {
    const limit = Number.isFinite(this.#mostBytes) ? ` (${this.#mostBytes})` : '';
    const message = `The request has ${bytes} bytes, more than the server takes in one message${limit}. Send a smaller picture.`;
    const handler = this.#handlers.get(id);
    this.#handlers.delete(id);
    handler?.failed(new RequestError('message_too_large', message, { bytes }));
    this.#rest();
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
    socket.addEventListener('message', ({ data }) => {
      if (this.#socket === socket) this.#take(data);
    });
    // A `close` event follows.
    socket.addEventListener('error', () => {});
    socket.addEventListener('close', ({ code = 0, reason }) => {
      if (this.#socket !== socket) return;
      if (code === TOO_LARGE) this.#refuse(this.#largest.id, this.#largest.bytes);
      this.#lose(`${code} ${reason ?? ''}`.trim());
    });
  }

  #take(data: unknown): void {
    let message: IncomingMessage;
    try {
      message = parseMessage(data);
    } catch {
      this.#socket?.close(1000);
      this.#lose('it sent an invalid message');
      return;
    }
    if (message.type === 'hello') this.#greeted(message);
    else if ('id' in message && message.id !== undefined && this.#handlers.get(message.id)?.take(message))
      this.#failures = 0;
  }

  /** Requests are sent only now that the message size limit is known. */
  #greeted({ messageBytes = Number.POSITIVE_INFINITY }: Greeting): void {
    this.#mostBytes = messageBytes;
    this.#largest = { id: '', bytes: 0 };
    this.#openedAt = performance.now();
    this.#become('open');
    for (const [id, handler] of [...this.#handlers]) handler.opened(id);
  }

  #lose(reason: string): void {
    this.#socket = null;
    const lasted = performance.now() - this.#openedAt > MAX_WAIT_MS;
    this.#failures = lasted ? 1 : this.#failures + 1;
    this.#openedAt = Number.POSITIVE_INFINITY;
    this.#become('lost');
    for (const [id, handler] of [...this.#handlers]) if (!handler.lost(reason)) this.#handlers.delete(id);
    this.#rest();
    if (!this.#isNeeded) return;
    const wait = Math.min(MAX_WAIT_MS, FIRST_WAIT_MS * 2 ** (this.#failures - 1));
    this.#timer = setTimeout(() => this.#connect(), wait);
  }

  get #isNeeded(): boolean {
    return this.#handlers.size > 0 || this.#watchers.size > 0;
  }

  /** Closes the connection if it is not needed. */
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
