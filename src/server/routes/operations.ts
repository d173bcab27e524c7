/** Routes for operators: liveness, readiness, metrics. */

import { health, readiness } from '../../contract/answers.ts';
import { type Route, route } from '../http/route.ts';
import type { Services } from '../services.ts';
import { sendJson } from './responses.ts';

const open = { method: 'get', tag: 'operations', isOpen: true } as const;

function statusOf({ jobs, pool }: Services) {
  const status = jobs.draining ? 'draining' : pool.ready ? 'ready' : pool.problem() ? 'failed' : 'starting';
  const workers = pool.status().map(({ device, state, jobs: running, restarts }) => ({
    device,
    state,
    jobs: running,
    restarts,
  }));
  return { status, waiting: jobs.waiting, running: jobs.running, workers };
}

export const operationRoutes: readonly Route[] = [
  route({
    ...open,
    path: '/healthz',
    summary: 'Liveness of the server process',
    answers: { 200: { description: 'The process is alive.', schema: health } },
    handle: (call) => sendJson(call, { status: 'ok', version: call.services.version }),
  }),
  route({
    ...open,
    path: '/readyz',
    summary: 'Whether requests are accepted',
    answers: {
      200: { description: 'Ready.', schema: readiness },
      503: { description: 'Models are being opened, or the server is shutting down.', schema: readiness },
    },
    handle(call) {
      const body = statusOf(call.services);
      sendJson(call, body, { status: body.status === 'ready' ? 200 : 503 });
    },
  }),
  route({
    ...open,
    path: '/v1/status',
    summary: 'Server status: as /readyz, but always 200',
    description: 'For pages that wait: `starting`, while models are being opened, is not an error.',
    answers: { 200: { description: 'starting, ready, draining or failed.', schema: readiness } },
    handle: (call) => sendJson(call, statusOf(call.services)),
  }),
  route({
    method: 'get',
    path: '/metrics',
    tag: 'operations',
    summary: 'Metrics for Prometheus',
    description: 'Needs a key if the server requires keys; not rate-limited.',
    admitsItself: true,
    isQuiet: true,
    answers: { 200: { description: 'Metrics.', types: ['text/plain'] } },
    async handle({ services, response }) {
      const text = await services.metrics.text();
      response.setHeader('Content-Type', services.metrics.registry.contentType);
      response.end(text);
    },
  }),
];
