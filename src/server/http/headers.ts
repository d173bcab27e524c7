/** Security and CORS headers of every response. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Access } from './access.ts';

const SAFE: Readonly<Record<string, string>> = {
  'X-Content-Type-Options': 'nosniff',
  'X-Frame-Options': 'DENY',
  'Referrer-Policy': 'no-referrer',
  'Content-Security-Policy': "default-src 'none'; frame-ancestors 'none'",
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Permissions-Policy': 'camera=(), microphone=(), geolocation=()',
};

const READABLE = [
  ...['ETag', 'Location', 'Content-Location', 'Retry-After', 'x-request-id', 'x-kandid-job', 'x-kandid-code'],
  ...['x-kandid-seed', 'x-kandid-model', 'x-kandid-size', 'x-kandid-resized', 'x-kandid-ignored', 'x-kandid-changed'],
  ...['mcp-session-id', 'x-kandid-notes', 'x-queue-time', 'x-inference-time', 'x-total-time'],
];
const SENDABLE = [
  ...['Authorization', 'Content-Type', 'Idempotency-Key', 'If-None-Match', 'Last-Event-ID', 'Prefer', 'Cancel-After'],
  ...['x-request-id'],
];

/** Largest number of request headers echoed in one preflight response. */
const MAX_ASKED = 100;

export function setHeaders(access: Access, request: IncomingMessage, response: ServerResponse, id: string): void {
  response.setHeader('x-request-id', id);
  for (const [name, value] of Object.entries(SAFE)) response.setHeader(name, value);
  const { origin } = request.headers;
  if (origin === undefined) return;
  response.setHeader('Vary', 'Origin');
  if (!access.listed(origin)) return;
  response.setHeader('Access-Control-Allow-Origin', origin);
  response.setHeader('Access-Control-Expose-Headers', READABLE.join(', '));
  if (request.method !== 'OPTIONS') return;
  // Allowed origins may send additional headers (such as tracing headers): unknown ones are not read.
  const asked = (request.headers['access-control-request-headers'] ?? '').split(',').map((name) => name.trim());
  const more = asked.filter((name) => /^[\w!#$%&'*+.^`|~-]{1,100}$/.test(name)).slice(0, MAX_ASKED);
  response.appendHeader('Vary', 'Access-Control-Request-Headers');
  response.setHeader('Access-Control-Allow-Headers', [...SENDABLE, ...more].join(', '));
  response.setHeader('Access-Control-Allow-Methods', 'GET, HEAD, POST, PATCH, DELETE');
  response.setHeader('Access-Control-Max-Age', '600');
}
