/** A minimal client of the stream that measures its requests. */
import { once } from 'node:events';
import WebSocket from 'ws';
import { decodeFrame } from '../../../contract/frames.ts';
import { type ClientMessageInput, SUBPROTOCOL } from '../../../contract/stream.ts';

/** A received message, or the header of a binary frame. Not validated: that would dominate the time of this client. */
export interface IncomingMessage {
  readonly type: string;
  readonly id?: string;
  readonly job?: string;
  readonly seq?: number;
  readonly level?: number;
  readonly levels?: readonly unknown[];
}

export interface RequestLog {
  /** How it ended; `lost`: the socket was closed. */
  readonly type: 'done' | 'cancelled' | 'error' | 'lost';
  /** Milliseconds from sending to its end. */
  readonly ms: number;
  readonly firstPreviewMs: number | null;
  readonly wasAccepted: boolean;
  readonly last: IncomingMessage | null;
}

export type StreamRequest = Omit<Extract<ClientMessageInput, { type: 'generate' }>, 'type' | 'id'>;

interface Open {
  readonly started: number;
  readonly onMessage: ((message: IncomingMessage) => void) | undefined;
  readonly resolve: (log: RequestLog) => void;
  firstPreviewMs: number | null;
  wasAccepted: boolean;
}

const ENDS = new Set(['done', 'cancelled', 'error']);

export class StreamClient {
  readonly ws: WebSocket;
  readonly #open = new Map<string, Open>();
  #next = 0;
  /** Number of ends of unknown or already ended requests. */
  surplusEnds = 0;

  private constructor(ws: WebSocket) {
    this.ws = ws;
    ws.on('message', (data: Buffer, isBinary) => this.#handle(parseMessage(data, isBinary)));
    ws.on('error', () => {});
    ws.on('close', () => {
      for (const id of [...this.#open.keys()]) this.#end(id, 'lost', null);
    });
  }

  static async open(url: string): Promise<StreamClient> {
    const ws = new WebSocket(`${url.replace('http', 'ws')}/v1/stream`, SUBPROTOCOL, { perMessageDeflate: false });
    const client = new StreamClient(ws);
    await once(ws, 'open');
    return client;
  }

  /** Resolves at the request's end. */
  generate(body: StreamRequest, onMessage?: (message: IncomingMessage, id: string) => void): Promise<RequestLog> {
    const id = String(this.#next++);
    return new Promise((resolve) => {
      this.#open.set(id, {
        started: performance.now(),
        resolve,
        firstPreviewMs: null,
        wasAccepted: false,
        onMessage: onMessage && ((message) => onMessage(message, id)),
      });
      this.send({ ...body, type: 'generate', id });
    });
  }

  send(message: ClientMessageInput): void {
    this.ws.send(JSON.stringify(message));
  }

  async close(): Promise<void> {
    if (this.ws.readyState === WebSocket.CLOSED) return;
    const closed = once(this.ws, 'close');
    this.ws.close();
    await closed;
  }

  #handle(message: IncomingMessage): void {
    if (message.id === undefined) return;
    const open = this.#open.get(message.id);
    if (!open) {
      if (ENDS.has(message.type)) this.surplusEnds += 1;
      return;
    }
    if (message.type === 'queued') open.wasAccepted = true;
    if (message.type === 'preview') open.firstPreviewMs ??= performance.now() - open.started;
    open.onMessage?.(message);
    if (ENDS.has(message.type)) this.#end(message.id, message.type as RequestLog['type'], message);
  }

  #end(id: string, type: RequestLog['type'], last: IncomingMessage | null): void {
    const open = this.#open.get(id) as Open;
    this.#open.delete(id);
    const { started, firstPreviewMs, wasAccepted, resolve } = open;
    resolve({ type, ms: performance.now() - started, firstPreviewMs, wasAccepted, last });
  }
}

function parseMessage(data: Buffer, isBinary: boolean): IncomingMessage {
  return (isBinary ? decodeFrame(data).header : JSON.parse(data.toString())) as IncomingMessage;
}
