/** The health and metrics endpoints of a worker. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { KandidError, toKandidError } from '../../../errors.ts';
import { systemClock } from '../../../kit/clock.ts';
import { Access } from '../../http/access.ts';
import { sendError } from '../../http/problems.ts';
import type { ServerSettings } from '../../settings.ts';
import type { WorkerNode } from './worker-node.ts';

export interface HealthServer {
  readonly url: string;
  close(): Promise<void>;
}

type Answer = (response: ServerResponse, request: IncomingMessage) => unknown;

/** @throws {KandidError} port_in_use, setting_invalid */
export async function createHealthServer(node: WorkerNode, settings: ServerSettings): Promise<HealthServer> {
  const access = new Access(settings, systemClock);
  const answers: Readonly<Record<string, Answer>> = {
    '/healthz': (response) => sendJson(response, 200, { status: 'ok' }),
    '/readyz': (response) => {
      const status = node.agent.draining ? 'draining' : node.pool.ready ? 'ready' : 'starting';
      const isReady = status === 'ready' && node.link.isUp;
      const redis = node.link.isUp ? 'up' : 'away';
      sendJson(response, isReady ? 200 : 503, { status, redis, running: node.agent.running });
    },
    '/metrics': async (response, { headers, socket }) => {
      access.identify({ authorization: headers.authorization, address: socket.remoteAddress });
      const text = await node.metrics.text();
      response.setHeader('Content-Type', node.metrics.registry.contentType);
      response.end(text);
    },
  };
  const server = createServer((request, response) => {
    const path = (request.url ?? '').split('?')[0] ?? '';
    answer(answers[path], path, request, response).catch((thrown: unknown) => {
      sendError(response, toKandidError(thrown), 'problem', '');
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => {
      const { port, host } = settings;
      if (cause.code === 'EADDRINUSE') reject(new KandidError('port_in_use', { port, next: (port % 65_535) + 1 }));
      const expected = `a host and port that can be listened on (${cause.message})`;
      reject(new KandidError('setting_invalid', { name: 'port', got: `${port} on ${host}`, expected }));
    });
    server.listen(settings.port, settings.host, resolve);
  });
  const { address, port, family } = server.address() as AddressInfo;
  return {
    url: `http://${family === 'IPv6' ? `[${address}]` : address}:${port}`,
    async close() {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

async function answer(
  how: Answer | undefined,
  path: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  if (!how) throw new KandidError('route_unknown', { path: path.slice(0, 200) });
  await how(response, request);
}

function sendJson(response: ServerResponse, status: number, value: unknown): void {
  response.writeHead(status, { 'Content-Type': 'application/json; charset=utf-8', 'Cache-Control': 'no-store' });
  response.end(JSON.stringify(value));
}
