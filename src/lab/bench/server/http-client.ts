/** HTTP requests over kept-alive connections. */
import { Agent, request } from 'node:http';

export interface Answer {
  /** 0: no response. */
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Buffer;
  readonly ms: number;
}

export interface HttpRequestOptions {
  readonly method?: string | undefined;
  /** Sent as JSON if it is neither text nor bytes. */
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  readonly signal?: AbortSignal | undefined;
}

const agent = new Agent({ keepAlive: true, maxSockets: 4096, maxFreeSockets: 256 });

/** Never rejects. */
export function ask(url: string, { method, body, headers = {}, signal }: HttpRequestOptions = {}): Promise<Answer> {
  const started = performance.now();
  const isReady = body === undefined || typeof body === 'string' || body instanceof Uint8Array;
  const text = isReady ? body : JSON.stringify(body);
  return new Promise((resolve) => {
    const options = {
      agent,
      method: method ?? (text === undefined ? 'GET' : 'POST'),
      ...(signal ? { signal } : {}),
      headers: {
        ...(text === undefined
          ? {}
          : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) }),
        ...headers,
      },
    };
    const parts: Buffer[] = [];
    const settle = (status: number, answered: Answer['headers'] = {}) =>
      resolve({ status, headers: answered, body: Buffer.concat(parts), ms: performance.now() - started });
    const outgoing = request(url, options, (incoming) => {
      incoming.on('data', (part: Buffer) => parts.push(part));
      incoming.on('end', () => settle(incoming.statusCode ?? 0, incoming.headers));
      incoming.on('error', () => settle(0));
    });
    outgoing.on('error', () => settle(0));
    outgoing.end(text);
  });
}

/** Closes idle connections, so that the process can exit. */
export function closeConnections(): void {
  agent.destroy();
}
