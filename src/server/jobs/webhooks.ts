/** Webhooks: signed notifications of a job's end to allowed hosts, retried for a while. */
import { createHmac } from 'node:crypto';
import * as http from 'node:http';
import * as https from 'node:https';
import { KandidError, reasonOf } from '../../errors.ts';
import { type AllowedUrl, allowUrl } from '../../kit/allowed-hosts.ts';
import { Backoff } from '../../kit/backoff.ts';
import type { Services } from '../services.ts';

const ATTEMPTS = 5;
const FIRST_WAIT_MS = 500;
const TIMEOUT_MS = 10_000;

/** @throws {KandidError} params_invalid if the host is not allowed, or no signing secret is configured */
export function checkWebhook({ settings }: Services, url: string): AllowedUrl {
  const refuse = (problem: string) =>
    new KandidError('params_invalid', { subject: 'The body', field: 'webhook', problem });
  if (settings.webhookSecret === undefined)
    throw refuse('this server signs no webhooks; let the operator set webhookSecret');
  try {
    return allowUrl(url, settings.allowedHosts);
  } catch (cause) {
    throw refuse(reasonOf(cause));
  }
}

export interface Notice {
  /** The same for every attempt, so that a receiver can ignore duplicates. */
  readonly id: string;
  readonly type: string;
  readonly data: unknown;
}

/** Longest time between two attempts: an attempt's time limit plus the last delay. */
export const LONGEST_PAUSE_MS = TIMEOUT_MS + FIRST_WAIT_MS * 2 ** (ATTEMPTS - 2);

/** Never rejects: delivery failures are logged. @param onTry called before each attempt */
export async function deliver(
  { settings, clock, log }: Services,
  to: AllowedUrl,
  notice: Notice,
  onTry: () => void = () => {},
): Promise<void> {
  const { id, type, data } = notice;
  const body = JSON.stringify({ type, data });
  const backoff = new Backoff({ firstMs: FIRST_WAIT_MS });
  for (let attempt = 1; ; attempt++) {
    onTry();
    const timestamp = String(Math.floor(clock.date() / 1000));
    const signature = signatureOf(settings.webhookSecret ?? '', { id, timestamp, body });
    const headers = { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': signature };
    const status = await post(to, body, headers).catch((error: unknown) => reasonOf(error));
    if (typeof status === 'number' && status >= 200 && status < 300) return;
    const isFinal = typeof status === 'number' && status < 500 && status !== 429 && status !== 408;
    if (isFinal || attempt === ATTEMPTS) return log.warn({ webhook: id, host: to.url.host, status }, 'not delivered');
    await new Promise<void>((resolve) => void clock.after(backoff.fail(), resolve));
  }
}

/** As in the Standard Webhooks specification: HMAC-SHA256 over `id.timestamp.body`. */
export function signatureOf(secret: string, signed: { id: string; timestamp: string; body: string }): string {
  const { id, timestamp, body } = signed;
  return `v1,${createHmac('sha256', secret).update(`${id}.${timestamp}.${body}`).digest('base64')}`;
}

/** Resolves to the response status. The body is not read, and redirects are not followed. */
function post({ url, lookup }: AllowedUrl, body: string, headers: Readonly<Record<string, string>>): Promise<number> {
  const client = url.protocol === 'https:' ? https : http;
  return new Promise((resolve, reject) => {
    const request = client.request(url, {
      method: 'POST',
      lookup,
      signal: AbortSignal.timeout(TIMEOUT_MS),
      headers: { ...headers, 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) },
    });
    request.once('error', reject);
    request.once('response', (response) => {
      resolve(response.statusCode ?? 0);
      response.destroy();
    });
    request.end(body);
  });
}
