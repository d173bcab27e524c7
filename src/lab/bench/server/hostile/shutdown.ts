/** SIGTERM under load: heavy requests, a client that does not read, unfinished uploads. */
import { connect } from 'node:net';
import { authorization, keysFor } from '../clients.ts';
import { pause } from '../context.ts';
import { figure } from '../figure.ts';
import { ask } from '../http-client.ts';
import { StreamClient } from '../stream-client.ts';
import type { HostileCase } from './case.ts';

const DRAIN_SECONDS = 1;
const BEYOND_SECONDS = 2;
const SOCKETS = 20;
const BUSY_MS = 500;

export const shutdown: HostileCase = {
  name: 'shutdown',
  settings: { ...keysFor(1), drainSeconds: DRAIN_SECONDS },
  async run(_context, server) {
    const { hostname, port, host } = new URL(server.url);
    const uploads = Array.from({ length: SOCKETS }, () => {
      const socket = connect(Number(port), hostname);
      socket.on('error', () => {});
      socket.write(
        `POST /v1/generate HTTP/1.1\r\nHost: ${host}\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n{`,
      );
      return socket;
    });
    const reader = await StreamClient.open(server.url);
    reader.ws.pause();
    for (const body of [{ count: 8, format: 'avif' as const, size: 2048 }, { count: 256 }]) {
      // Neither gets a response: the server ends.
      reader.generate(body).catch(() => {});
      ask(`${server.url}/v1/generate`, { body, headers: authorization(0) }).catch(() => {});
    }
    await pause(BUSY_MS);
    const { code, ms } = await server.stop();
    for (const socket of uploads) socket.destroy();
    reader.ws.terminate();
    return [
      figure('shutdown beside all of these', ms / 1000, {
        unit: 's',
        bar: { most: DRAIN_SECONDS + BEYOND_SECONDS },
        note: `exit code ${code}; drainSeconds is ${DRAIN_SECONDS}; ${SOCKETS} uploads that never end, heavy requests, a reader that does not read`,
      }),
      figure('shutdown: exit code', code ?? Number.NaN, { bar: { most: 0 } }),
    ];
  },
};
