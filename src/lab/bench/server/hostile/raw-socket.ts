/** A WebSocket of which only the greeting is right. */
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
  // What comes is not read, but must not fill the socket.
  socket.resume();
  for (const frame of frames) if (!socket.destroyed) socket.write(frame);
  socket.setTimeout(LINGER_MS, () => socket.destroy());
  await closed;
}
