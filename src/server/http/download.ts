/** Downloads pictures from addresses that clients give: allowed hosts only, limited in size, counted like bodies. */
import * as http from 'node:http';
import * as https from 'node:https';
import { KandidError, reasonOf } from '../../errors.ts';
import { type AllowedUrl, allowUrl } from '../../kit/allowed-hosts.ts';
import type { Lease } from '../bodies/budget.ts';
import type { ServerSettings } from '../settings.ts';

const TIMEOUT_MS = 10_000;

export interface DownloadOptions {
  readonly settings: Pick<ServerSettings, 'allowedHosts' | 'bodyBytes'>;
  /** Request field that holds the address, for errors. */
  readonly field: string;
  /** Byte budget that the download counts against. */
  readonly lease: Lease;
  readonly signal: AbortSignal;
}

/** Does not follow redirects. @throws {KandidError} params_invalid if not allowed or not available; *bytes_full */
export async function download(address: string, options: DownloadOptions): Promise<Uint8Array> {
  const { settings, field, lease, signal } = options;
  const refuse = (problem: string, cause?: unknown) =>
    new KandidError('params_invalid', { subject: 'The body', field, problem }, { cause });
  let allowed: AllowedUrl;
  try {
    allowed = allowUrl(address, settings.allowedHosts);
  } catch (cause) {
    throw refuse(`${reasonOf(cause)}; or send the picture itself, as a data URL`, cause);
  }
  const { host } = allowed.url;
  try {
    const response = await get(allowed, AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]));
    const { statusCode } = response;
    if (statusCode !== 200) {
      response.destroy();
      throw refuse(`${host} answered ${statusCode}, expected 200 with a picture; redirects are not followed`);
    }
    const limit = settings.bodyBytes;
    const tooLarge = () => refuse(`${host} answered with more than ${limit} bytes; expected a smaller picture`);
    return await bytesOf(response, { lease, limit, tooLarge });
  } catch (thrown) {
    if (thrown instanceof KandidError) throw thrown;
    const what =
      thrown instanceof Error && thrown.name === 'TimeoutError' ? 'it took more than 10 s' : reasonOf(thrown);
    throw refuse(`${host} could not be read (${what}); send the picture itself, as a data URL`, thrown);
  }
}

interface Reading {
  readonly lease: Lease;
  readonly limit: number;
  readonly tooLarge: () => KandidError;
}

async function bytesOf(response: http.IncomingMessage, { lease, limit, tooLarge }: Reading): Promise<Uint8Array> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > limit) throw tooLarge();
    lease.grow(chunk.length);
    chunks.push(chunk);
  }
  if (!response.complete) throw new Error('the answer was cut short');
  return new Uint8Array(Buffer.concat(chunks));
}

function get({ url, lookup }: AllowedUrl, signal: AbortSignal): Promise<http.IncomingMessage> {
  const client = url.protocol === 'https:' ? https : http;
  return new Promise((resolve, reject) => {
    const request = client.get(url, { lookup, signal, agent: false, headers: { accept: 'image/*' } }, resolve);
    request.once('error', reject);
  });
}
