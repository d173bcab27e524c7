/** The server: its doors on one port. */
import { createServer as createHttpServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createApp } from './app.ts';
import { Access } from './http/access.ts';
import type { Services } from './services.ts';
import { Streams } from './stream/streams.ts';

export interface KandidServer {
  readonly http: Server;
  /** Resolves to where it listens. @throws the system's error: the port is taken, say */
  listen(): Promise<{ readonly host: string; readonly port: number; readonly url: string }>;
  /** Takes nothing new, lets jobs end, tells those who watch, and closes all connections. */
  close(): Promise<void>;
}

const HEADERS_MS = 30_000;
/** A body must have come within so long: half of an upload holds nothing up. */
const REQUEST_MS = 120_000;
const MOST_HEADER_BYTES = 16 * 1024;

/** @param services made by `createServices`; their pool is started by the caller */
export function createServer(services: Services): KandidServer {
  const { settings, clock } = services;
  const access = new Access(settings, clock);
  const app = createApp(services, access);
  const http = createHttpServer({ maxHeaderSize: MOST_HEADER_BYTES }, app);
  const streams = new Streams(services, access);
  http.on('upgrade', (request, socket, head) => streams.upgrade(request, socket, head));
  http.headersTimeout = HEADERS_MS;
  http.requestTimeout = REQUEST_MS;
  return {
    http,
    async listen() {
      await new Promise<void>((resolve, reject) => {
        http.once('error', reject);
        http.listen(settings.port, settings.host, () => {
          http.off('error', reject);
          resolve();
        });
      });
      const { address, port, family } = http.address() as AddressInfo;
      const host = family === 'IPv6' ? `[${address}]` : address;
      return { host: address, port, url: settings.publicUrl ?? `http://${host}:${port}` };
    },
    async close() {
      const closed = new Promise<void>((resolve) => http.close(() => resolve()));
      http.closeIdleConnections();
      await services.close();
      streams.close();
      http.closeAllConnections();
      await closed;
    },
  };
}
