/**
 * A client of a Kandid server, for Node and browsers.
 *
 * ```ts
 * const client = new KandidClient({ url: 'http://127.0.0.1:8080' });
 * for await (const message of client.generate({ guides: [{ name: 'text', params: { prompt: 'a red hat' } }] }))
 *   if (message.type === 'preview' || message.type === 'image') show(message.bytes, message.mime);
 * ```
 */

import type {
  CrossAnswer,
  GuideAnswer,
  HealthAnswer,
  ModelAnswer,
  ResultAnswer,
  WordsAnswer,
} from '../contract/answers.ts';
import type { ClientMessageInput, GenerateBody } from '../contract/stream.ts';
import { Connection, type ConnectionState } from './connection.ts';
import { RequestError } from './error.ts';
import { type Message, Run, type Steering } from './run.ts';
import type { SocketMaker } from './socket.ts';

export type {
  CrossAnswer,
  GuideAnswer,
  HealthAnswer,
  JobAnswer,
  ModelAnswer,
  PictureAnswer,
  ResultAnswer,
  WordsAnswer,
} from '../contract/answers.ts';
export type { GenerateBody } from '../contract/stream.ts';
export type { ConnectionState } from './connection.ts';
export { RequestError } from './error.ts';
export type { Message, Steering } from './run.ts';

export interface ClientOptions {
  /** Base URL of the server, such as http://127.0.0.1:8080 or https://example.org/kandid. */
  readonly url: string;
  /** API key. */
  readonly key?: string | undefined;
  /** @default the global WebSocket of the browser or Node, or that of the package ws */
  readonly WebSocket?: SocketMaker | undefined;
  /** Number of consecutive lost connections, without anything new received, after which a request fails. @default 5 */
  readonly retries?: number | undefined;
}

export interface GenerateOptions {
  /** Cancels the request: the last event is then `cancelled`, with the best pictures so far. */
  readonly signal?: AbortSignal | undefined;
  readonly previews?: Extract<ClientMessageInput, { type: 'generate' }>['previews'];
  /**
   * Follows this job, created before with the same body, from its beginning; creates it again if the server no longer
   * has it.
   */
  readonly job?: string | undefined;
  /** Receives the controls of the request, before the first event. */
  readonly onStart?: ((steering: Steering) => void) | undefined;
}

type Json = Readonly<Record<string, unknown>>;

export class KandidClient {
  readonly #options: ClientOptions;
  readonly #url: string;
  readonly #connection: Connection;

  constructor(options: ClientOptions) {
    this.#options = options;
    this.#url = options.url.replace(/\/$/, '');
    this.#connection = new Connection({ ...options, url: this.#url });
  }

  /**
   * Keeps the connection open while there is no request, and reconnects without limit: for a page that shows whether
   * its server is reachable.
   *
   * @param onState also called immediately
   * @returns a function that stops watching
   */
  watch(onState: (state: ConnectionState) => void): () => void {
    return this.#connection.watch(onState);
  }

  /**
   * Generates pictures and yields every message, across lost connections. Stop iterating to cancel.
   *
   * @throws {RequestError} the reason why the server refuses the request, or why it fails
   */
  async *generate(body: GenerateBody, options: GenerateOptions = {}): AsyncGenerator<Message, void, undefined> {
    const { signal, previews, job, onStart } = options;
    const run = new Run(this.#connection, body, { signal, previews, job, retries: this.#options.retries });
    onStart?.(run);
    yield* run.messages();
  }

  /** Generates pictures; resolves when they are finished. */
  async pictures(body: GenerateBody, signal?: AbortSignal): Promise<ResultAnswer> {
    return await this.post('/v1/generate', body, signal);
  }

  /** @param image bytes of a picture file as base64, or a data URL */
  async encode(image: string, options: Json = {}): Promise<ResultAnswer> {
    return await this.post('/v1/encode', { image, ...options });
  }

  async decode(codes: readonly (string | readonly number[])[], options: Json = {}): Promise<ResultAnswer> {
    return await this.post('/v1/decode', { codes, ...options });
  }

  /** The first `at` levels of one code, the rest of another. */
  async cross(a: string, b: string, at: number, model?: string): Promise<CrossAnswer> {
    return await this.post('/v1/cross', { a, b, at, ...(model === undefined ? {} : { model }) });
  }

  async models(): Promise<readonly ModelAnswer[]> {
    return (await this.get<{ models: ModelAnswer[] }>('/v1/models')).models;
  }

  /** The words that steer a model. */
  async words(model: string): Promise<WordsAnswer> {
    return await this.get<WordsAnswer>(`/v1/models/${encodeURIComponent(model)}/words`);
  }

  async guides(): Promise<readonly GuideAnswer[]> {
    return (await this.get<{ guides: GuideAnswer[] }>('/v1/guides')).guides;
  }

  /** Server status, ready or not. @throws {RequestError} if the response is not from a Kandid server */
  async health(): Promise<HealthAnswer> {
    const answer = await fetch(`${this.#url}/v1/status`);
    const body = (await answer.json().catch(() => null)) as HealthAnswer | null;
    if (typeof body?.status === 'string') return body;
    throw errorOf(body, answer.status);
  }

  /** Posts JSON to any route. @throws {RequestError} */
  async post<Answer>(path: string, body: unknown, signal?: AbortSignal): Promise<Answer> {
    return await this.#fetch<Answer>(path, { method: 'POST', body: JSON.stringify(body) }, signal);
  }

  /** Reads any route. @throws {RequestError} */
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
    const body: unknown = await answer.json().catch(() => null);
    if (answer.ok) return body as Answer;
    throw errorOf(body, answer.status);
  }
}

/** Parses a problem document, or an error in OpenAI's format. */
function errorOf(body: unknown, status: number): RequestError {
  const problem = (typeof body === 'object' && body !== null ? body : {}) as Json;
  const nested = problem.error as { code?: string; message?: string } | undefined;
  const code = problem.code ?? nested?.code ?? 'unknown';
  const message = problem.detail ?? nested?.message ?? `The server answered ${status}.`;
  return new RequestError(String(code), String(message), (problem.details as Json | undefined) ?? {}, status);
}
