/** Requests to a hub: its address, its token, proxies, and redirects that the token does not follow. */
import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { getProxyForUrl } from 'proxy-from-env';
import { Agent, type Dispatcher, ProxyAgent, request } from 'undici';
import { KandidError, reasonOf } from '../errors.ts';

const DEFAULT_ENDPOINT = 'https://huggingface.co';
const MAX_REDIRECTS = 8;
const HEADERS_TIMEOUT = 30_000;

/** Where the hub is and what is known of the user; from the variables that its other programs use. */
export interface HubSettings {
  readonly endpoint: string;
  /** Sent to the hub itself only. */
  readonly token: string | null;
  /** How the token is sent; that of `Basic` is a name and a password in Base64. @default 'Bearer' */
  readonly scheme?: 'Bearer' | 'Basic';
  /** Folder of files that other programs fetched from the hub. */
  readonly cache: string;
}

/** HF_ENDPOINT, HF_TOKEN (else the file that `hf auth login` writes), HF_HOME. */
export async function hubSettings(environment: NodeJS.ProcessEnv): Promise<HubSettings> {
  const home = environment.HF_HOME || join(environment.HOME || homedir(), '.cache', 'huggingface');
  const stored = await readFile(environment.HF_TOKEN_PATH || join(home, 'token'), 'utf8').catch(() => '');
  const token = environment.HF_TOKEN?.trim() || stored.trim();
  return {
    endpoint: (environment.HF_ENDPOINT || DEFAULT_ENDPOINT).replace(/\/+$/, ''),
    token: token || null,
    cache: environment.HF_HUB_CACHE || join(home, 'hub'),
  };
}

export interface HubResponse {
  readonly status: number;
  /** Where the redirects led. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Dispatcher.ResponseData['body'];
  /** Headers of the hub's own answer, before it sent the request on: they tell the file's hash and size. */
  readonly first: Readonly<Record<string, string | string[] | undefined>>;
}

interface TextLimits {
  readonly mostBytes: number;
  /** Media types. */
  readonly accept: string;
}

interface TextResponse {
  readonly text: string;
  readonly type: string;
  readonly url: string;
  readonly next: string | null;
}

export class Connection {
  readonly settings: HubSettings;
  /** One per proxy; '' is none. */
  readonly #agents = new Map<string, Dispatcher>();

  constructor(settings: HubSettings) {
    this.settings = settings;
  }

  /**
   * Follows redirects. The caller reads or dumps the body.
   *
   * @throws what the connection fails with; {KandidError} hub_failed for more redirects than any hub makes
   */
  async get(address: string, headers: Readonly<Record<string, string>>, signal?: AbortSignal): Promise<HubResponse> {
    let url = new URL(address);
    let first: HubResponse['first'] | null = null;
    for (let i = 0; i < MAX_REDIRECTS; i++) {
      const response = await request(url, {
        dispatcher: this.#agentFor(url),
        headers: { 'user-agent': 'kandid', ...headers, ...this.#authorization(url) },
        ...(signal ? { signal } : {}),
      });
      // A connection that is cut before anybody reads is told to whoever reads then.
      response.body.on('error', () => {});
      first ??= response.headers;
      const to = response.headers.location;
      if (response.statusCode < 300 || response.statusCode >= 400 || typeof to !== 'string')
        return { status: response.statusCode, url: url.href, headers: response.headers, body: response.body, first };
      await response.body.dump();
      url = redirected(url, to);
    }
    throw new KandidError('hub_failed', { url: address, reason: `more than ${MAX_REDIRECTS} redirects` });
  }

  /** @throws {KandidError} hub_failed, hub_refused, hub_missing */
  async json(
    address: string,
    mostBytes: number,
    signal?: AbortSignal,
  ): Promise<{ value: unknown; next: string | null }> {
    const { text, next } = await this.text(address, { mostBytes, accept: 'application/json' }, signal);
    try {
      return { value: JSON.parse(text), next };
    } catch (cause) {
      throw hubError(cause, address);
    }
  }

  /**
   * @returns the text, its media type and final address, and the address of the next page if there is one
   * @throws {KandidError} hub_failed, hub_refused, hub_missing
   */
  async text(address: string, { mostBytes, accept }: TextLimits, signal?: AbortSignal): Promise<TextResponse> {
    try {
      const { status, headers, body, url } = await this.get(address, { accept }, signal);
      checkStatus(status, address);
      const parts: Buffer[] = [];
      let length = 0;
      for await (const part of body) {
        length += (part as Buffer).length;
        if (length > mostBytes) throw new Error(`more than ${mostBytes} bytes`);
        parts.push(part as Buffer);
      }
      const type = String(headers['content-type'] ?? '');
      return { text: Buffer.concat(parts).toString('utf8'), type, url, next: nextPage(headers.link) };
    } catch (cause) {
      throw hubError(cause, address);
    }
  }

  async close(): Promise<void> {
    await Promise.all([...this.#agents.values()].map((agent) => agent.close()));
  }

  /** HTTP_PROXY, HTTPS_PROXY and NO_PROXY count. */
  #agentFor(url: URL): Dispatcher {
    const proxy = getProxyForUrl(url.href);
    const limits = { headersTimeout: HEADERS_TIMEOUT, bodyTimeout: HEADERS_TIMEOUT };
    const agent = this.#agents.get(proxy) ?? (proxy ? new ProxyAgent({ uri: proxy, ...limits }) : new Agent(limits));
    this.#agents.set(proxy, agent);
    return agent;
  }

  #authorization(url: URL): Record<string, string> {
    const { token, endpoint, scheme = 'Bearer' } = this.settings;
    return token !== null && url.origin === new URL(endpoint).origin ? { authorization: `${scheme} ${token}` } : {};
  }
}

/** From https no redirect leads to http. */
function redirected(from: URL, to: string): URL {
  const url = new URL(to, from);
  if (!/^https?:$/.test(url.protocol) || (from.protocol === 'https:' && url.protocol === 'http:'))
    throw new KandidError('hub_failed', { url: from.href, reason: `it leads to ${url.protocol}//` });
  return url;
}

function nextPage(link: string | string[] | undefined): string | null {
  const found = /<([^>]+)>;\s*rel="next"/.exec(String(link ?? ''));
  return found?.[1] ?? null;
}

/** @throws {KandidError} hub_refused, hub_missing; an Error for what may pass */
export function checkStatus(status: number, url: string): void {
  if (status === 401 || status === 403) throw new KandidError('hub_refused', { url, status });
  if (status === 404 || status === 410) throw new KandidError('hub_missing', { url });
  if (status >= 400) throw new Error(`status ${status}`);
}

/** A failure as an error for the user. */
export function hubError(cause: unknown, url: string): unknown {
  if (cause instanceof KandidError || (cause instanceof Error && cause.name === 'AbortError')) return cause;
  return new KandidError('hub_failed', { url, reason: reasonOf(cause) }, { cause });
}
