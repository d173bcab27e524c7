/** A raw WebSocket connection with a valid handshake only. */
import { once } from 'node:events';
import { connect } from 'node:net';

const LINGER_MS = 50;

/** Opens a socket, sends these bytes as they are, and ends when the server closes it, or soon after. Never rejects. */
export async function sendFrames(url: string, frames: readonly Buffer[]): Promise<void> {
  const { hostname, port, host } = new URL(url);
  const socket = connect(Number(port), hostname);
  socket.on('error', () => {});
  const closed = once(socket, 'close').catch(() => {});
  socket.write(
    [
      `GET /v1/stream HTTP/1.1\r\nHost: ${host}\r\nConnection: Upgrade\r\nUpgrade: websocket`,
      'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: kandid.v1\r\n\r\n',
    ].join('\r\n'),
  );
  await Promise.race([once(socket, 'data').catch(() => {}), closed]);
  // Incoming data is discarded, so that the socket does not fill up.
  socket.resume();
  for (const frame of frames) if (!socket.destroyed) socket.write(frame);
  socket.setTimeout(LINGER_MS, () => socket.destroy());
  await closed;
}
