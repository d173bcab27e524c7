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
  /** Resolves to the address it listens on. @throws the system's error, such as a port in use */
  listen(): Promise<{ readonly host: string; readonly port: number; readonly url: string }>;
  /** Stops accepting requests, lets jobs end, notifies subscribers, and ends whatever is left. */
  close(): Promise<void>;
}

const OPTIONS = {
  maxHeaderSize: 16 * 1024,
  /** Counted from the first byte of a request; idle time between two requests on a connection does not count. */
  headersTimeout: 30_000,
  /** Time limit for a whole request body, so that stalled uploads do not hold connections. */
  requestTimeout: 120_000,
  /** How often the two timeouts above are checked. */
  connectionsCheckingInterval: 1000,
  /** Longer than proxies pool connections (usually 60 s), so that none is closed while a request is in transit. */
  keepAliveTimeout: 75_000,
};
/** Time for the last responses to be sent and for closing sockets to close. */
const CLOSE_GRACE_MS = 300;

/** @param services from `createServices`; the caller starts their pool */
export function createServer(services: Services): KandidServer {
  const { settings, clock } = services;
  const access = new Access(settings, clock, services.rates);
  services.notices.begin((job, onTry) => notify(services, job, onTry));
  const app = createApp(services, access);
  const http = createHttpServer(OPTIONS, app);
  limitConnections(http, settings, (address) => services.places.isTrusted(address));
  const streams = new Streams(services, access);
  // The route that reads the body sends `100 Continue`.
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
      const late = new Promise<void>((resolve) => void clock.after(CLOSE_GRACE_MS, resolve));
      await Promise.race([closed, late]);
      for (const socket of connections) socket.destroy();
      await closed;
    },
  };
}

/** All open connections, including upgraded WebSockets, which the HTTP server no longer tracks. */
function connectionsOf(http: Server): ReadonlySet<Duplex> {
  const open = new Set<Duplex>();
  http.on('connection', (socket: Duplex) => {
    open.add(socket);
    socket.once('close', () => open.delete(socket));
  });
  return open;
}
