/** A WebSocket that records received messages. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import WebSocket from 'ws';
import {
  type ClientMessageInput,
  decodePictureFrame,
  type FrameHeader,
  parseServerMessage,
  type ServerMessage,
  SUBPROTOCOL,
} from '../../src/contract/stream.ts';

export type Came = ServerMessage | (FrameHeader & { readonly bytes: Uint8Array });
type Of<Type extends Came['type']> = Extract<Came, { type: Type }>;

export class Socket {
  readonly ws: WebSocket;
  readonly came: Came[] = [];
  #wake: () => void = () => {};
  #closed: { code: number } | null = null;

  private constructor(ws: WebSocket) {
    this.ws = ws;
    ws.on('message', (data: Buffer, isBinary) => {
      if (isBinary) {
        const { header, bytes } = decodePictureFrame(data);
        this.came.push({ ...header, bytes });
      } else this.came.push(parseServerMessage(data.toString()));
      this.#wake();
    });
    ws.on('error', () => {});
    ws.on('close', (code) => {
      this.#closed = { code };
      this.#wake();
    });
  }

  static async open(url: string, options: { protocols?: string[]; headers?: Record<string, string> } = {}) {
    const { protocols = [SUBPROTOCOL], headers = {} } = options;
    const socket = new Socket(new WebSocket(`${url.replace('http', 'ws')}/v1/stream`, protocols, { headers }));
    await once(socket.ws, 'open');
    return socket;
  }

  say(message: ClientMessageInput): void {
    this.ws.send(JSON.stringify(message));
  }

  /** The first matching message of a type, received already or later. */
  async next<Type extends Came['type']>(type: Type, fits: (one: Of<Type>) => boolean = () => true): Promise<Of<Type>> {
    for (;;) {
      const found = this.came.find((one): one is Of<Type> => one.type === type && fits(one as Of<Type>));
      if (found) return found;
      assert.equal(
        this.#closed,
        null,
        `closed before ${type}; came: ${JSON.stringify(this.came.map((one) => one.type))}`,
      );
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  async leave(): Promise<void> {
    this.ws.close();
    await this.closed();
  }

  async closed(): Promise<number> {
    while (!this.#closed)
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    return this.#closed.code;
  }
}

/** Status of a refused upgrade. */
export async function refusedStatus(url: string, options: { protocols?: string[]; headers?: Record<string, string> }) {
  const ws = new WebSocket(`${url.replace('http', 'ws')}/v1/stream`, options.protocols ?? [SUBPROTOCOL], {
    headers: options.headers ?? {},
  });
  ws.on('error', () => {});
  const [, response] = (await once(ws, 'unexpected-response')) as [unknown, { statusCode: number; resume(): void }];
  response.resume();
  ws.terminate();
  return response.statusCode;
}
