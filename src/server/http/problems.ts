/** Error responses: problem documents (RFC 9457), or in OpenAI's format. */
import { randomUUID } from 'node:crypto';
import { type ServerResponse, STATUS_CODES } from 'node:http';
import type { KandidError } from '../../errors.ts';
import { NO_SUCH_FIELD } from '../../kit/issues.ts';

export type Dialect = 'problem' | 'openai';

/** Problems that a client should not retry automatically. */
const FINAL = new Set([409, 422, 499, 500, 501]);

export function problemOf(error: KandidError, instance: string) {
  const { code, message, details } = error.toJSON();
  const title = code.replaceAll('_', ' ');
  return {
    type: `urn:kandid:error:${code}`,
    title: title.charAt(0).toUpperCase() + title.slice(1),
    status: error.status,
    detail: message,
    instance: `urn:kandid:request:${instance}`,
    code,
    details,
  };
}

/** A complete HTTP response, for sockets that no server handles (any more). */
export function answerText(error: KandidError): string {
  const body = JSON.stringify(problemOf(error, randomUUID()));
  const { status } = error;
  const seconds = error.details.retrySeconds;
  const lines = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}`,
    ...['Connection: close', 'Content-Type: application/problem+json', `Content-Length: ${Buffer.byteLength(body)}`],
    ...(typeof seconds === 'number' ? [`Retry-After: ${Math.ceil(seconds)}`] : []),
  ];
  return `${lines.join('\r\n')}\r\n\r\n${body}`;
}

/** OpenAI's codes for errors that both have; other errors keep Kandid's code. */
const OPENAI_CODES: Readonly<Record<string, string>> = {
  model_unknown: 'model_not_found',
  key_missing: 'invalid_api_key',
  key_unknown: 'invalid_api_key',
  rate_limited: 'rate_limit_exceeded',
  queue_full: 'rate_limit_exceeded',
  client_busy: 'rate_limit_exceeded',
  bytes_full: 'rate_limit_exceeded',
  client_bytes_full: 'rate_limit_exceeded',
};

export function openAiErrorOf(error: KandidError) {
  const { code, message, details } = error.toJSON();
  const { field, problem, openai } = details;
  const param = code === 'model_unknown' ? 'model' : typeof field === 'string' && field !== '(all)' ? field : null;
  const given = typeof openai === 'string' ? openai : undefined;
  const isUnknown = typeof problem === 'string' && problem.startsWith(NO_SUCH_FIELD);
  const invalid = isUnknown ? 'unknown_parameter' : 'invalid_value';
  const known = code === 'params_invalid' ? invalid : (OPENAI_CODES[code] ?? code);
  return { error: { message, type: typeOf(statusIn(error, 'openai')), param, code: given ?? known } };
}

/** OpenAI clients expect 400 for a picture that cannot be read. */
function statusIn(error: KandidError, dialect: Dialect): number {
  return dialect === 'openai' && error.code.startsWith('picture_') ? 400 : error.status;
}

function typeOf(status: number): string {
  if (status === 401) return 'authentication_error';
  if (status === 429) return 'rate_limit_error';
  return status >= 500 ? 'server_error' : 'invalid_request_error';
}

/** Sends an error response; only valid before anything else was written. */
export function sendError(response: ServerResponse, error: KandidError, dialect: Dialect, request: string): void {
  const status = statusIn(error, dialect);
  const seconds = error.details.retrySeconds;
  if (typeof seconds === 'number') response.setHeader('Retry-After', String(Math.ceil(seconds)));
  if (status === 401) response.setHeader('WWW-Authenticate', 'Bearer realm="kandid"');
  if (error.code === 'method_refused') response.setHeader('Allow', String(error.details.allowed));
  if (dialect === 'openai') response.setHeader('x-should-retry', String(isWorthRetrying(status)));
  const body = dialect === 'openai' ? openAiErrorOf(error) : problemOf(error, request);
  const type = dialect === 'openai' ? 'application/json' : 'application/problem+json';
  response.statusCode = status;
  response.setHeader('Content-Type', `${type}; charset=utf-8`);
  response.setHeader('Cache-Control', 'no-store');
  response.end(JSON.stringify(body));
}

function isWorthRetrying(status: number): boolean {
  return (status === 429 || status >= 500) && !FINAL.has(status);
}
