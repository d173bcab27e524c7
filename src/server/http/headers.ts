/** Headers of every answer: what browsers may do with it, and which pages may read it. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Access } from './access.ts';

const SAFE: Readonly<Record<string, string>> = {
  'X-Content-Type-Options': 'nosniff',
  'X-Frame-Options': 'DENY',
  'Referrer-Policy': 'no-referrer',
  'Content-Security-Policy': "default-src 'none'; frame-ancestors 'none'",
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Permissions-Policy': 'camera=(), microphone=(), geolocation=()',
};

const READABLE = [
  ...['ETag', 'Location', 'Content-Location', 'Retry-After', 'x-request-id', 'x-kandid-job', 'x-kandid-code'],
  ...['x-kandid-seed', 'x-kandid-size', 'x-kandid-resized', 'x-queue-time', 'x-inference-time', 'x-total-time'],
];
const SENDABLE = [
  ...['Authorization', 'Content-Type', 'Idempotency-Key', 'If-None-Match', 'Last-Event-ID', 'Prefer', 'Cancel-After'],
  ...['x-request-id'],
];

export function setHeaders(access: Access, request: IncomingMessage, response: ServerResponse, id: string): void {
  response.setHeader('x-request-id', id);
  for (const [name, value] of Object.entries(SAFE)) response.setHeader(name, value);
  const { origin } = request.headers;
  if (origin === undefined) return;
  response.setHeader('Vary', 'Origin');
  if (!access.listed(origin)) return;
  response.setHeader('Access-Control-Allow-Origin', origin);
  response.setHeader('Access-Control-Expose-Headers', READABLE.join(', '));
  const asked = request.headers['access-control-request-headers'];
  if (request.method !== 'OPTIONS') return;
  const openAi = (asked ?? '')
    .split(',')
    .map((name) => name.trim())
    .filter((name) => /^x-stainless-[\w-]+$/i.test(name));
  response.setHeader('Access-Control-Allow-Headers', [...SENDABLE, ...openAi].join(', '));
  response.setHeader('Access-Control-Allow-Methods', 'GET, HEAD, POST, PATCH, DELETE');
  response.setHeader('Access-Control-Max-Age', '600');
}
