/** Posts JSON to a web service, with limits on time and size, one retry, and no redirects. */
import * as http from 'node:http';
import * as https from 'node:https';
import { setTimeout as wait } from 'node:timers/promises';
import { GuideProblem } from '../../src/guide.ts';
import type { AllowedUrl } from '../../src/kit/allowed-hosts.ts';

/** Longest answer that is read, in bytes. */
export const MAX_ANSWER_BYTES = 2 ** 20;
const RETRY_AFTER_MS = 250;
const RETRIED_STATUS = new Set([502, 503, 504]);

/** A connection to a service, kept open between questions. */
export interface Service {
  /** Posts `body` as JSON and resolves to the parsed answer. @throws GuideProblem saying what went wrong; the signal's reason */
  ask(body: string, signal: AbortSignal): Promise<unknown>;
  close(): void;
}

/** A failure that is retried once: the service may have been restarting, or closed an idle connection. */
class Hiccup extends GuideProblem {}

export function openService({ url, lookup }: AllowedUrl, timeoutSeconds: number): Service {
  const client = url.protocol === 'https:' ? https : http;
  const agent = new client.Agent({ keepAlive: true });
  const once = async (body: string, signal: AbortSignal): Promise<unknown> => {
    const limit = AbortSignal.any([signal, AbortSignal.timeout(timeoutSeconds * 1000)]);
    try {
      const headers = {
        'content-type': 'application/json',
        accept: 'application/json',
        'content-length': Buffer.byteLength(body),
      };
      return await exchange(
        client.request(url, { method: 'POST', agent, lookup, headers, signal: limit }),
        body,
        url.host,
      );
    } catch (error) {
      signal.throwIfAborted();
      throw explain(error, url.host, limit.aborted ? timeoutSeconds : null);
    }
  };
  return {
    async ask(body, signal) {
      signal.throwIfAborted();
      try {
        return await once(body, signal);
      } catch (error) {
        if (!(error instanceof Hiccup)) throw error;
        await wait(RETRY_AFTER_MS, undefined, { signal });
        return once(body, signal);
      }
    },
    close: () => agent.destroy(),
  };
}

function explain(error: unknown, host: string, timedOutAfter: number | null): GuideProblem {
  if (error instanceof GuideProblem) return error;
  if (timedOutAfter !== null)
    return new GuideProblem(
      `the service at ${host} did not respond within ${timedOutAfter} s: raise timeoutSeconds, or send it fewer candidates (shortlist)`,
    );
  const reason = (error as NodeJS.ErrnoException).code ?? (error as Error).message;
  return new Hiccup(
    `the service at ${host} could not be reached (${reason}), tried twice: start it, or correct the url`,
  );
}

function exchange(request: http.ClientRequest, body: string, host: string): Promise<unknown> {
  return new Promise((resolve, reject) => {
    request.once('error', reject);
    request.once('response', (response) => {
      readAnswer(response, host).then(resolve, (error: unknown) => {
        request.destroy();
        reject(error);
      });
    });
    request.end(body);
  });
}

async function readAnswer(response: http.IncomingMessage, host: string): Promise<unknown> {
  const status = response.statusCode ?? 0;
  if (status >= 300 && status < 400)
    throw new GuideProblem(
      `the service at ${host} redirects (${status}), which is not followed: give the final address as url`,
    );
  const text = await readText(response, host);
  if (status !== 200) {
    // The response body is not shown: it is meant for the operator of the service, not for the client of this server.
    const message = `the service at ${host} answered ${status}, expected 200 with {"scores": [...]}: look into the log of the service`;
    throw RETRIED_STATUS.has(status) ? new Hiccup(message) : new GuideProblem(message);
  }
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new GuideProblem(
      `the service at ${host} did not answer with JSON: expected {"scores": [...]} of finite numbers: fix the service`,
      { cause },
    );
  }
}

async function readText(response: http.IncomingMessage, host: string): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > MAX_ANSWER_BYTES)
      throw new GuideProblem(
        `the service at ${host} answered with more than ${MAX_ANSWER_BYTES} bytes: expected just {"scores": [...]}`,
      );
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
