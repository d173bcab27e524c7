/** Limits the number of connections, in total and per address. */
import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import { KandidError } from '../../errors.ts';
import { answerText } from './problems.ts';

export interface ConnectionLimits {
  readonly connections: number;
  readonly connectionsPerAddress: number;
}

const RETRY_SECONDS = 5;

/**
 * Refuses excess connections with a response before the server sees them. Must be called before anything else listens
 * for connections.
 *
 * @param isProxy whether an address is a trusted proxy, shared by many callers
 */
export function limitConnections(
  http: Server,
  { connections, connectionsPerAddress }: ConnectionLimits,
  isProxy: (address: string | undefined) => boolean,
): void {
  const serving = http.listeners('connection');
  const byAddress = new Map<string, number>();
  const counted = new WeakSet<Socket>();
  let open = 0;
  const count = (socket: Socket, address: string, own: number) => {
    counted.add(socket);
    open += 1;
    byAddress.set(address, own + 1);
    socket.once('close', () => {
      open -= 1;
      const left = (byAddress.get(address) ?? 1) - 1;
      if (left > 0) byAddress.set(address, left);
      else byAddress.delete(address);
    });
  };
  http.removeAllListeners('connection');
  http.on('connection', (socket: Socket) => {
    // A connection whose upgrade was ignored is emitted again, as HTTP/1.1.
    if (!counted.has(socket)) {
      const address = socket.remoteAddress ?? '';
      const own = byAddress.get(address) ?? 0;
      const isFull = open >= connections || (own >= connectionsPerAddress && !isProxy(address));
      if (isFull) return refuse(socket, Math.max(own, 1));
      count(socket, address, own);
    }
    for (const serve of serving) serve.call(http, socket);
  });
}

function refuse(socket: Socket, open: number): void {
  socket.on('error', () => {});
  const answer = answerText(new KandidError('connections_full', { open, retrySeconds: RETRY_SECONDS }));
  socket.end(answer, () => socket.destroy());
}
