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
    summary: 'Whether the server process lives',
    answers: { 200: { description: 'It does.', schema: health } },
    handle: (call) => sendJson(call, { status: 'ok', version: call.services.version }),
  }),
  route({
    ...open,
    path: '/readyz',
    summary: 'Whether requests are taken',
    answers: {
      200: { description: 'They are.', schema: readiness },
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
    summary: 'How the server is doing: as /readyz tells, always with 200',
    description: 'For pages that wait: `starting` while models are being opened is no error.',
    answers: { 200: { description: 'starting, ready, draining or failed.', schema: readiness } },
    handle: (call) => sendJson(call, statusOf(call.services)),
  }),
  route({
    method: 'get',
    path: '/metrics',
    tag: 'operations',
    summary: 'Figures for Prometheus',
    description: 'With a key where the server needs keys; not counted.',
    admitsItself: true,
    isQuiet: true,
    answers: { 200: { description: 'Figures.', types: ['text/plain'] } },
    async handle({ services, response }) {
      const text = await services.metrics.text();
      response.setHeader('Content-Type', services.metrics.registry.contentType);
      response.end(text);
    },
  }),
];
