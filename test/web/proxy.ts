/** A reverse proxy that shows a server below a prefix, as nginx or Caddy do. */
import { createServer, type IncomingMessage, request } from 'node:http';
import { type AddressInfo, connect } from 'node:net';

export interface ProxyOptions {
  readonly to: string;
  /** For example /kandid. */
  readonly prefix: string;
  /** Whether the prefix is removed, and sent in a header. */
  readonly strips: boolean;
  /** @default true */
  readonly passesSockets?: boolean;
}

export interface Proxy {
  readonly url: string;
  close(): void;
}

export async function proxy({ to, prefix, strips, passesSockets = true }: ProxyOptions): Promise<Proxy> {
  const { hostname, port } = new URL(to);
  const pathOf = (url = '') => (strips ? url.slice(prefix.length) : url);
  const headersOf = ({ headers }: IncomingMessage) =>
    strips ? { ...headers, 'x-forwarded-prefix': prefix, 'x-forwarded-host': headers.host, host: 'backend' } : headers;
  const isOurs = (url = '') => url.startsWith(`${prefix}/`);
  const server = createServer((incoming, outgoing) => {
    if (!isOurs(incoming.url)) return void outgoing.writeHead(404).end('nothing here');
    const { method } = incoming;
    const options = { hostname, port, method, path: pathOf(incoming.url), headers: headersOf(incoming) };
    const onward = request(options, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(outgoing);
    });
    onward.on('error', () => outgoing.destroy());
    incoming.pipe(onward);
  });
  server.on('upgrade', (incoming, socket, head) => {
    // Like a proxy without a rule for WebSockets: it waits for an HTTP response.
    if (!passesSockets || !isOurs(incoming.url)) return;
    const lines = Object.entries(headersOf(incoming)).map(([name, value]) => `${name}: ${value}`);
    const onward = connect(Number(port), hostname, () => {
      onward.write(`GET ${pathOf(incoming.url)} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`);
      onward.write(head);
      socket.pipe(onward).pipe(socket);
    });
    for (const one of [socket, onward]) one.on('error', () => [socket, onward].forEach((both) => void both.destroy()));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port: own } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${own}${prefix}/`,
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}
