/** The server: HTTP and WebSocket on one port. */
import { createServer as createHttpServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { createApp } from './app.ts';
import { Access } from './http/access.ts';
import { limitConnections } from './http/connections.ts';
import { wantsWebSocket, withoutUpgrade } from './http/upgrades.ts';
import { notify } from './routes/responses.ts';
import type { Services } from './services.ts';
import { Streams } from './stream/streams.ts';

export interface KandidServer {
  readonly http: Server;
  /** Resolves to where it listens. @throws the system's error: the port is taken, say */
  listen(): Promise<{ readonly host: string; readonly port: number; readonly url: string }>;
  /** Takes nothing new, lets jobs end, tells those who watch, and ends whatever is left. */
  close(): Promise<void>;
}

const OPTIONS = {
  maxHeaderSize: 16 * 1024,
  /** From the first byte of a request; the quiet between two of one connection does not count. */
  headersTimeout: 30_000,
  /** A body must have come within so long: half of an upload holds nothing up. */
  requestTimeout: 120_000,
  /** How exactly these two are kept. */
  connectionsCheckingInterval: 1000,
  /** Longer than proxies pool connections (60 s mostly), so that none is ended while a request is on its way. */
  keepAliveTimeout: 75_000,
};
/** For the last answers to leave, and for sockets that were told to close. */
const FAREWELL_MS = 300;

/** @param services made by `createServices`; their pool is started by the caller */
export function createServer(services: Services): KandidServer {
  const { settings, clock } = services;
  const access = new Access(settings, clock, services.rates);
  services.notices.begin((job, onTry) => notify(services, job, onTry));
  const app = createApp(services, access);
  const http = createHttpServer(OPTIONS, app);
  limitConnections(http, settings, (address) => services.places.isTrusted(address));
  const streams = new Streams(services, access);
  // The body is asked for by the route that takes it.
  http.on('checkContinue', app);
  http.on('upgrade', (request, socket, head) => {
    if (wantsWebSocket(request)) return streams.upgrade(request, socket, head);
    socket.unshift(Buffer.concat([withoutUpgrade(request), head]));
    http.emit('connection', socket);
  });
  const connections = connectionsOf(http);
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
      http.closeIdleConnections();
      const late = new Promise<void>((resolve) => void clock.after(FAREWELL_MS, resolve));
      await Promise.race([closed, late]);
      for (const socket of connections) socket.destroy();
      await closed;
    },
  };
}

/** All that are open, those of WebSockets too: the HTTP server forgets these. */
function connectionsOf(http: Server): ReadonlySet<Duplex> {
  const open = new Set<Duplex>();
  http.on('connection', (socket: Duplex) => {
    open.add(socket);
    socket.once('close', () => open.delete(socket));
  });
  return open;
}
