/**
 * A client of a Kandid server, for Node and browsers.
 *
 * ```ts
 * const client = new KandidClient({ url: 'http://127.0.0.1:8080' });
 * for await (const told of client.generate({ guides: [{ name: 'text', params: { prompt: 'a red hat' } }] }))
 *   if (told.type === 'preview' || told.type === 'image') show(told.bytes, told.mime);
 * ```
 */
import type { ClientMessageInput, GenerateBody } from '../protocol.ts';
import { RequestError } from './error.ts';
import { Run, type Steering, type Told } from './run.ts';
import { type SocketMaker, standardSocket } from './socket.ts';

export type { GenerateBody } from '../protocol.ts';
export { RequestError } from './error.ts';
export type { Steering, Told } from './run.ts';

export interface ClientOptions {
  /** Of the server, as http://127.0.0.1:8080. */
  readonly url: string;
  /** API key. */
  readonly key?: string | undefined;
  /** @default the one of the browser or of Node, or that of the package ws */
  readonly WebSocket?: SocketMaker | undefined;
  /** Connections lost one after the other until a request gives up. @default 5 */
  readonly retries?: number | undefined;
}

export interface GenerateOptions {
  /** Cancels: the last event is then `cancelled`, with the best pictures so far. */
  readonly signal?: AbortSignal | undefined;
  readonly previews?: Extract<ClientMessageInput, { type: 'generate' }>['previews'];
  /** Handed what steers the request, before the first event. */
  readonly onStart?: ((steering: Steering) => void) | undefined;
}

/** A picture as the server's HTTP routes tell it. */
export interface PictureAnswer {
  readonly code: readonly number[];
  readonly codeString: string | null;
  readonly url: string | null;
  readonly mime: string;
  readonly width: number;
  readonly height: number;
  readonly base64?: string;
  readonly psnr?: number | null;
}

export interface ResultAnswer {
  readonly job: string;
  readonly state: 'done' | 'cancelled';
  readonly model: string;
  readonly hash: string;
  readonly seed: number;
  readonly images: readonly PictureAnswer[];
  readonly notes: readonly string[];
}

type Json = Readonly<Record<string, unknown>>;

const RETRIES = 5;

export class KandidClient {
  readonly #options: ClientOptions;
  readonly #url: string;

  constructor(options: ClientOptions) {
    this.#options = options;
    this.#url = options.url.replace(/\/$/, '');
  }

  /**
   * Makes pictures and tells of everything on the way, over a lost connection too. Stop reading to cancel.
   *
   * @throws {RequestError} what the server refuses it for, or fails with
   */
  async *generate(body: GenerateBody, options: GenerateOptions = {}): AsyncGenerator<Told, void, undefined> {
    const { key, retries = RETRIES, WebSocket } = this.#options;
    const Socket = WebSocket ?? (await standardSocket());
    const { signal, previews, onStart } = options;
    const run = new Run(body, { url: this.#url, key, retries, Socket, signal, previews });
    onStart?.(run);
    yield* run.told();
  }

  /** Makes pictures and gives them when they are done. */
  async pictures(body: GenerateBody, signal?: AbortSignal): Promise<ResultAnswer> {
    return await this.post('/v1/generate', body, signal);
  }

  /** @param image bytes of a file as base64, or a data URL */
  async encode(image: string, options: Json = {}): Promise<ResultAnswer> {
    return await this.post('/v1/encode', { image, ...options });
  }

  async decode(codes: readonly (string | readonly number[])[], options: Json = {}): Promise<ResultAnswer> {
    return await this.post('/v1/decode', { codes, ...options });
  }

  async models(): Promise<readonly Json[]> {
    return (await this.get<{ models: Json[] }>('/v1/models')).models;
  }

  async guides(): Promise<readonly { readonly name: string; readonly description: string; readonly params: Json }[]> {
    return (await this.get<{ guides: { name: string; description: string; params: Json }[] }>('/v1/guides')).guides;
  }

  /** Any route that takes JSON. @throws {RequestError} */
  async post<Answer>(path: string, body: unknown, signal?: AbortSignal): Promise<Answer> {
    return await this.#fetch<Answer>(path, { method: 'POST', body: JSON.stringify(body) }, signal);
  }

  /** Any route to read. @throws {RequestError} */
  async get<Answer>(path: string, signal?: AbortSignal): Promise<Answer> {
    return await this.#fetch<Answer>(path, { method: 'GET' }, signal);
  }

  async #fetch<Answer>(path: string, init: { method: string; body?: string }, signal?: AbortSignal): Promise<Answer> {
    const { key } = this.#options;
    const headers = {
      ...(init.body === undefined ? {} : { 'content-type': 'application/json' }),
      ...(key === undefined ? {} : { authorization: `Bearer ${key}` }),
    };
    const answer = await fetch(`${this.#url}${path}`, { ...init, headers, ...(signal ? { signal } : {}) });
    const told: unknown = await answer.json().catch(() => null);
    if (answer.ok) return told as Answer;
    throw errorOf(told, answer.status);
  }
}

/** A problem document, or an error in OpenAI's shape. */
function errorOf(told: unknown, status: number): RequestError {
  const problem = (typeof told === 'object' && told !== null ? told : {}) as Json;
  const nested = problem.error as { code?: string; message?: string } | undefined;
  const code = problem.code ?? nested?.code ?? 'unknown';
  const message = problem.detail ?? nested?.message ?? `The server answered ${status}.`;
  return new RequestError(String(code), String(message), (problem.details as Json | undefined) ?? {}, status);
}
