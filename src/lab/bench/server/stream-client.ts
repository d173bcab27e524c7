/** One socket of the stream, and the requests on it. */
import { once } from 'node:events';
import WebSocket from 'ws';
import { decodeFrame } from '../../../contract/frames.ts';
import { type ClientMessageInput, SUBPROTOCOL } from '../../../contract/stream.ts';

/** What came: a message, or the header of a binary frame. Not checked against the schemas: that would cost the most here. */
export interface Came {
  readonly type: string;
  readonly id?: string;
  readonly seq?: number;
  readonly level?: number;
  readonly levels?: readonly unknown[];
}

export interface Spoken {
  /** How it ended; `lost`: the socket was closed. */
  readonly type: 'done' | 'cancelled' | 'error' | 'lost';
  /** From asking to its end. */
  readonly ms: number;
  readonly firstPreviewMs: number | null;
  readonly wasAccepted: boolean;
  readonly last: Came | null;
}

export type Asked = Omit<Extract<ClientMessageInput, { type: 'generate' }>, 'type' | 'id'>;

interface Open {
  readonly started: number;
  readonly onCame: ((came: Came) => void) | undefined;
  readonly resolve: (spoken: Spoken) => void;
  firstPreviewMs: number | null;
  wasAccepted: boolean;
}

const ENDS = new Set(['done', 'cancelled', 'error']);

export class Talker {
  readonly ws: WebSocket;
  readonly #open = new Map<string, Open>();
  #next = 0;
  /** Ends of requests that had ended before, or were never begun. */
  surplusEnds = 0;

  private constructor(ws: WebSocket) {
    this.ws = ws;
    ws.on('message', (data: Buffer, isBinary) => this.#take(cameOf(data, isBinary)));
    ws.on('error', () => {});
    ws.on('close', () => {
      for (const id of [...this.#open.keys()]) this.#end(id, 'lost', null);
    });
  }

  static async open(url: string): Promise<Talker> {
    const ws = new WebSocket(`${url.replace('http', 'ws')}/v1/stream`, SUBPROTOCOL, { perMessageDeflate: false });
    const talker = new Talker(ws);
    await once(ws, 'open');
    return talker;
  }

  /** Resolves at the request's end. */
  generate(body: Asked, onCame?: (came: Came, id: string) => void): Promise<Spoken> {
    const id = String(this.#next++);
    return new Promise((resolve) => {
      this.#open.set(id, {
        started: performance.now(),
        resolve,
        firstPreviewMs: null,
        wasAccepted: false,
        onCame: onCame && ((came) => onCame(came, id)),
      });
      this.say({ ...body, type: 'generate', id });
    });
  }

  say(message: ClientMessageInput): void {
    this.ws.send(JSON.stringify(message));
  }

  async close(): Promise<void> {
    if (this.ws.readyState === WebSocket.CLOSED) return;
    const closed = once(this.ws, 'close');
    this.ws.close();
    await closed;
  }

  #take(came: Came): void {
    if (came.id === undefined) return;
    const open = this.#open.get(came.id);
    if (!open) {
      if (ENDS.has(came.type)) this.surplusEnds += 1;
      return;
    }
    if (came.type === 'queued') open.wasAccepted = true;
    if (came.type === 'preview') open.firstPreviewMs ??= performance.now() - open.started;
    open.onCame?.(came);
    if (ENDS.has(came.type)) this.#end(came.id, came.type as Spoken['type'], came);
  }

  #end(id: string, type: Spoken['type'], last: Came | null): void {
    const open = this.#open.get(id) as Open;
    this.#open.delete(id);
    const { started, firstPreviewMs, wasAccepted, resolve } = open;
    resolve({ type, ms: performance.now() - started, firstPreviewMs, wasAccepted, last });
  }
}

function cameOf(data: Buffer, isBinary: boolean): Came {
  return (isBinary ? decodeFrame(data).header : JSON.parse(data.toString())) as Came;
}
