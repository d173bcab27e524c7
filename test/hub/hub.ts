/** A model hub on loopback, with the part of the real protocol that downloads use. */
import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TestContext } from 'node:test';
import { Connection } from '../../src/hub/connection.ts';

export const COMMIT = '0123456789abcdef0123456789abcdef01234567';

export interface HubOptions {
  /** Files of the repository OWNER/NAME, by path. */
  readonly files: Readonly<Record<string, Uint8Array>>;
  readonly licence?: string;
  /** Token that the repository requires. */
  readonly token?: string;
  /** Bytes after which the n-th response with content is cut. */
  cutAfter?(answer: number): number | null;
  /** Replaces the bytes of a file in the n-th response. */
  replace?(path: string, answer: number): Uint8Array | null;
  readonly hasRanges?: boolean;
  /** Whether files are listed page by page. */
  readonly isPaged?: boolean;
}

export interface Hub {
  readonly endpoint: string;
  /** Requested paths, with the range if there was one. */
  readonly asked: string[];
  /** Authorization headers that the file server received. */
  readonly leaked: string[];
  connection(token?: string | null): Connection;
}

const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');
const gitBlob = (bytes: Uint8Array) => createHash('sha1').update(`blob ${bytes.length}\0`).update(bytes).digest('hex');

/** Small files are in git, large ones (.onnx, .pkl) in the large-file store. */
const isLarge = (path: string) => /\.(onnx|pkl|safetensors)$/.test(path);

export async function startHub(t: TestContext, options: HubOptions): Promise<Hub> {
  const asked: string[] = [];
  const leaked: string[] = [];
  let answers = 0;
  const store = createServer((request, response) => {
    if (request.headers.authorization) leaked.push(request.headers.authorization);
    const path = decodeURIComponent(new URL(request.url ?? '', 'http://x').pathname.slice(1));
    answers += 1;
    sendFile(request, response, options.replace?.(path, answers) ?? options.files[path], {
      cut: options.cutAfter?.(answers) ?? null,
      hasRanges: options.hasRanges ?? true,
      isRude: answers % 2 === 0,
    });
  });
  const hub = createServer((request, response) => {
    asked.push(`${request.url}${request.headers.range ? ` ${request.headers.range}` : ''}`);
    if (options.token && request.headers.authorization !== `Bearer ${options.token}`)
      return void response.writeHead(401).end();
    answer(request.url ?? '', response, options, `http://localhost:${(store.address() as AddressInfo).port}`);
  });
  for (const server of [store, hub]) {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    t.after(() => new Promise((resolve) => server.close(resolve)));
    t.after(() => server.closeAllConnections());
  }
  const endpoint = `http://127.0.0.1:${(hub.address() as AddressInfo).port}`;
  return {
    endpoint,
    asked,
    leaked,
    connection(token = null) {
      const connection = new Connection({ endpoint, token, cache: '/nowhere' });
      t.after(() => connection.close());
      return connection;
    },
  };
}

function answer(url: string, response: ServerResponse, { files, licence, isPaged }: HubOptions, store: string) {
  const { pathname, searchParams } = new URL(url, 'http://x');
  const json = (value: unknown, headers: Record<string, string> = {}) =>
    response.writeHead(200, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(value));
  if (/^\/api\/models\/OWNER\/NAME\/revision\//.test(pathname))
    return json({ sha: COMMIT, cardData: licence ? { license: licence } : {} });
  if (pathname === `/api/models/OWNER/NAME/tree/${COMMIT}`) {
    const listed = Object.entries(files).map(([path, bytes]) => ({
      type: 'file',
      path,
      size: bytes.length,
      oid: gitBlob(bytes),
      ...(isLarge(path) ? { lfs: { oid: sha256(bytes), size: bytes.length, pointerSize: 134 } } : {}),
    }));
    if (!isPaged) return json([...listed, { type: 'directory', path: 'onnx', size: 0, oid: '0' }]);
    const page = Number(searchParams.get('cursor') ?? 0);
    const next = `<${url.split('?')[0]}?recursive=true&cursor=${page + 1}>; rel="next"`;
    return json(listed.slice(page, page + 1), page + 1 < listed.length ? { link: next } : {});
  }
  const path = decodeURIComponent(/^\/OWNER\/NAME\/resolve\/[^/]+\/(.+)$/.exec(pathname)?.[1] ?? '');
  const bytes = files[path];
  if (!bytes) return response.writeHead(404).end();
  const headers = {
    'x-repo-commit': COMMIT,
    'x-linked-size': String(bytes.length),
    location: `${store}/${path}?sig=1`,
  };
  return response.writeHead(302, headers).end();
}

interface Sending {
  readonly cut: number | null;
  readonly hasRanges: boolean;
  readonly isRude: boolean;
}

function sendFile(request: IncomingMessage, response: ServerResponse, bytes: Uint8Array | undefined, sending: Sending) {
  if (!bytes) return void response.writeHead(404).end();
  const from = sending.hasRanges ? Number(/^bytes=(\d+)-/.exec(request.headers.range ?? '')?.[1] ?? 0) : 0;
  if (from >= bytes.length && from > 0) return void response.writeHead(416).end();
  const rest = bytes.subarray(from);
  const range = { 'content-range': `bytes ${from}-${bytes.length - 1}/${bytes.length}` };
  response.writeHead(from > 0 ? 206 : 200, { 'content-length': rest.length, ...(from > 0 ? range : {}) });
  if (sending.cut === null) return void response.end(rest);
  // Closed or reset: a reset may also lose data already sent.
  response.write(rest.subarray(0, sending.cut), () => (sending.isRude ? response.destroy() : response.socket?.end()));
}
