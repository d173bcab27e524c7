/** Accepts WebSocket connections and keeps them alive until they are closed. */
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { type WebSocket, WebSocketServer } from 'ws';
import { SUBPROTOCOL } from '../../contract/stream.ts';
import { KandidError, toKandidError } from '../../errors.ts';
import type { Access, Client } from '../http/access.ts';
import { answerText } from '../http/problems.ts';
import type { Services } from '../services.ts';
import { Session } from './session.ts';

const PATH = '/v1/stream';
/** Browsers cannot set headers on a WebSocket, so the key may be sent as a subprotocol name. */
const KEY_PROTOCOL = 'kandid.key.';
const GOING_AWAY = 1001;
const TRY_LATER = 1013;
/** Largest frame header of a client's message, in bytes. */
const MAX_FRAME_HEAD = 14;
const RETRY_SECONDS = 5;

export class Streams {
  readonly #services: Services;
  readonly #access: Access;
  readonly #server: WebSocketServer;
  readonly #open = new Map<WebSocket, string>();

  constructor(services: Services, access: Access) {
    this.#services = services;
    this.#access = access;
    this.#server = new WebSocketServer({
      noServer: true,
      clientTracking: false,
      perMessageDeflate: false,
      maxPayload: services.settings.messageBytes,
      handleProtocols: (protocols) => (protocols.has(SUBPROTOCOL) ? SUBPROTOCOL : false),
    });
  }

  /** Handles an HTTP server's `upgrade` event. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    socket.on('error', () => socket.destroy());
    this.#enter(request, socket, head).catch((thrown: unknown) => refuse(socket, toKandidError(thrown)));
  }

  async #enter(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    const client = this.#identify(request);
    await this.#access.admit(client);
    // Checked and opened in the same tick: other connections may be on their way in.
    this.#checkRoom(client);
    this.#server.handleUpgrade(request, socket, head, (ws) => this.#begin(ws, client, socket));
  }

  /** Closes all sockets because the server is shutting down. */
  close(): void {
    for (const ws of this.#open.keys()) ws.close(GOING_AWAY, 'the server is shutting down');
  }

  /** @throws {KandidError} host_unknown, route_unknown, origin_refused, key_*, type_unsupported */
  #identify(request: IncomingMessage): Client {
    const { places } = this.#services;
    const { headers, url = '' } = request;
    this.#access.hosts.check(headers.host);
    const place = places.of(request);
    const path = (places.path(url, place) ?? url).split('?')[0] ?? '';
    if (path !== PATH) throw new KandidError('route_unknown', { path: path.slice(0, 200) });
    this.#access.checkOrigin(headers.origin, place.host);
    const protocols = (headers['sec-websocket-protocol'] ?? '').split(',').map((one) => one.trim());
    const key = protocols.find((one) => one.startsWith(KEY_PROTOCOL))?.slice(KEY_PROTOCOL.length);
    const authorization = headers.authorization ?? (key === undefined ? undefined : `Bearer ${key}`);
    const client = this.#access.identify({ authorization, address: places.address(request) });
    if (protocols[0] !== '' && !protocols.includes(SUBPROTOCOL))
      throw new KandidError('type_unsupported', {
        got: `of protocol ${protocols[0]}`.slice(0, 100),
        expected: SUBPROTOCOL,
      });
    return client;
  }

  /** @throws {KandidError} draining, sockets_full */
  #checkRoom(client: Client): void {
    const { settings, jobs } = this.#services;
    if (jobs.draining) throw new KandidError('draining', { retrySeconds: RETRY_SECONDS });
    const own = [...this.#open.values()].filter((name) => name === client.name).length;
    if (this.#open.size >= settings.sockets || own >= settings.socketsPerClient)
      throw new KandidError('sockets_full', { open: Math.max(own, 1), retrySeconds: RETRY_SECONDS });
  }

  #begin(ws: WebSocket, client: Client, socket: Duplex): void {
    const { metrics, intake } = this.#services;
    this.#open.set(ws, client.name);
    metrics.sockets.inc();
    const session = new Session(this.#services, client, {
      get bufferedAmount() {
        return ws.bufferedAmount;
      },
      send: (data, sent) => ws.send(data, sent),
      close: (code, reason) => ws.close(code, reason),
    });
    const stopBeating = this.#beat(ws);
    // Without a listener, an oversized message would end the process; ws closes the socket itself.
    ws.on('error', () => {});
    const lease = intake.budget.lease(client.name);
    // Messages count from their first byte: many that are never finished would fill the memory too.
    socket.on('data', (bytes: Buffer) => {
      try {
        lease.grow(bytes.length);
      } catch {
        ws.close(TRY_LATER, 'too many bytes are on their way');
        ws.terminate();
      }
    });
    ws.on('message', (data, isBinary) => {
      const { length } = data as Buffer;
      const taken = session.take(isBinary ? null : (data as Buffer));
      const done = () => lease.shrink(length + MAX_FRAME_HEAD);
      taken.then(done, done);
    });
    ws.once('close', () => {
      stopBeating();
      lease.release();
      session.close();
      this.#open.delete(ws);
      metrics.sockets.dec();
    });
  }

  /** Terminates a socket that does not answer pings: the client is gone, or does not read. */
  #beat(ws: WebSocket): () => void {
    const { clock, settings } = this.#services;
    let isThere = true;
    ws.on('pong', () => {
      isThere = true;
    });
    let stop = () => {};
    const again = () => {
      stop = clock.after(settings.heartbeatSeconds * 1000, () => {
        if (!isThere) return ws.terminate();
        isThere = false;
        ws.ping();
        again();
      });
    };
    if (settings.heartbeatSeconds > 0) again();
    return () => stop();
  }
}

function refuse(socket: Duplex, error: KandidError): void {
  // A client that never closes its side would keep the socket open.
  socket.end(answerText(error), () => socket.destroy());
}
