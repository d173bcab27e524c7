/** Small wheels, a lock of them, and a package index on loopback that has them. */
import { createHash } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { deflateRawSync } from 'node:zlib';
import { Connection } from '../../../src/hub/connection.ts';
import type { Lock, LockedWheel } from '../../../src/hub/cuda/lock.ts';

export const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

/** A zip archive; every second file is stored, the others are deflated. Check sums are left 0, as nothing reads them. */
export function zipOf(files: Readonly<Record<string, Uint8Array>>): Buffer {
  const parts: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const [i, [path, bytes]] of Object.entries(files).entries()) {
    const name = Buffer.from(path);
    const packed = i % 2 === 0 ? deflateRawSync(bytes) : Buffer.from(bytes);
    const fields = Buffer.alloc(26);
    fields.writeUInt16LE(i % 2 === 0 ? 8 : 0, 4);
    fields.writeUInt32LE(packed.length, 14);
    fields.writeUInt32LE(bytes.length, 18);
    fields.writeUInt16LE(name.length, 22);
    // An extra field that only the local header has.
    const local = Buffer.concat([Buffer.from('PK\x03\x04'), fields, name, Buffer.alloc(7)]);
    local.writeUInt16LE(7, 28);
    const entry = Buffer.concat([Buffer.from('PK\x01\x02\0\0'), fields, Buffer.alloc(14), name]);
    entry.writeUInt32LE(offset, 42);
    parts.push(local, packed);
    directory.push(entry);
    offset += local.length + packed.length;
  }
  const end = Buffer.alloc(22);
  end.write('PK\x05\x06', 'latin1');
  end.writeUInt16LE(directory.length, 10);
  end.writeUInt32LE(Buffer.concat(directory).length, 12);
  end.writeUInt32LE(offset, 16);
  return Buffer.concat([...parts, ...directory, end]);
}

/** Bytes that do not shrink, so that a download can be cut in the middle. */
export const noise = (length: number, seed: number) =>
  Uint8Array.from({ length }, (_, i) => (Math.imul(i + 1, 2654435761 + seed) >>> 13) & 255);

const PROVIDER = {
  'onnxruntime/capi/libonnxruntime_providers_shared.so': noise(500, 1),
  'onnxruntime/capi/libonnxruntime_providers_cuda.so': noise(300_000, 2),
  'onnxruntime/capi/other.so': noise(100, 3),
};
const RUNTIME = { 'nvidia/cu13/lib/libcudart.so.13': noise(2000, 4), 'nvidia/cu13/include/a.h': noise(10, 5) };

function locked(name: string, version: string, files: Readonly<Record<string, Uint8Array>>): [LockedWheel, Buffer] {
  const bytes = zipOf(files);
  const paths = Object.keys(files).filter((path) => /\/lib[^/]*\.so/.test(path));
  const wheel = {
    name,
    version,
    file: `${name.replaceAll('-', '_')}-${version}-py3-none-any.whl`,
    bytes: bytes.length,
    sha256: sha256(bytes),
    folder: String(paths[0]).replace(/\/[^/]*$/, ''),
    libraries: paths.map((path) => String(path.split('/').at(-1))),
  };
  return [wheel, bytes];
}

const made = [locked('onnxruntime-gpu', '1.30.0', PROVIDER), locked('nvidia-cuda-runtime', '13.0.96', RUNTIME)];

export const SMALL_LOCK: Lock = {
  wheels: made.map(([wheel]) => wheel),
  unpacked: 302_500,
  preload: ['libcudart.so.13'],
};
export const WHEELS: ReadonlyMap<string, Buffer> = new Map(made.map(([{ file }, bytes]) => [file, bytes]));

/** Writes the wheels, changed if need be, into a folder. */
export async function writeWheels(folder: string, change = (_: string, bytes: Buffer) => bytes): Promise<void> {
  await mkdir(folder, { recursive: true });
  for (const [file, bytes] of WHEELS) await writeFile(join(folder, file), change(file, bytes));
}

export interface IndexOptions {
  /** Whether it only has pages for browsers. */
  readonly isHtml?: boolean;
  /** Bytes after which the n-th answer with a file is cut. */
  cutAfter?(answer: number): number | null;
  /** Replaces the bytes of a file, but not the hash that is listed. */
  replace?(file: string): Buffer | null;
  /** Hash that is listed. */
  listed?(file: string): string;
  /** Name and password that it asks for. */
  readonly login?: string;
}

export interface Index {
  readonly address: string;
  /** Files asked for, with the range if there was one. */
  readonly asked: string[];
  connection(login?: string): Connection;
}

export async function startIndex(t: TestContext, options: IndexOptions = {}): Promise<Index> {
  const asked: string[] = [];
  let answers = 0;
  const server = createServer((request, response) => {
    const { url = '' } = request;
    const basic = `Basic ${Buffer.from(options.login ?? '').toString('base64')}`;
    if (options.login && request.headers.authorization !== basic) return void response.writeHead(401).end();
    const name = /^\/simple\/([^/]+)\/$/.exec(url)?.[1];
    if (name) return sendPage(name, response, options);
    asked.push(`${url.split('/').at(-1)}${request.headers.range ? ` ${request.headers.range}` : ''}`);
    answers += 1;
    sendFile(request, response, options, options.cutAfter?.(answers) ?? null);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => new Promise((resolve) => server.close(resolve)));
  t.after(() => server.closeAllConnections());
  const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}/simple`;
  return {
    address,
    asked,
    connection(login) {
      const token = login ? Buffer.from(login).toString('base64') : null;
      const connection = new Connection({ endpoint: address, token, scheme: 'Basic', cache: '' });
      t.after(() => connection.close());
      return connection;
    },
  };
}

function sendPage(name: string, response: ServerResponse, { isHtml, listed }: IndexOptions): void {
  const found = SMALL_LOCK.wheels.filter((wheel) => wheel.name === name);
  if (found.length === 0) return void response.writeHead(404).end();
  const hash = (wheel: LockedWheel) => listed?.(wheel.file) ?? wheel.sha256;
  if (isHtml) {
    const links = found.map(
      (wheel) => `<a href="../../files/${wheel.file}#sha256=${hash(wheel)}">${wheel.file}</a><br>`,
    );
    return void response
      .writeHead(200, { 'content-type': 'text/html' })
      .end(`<html><body>${links.join('\n')}</body></html>`);
  }
  const files = found.map((wheel) => ({
    filename: wheel.file,
    url: `../../files/${wheel.file}`,
    hashes: { sha256: hash(wheel) },
  }));
  response
    .writeHead(200, { 'content-type': 'application/vnd.pypi.simple.v1+json' })
    .end(JSON.stringify({ meta: { 'api-version': '1.1' }, name, files }));
}

function sendFile(request: IncomingMessage, response: ServerResponse, { replace }: IndexOptions, cut: number | null) {
  const file = request.url?.split('/').at(-1) ?? '';
  const bytes = replace?.(file) ?? WHEELS.get(file);
  if (!bytes) return void response.writeHead(404).end();
  const from = Number(/^bytes=(\d+)-/.exec(request.headers.range ?? '')?.[1] ?? 0);
  const rest = bytes.subarray(from);
  const range = { 'content-range': `bytes ${from}-${bytes.length - 1}/${bytes.length}` };
  response.writeHead(from > 0 ? 206 : 200, { 'content-length': rest.length, ...(from > 0 ? range : {}) });
  if (cut === null) return void response.end(rest);
  response.write(rest.subarray(0, cut), () => response.socket?.end());
}
