/** Raw connections: bytes are sent as they are. */
import { once } from 'node:events';
import { connect } from 'node:net';

const LINGER_MS = 50;

/** Sends frames over a correctly opened WebSocket; resolves when the server closes it, or shortly after. Never rejects. */
export async function sendFrames(url: string, frames: readonly Buffer[]): Promise<void> {
  const { socket, closed } = opened(url);
  const head = [
    `GET /v1/stream HTTP/1.1\r\nHost: ${new URL(url).host}\r\nConnection: Upgrade\r\nUpgrade: websocket`,
    'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: kandid.v1\r\n\r\n',
  ];
  socket.write(head.join('\r\n'));
  await Promise.race([once(socket, 'data').catch(() => {}), closed]);
  // Incoming data is discarded, so that the socket does not fill up.
  socket.resume();
  for (const frame of frames) if (!socket.destroyed) socket.write(frame);
  socket.setTimeout(LINGER_MS, () => socket.destroy());
  await closed;
}

/** Sends a request head; resolves when the server closes the connection, or shortly after. Never rejects. */
export async function sendHead(url: string, head: Buffer): Promise<void> {
  const { socket, closed } = opened(url);
  socket.write(head);
  socket.resume();
  socket.setTimeout(LINGER_MS, () => socket.destroy());
  await closed;
}

function opened(url: string) {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  socket.on('error', () => {});
  return { socket, closed: once(socket, 'close').catch(() => {}) };
}
