/** Serves the web page: files built beforehand (`npm run build`), read once. */
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageFolder } from '../../config.ts';
import { type RawCall, type Route, route } from '../http/route.ts';

interface PageFile {
  readonly type: string;
  readonly tag: string;
  /** By Content-Encoding; '' is uncompressed. */
  readonly bytes: ReadonlyMap<string, Buffer>;
  /** Whether its name contains a hash of its content. */
  readonly isHashed: boolean;
}

const TYPES: Readonly<Record<string, string>> = {
  html: 'text/html; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  css: 'text/css; charset=utf-8',
  svg: 'image/svg+xml',
  png: 'image/png',
  webp: 'image/webp',
};
/** In order of preference, with the extension of the compressed copy. */
const ENCODINGS = { br: '.br', gzip: '.gz' } as const;
const IMMUTABLE = 'public, max-age=31536000, immutable';

/**
 * Everything is loaded from this server, nothing is inline; pictures may also be created in the page or chosen by the
 * user.
 */
const POLICY = [
  "default-src 'none'",
  ...["script-src 'self'", "style-src 'self'", "img-src 'self' blob: data:", "connect-src 'self'"],
  ...["base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'"],
].join('; ');

const NOT_BUILT = `The page was not built. In a checkout: "npm run build", then start again.
The API is available all the same: it is documented at /docs.
`;

/** Folder that the build writes to. */
export function pageFolder(): string {
  return join(packageFolder(), 'dist', 'web');
}

/** Routes of the page; not part of the API. */
export function pageRoutes(folder: string = pageFolder()): Route[] {
  const files = readPage(folder);
  const open = { method: 'get', tag: 'page', isOpen: true, answers: { 200: { description: 'A file.' } } } as const;
  return [
    route({
      ...open,
      path: '/',
      summary: 'The page',
      handle(call) {
        const index = files.get('index.html');
        if (index) send(call, index);
        else sendMissing(call);
      },
    }),
    ...[...files].map(([name, file]) =>
      route({ ...open, path: `/${name}`, summary: 'A file of the page', handle: (call) => send(call, file) }),
    ),
  ];
}

function readPage(folder: string): Map<string, PageFile> {
  if (!existsSync(join(folder, 'index.html'))) return new Map();
  const names = readdirSync(folder, { recursive: true }).map((name) => String(name).replaceAll('\\', '/'));
  return new Map(
    names.flatMap((name) => {
      const type = TYPES[name.slice(name.lastIndexOf('.') + 1)];
      return type === undefined ? [] : [[name, readFile(folder, name, type)] as const];
    }),
  );
}

function readFile(folder: string, name: string, type: string): PageFile {
  const path = join(folder, name);
  const plain = readFileSync(path);
  const bytes = new Map([['', plain]]);
  for (const [encoding, ending] of Object.entries(ENCODINGS))
    if (existsSync(path + ending)) bytes.set(encoding, readFileSync(path + ending));
  const tag = `"${createHash('sha256').update(plain).digest('base64url').slice(0, 22)}"`;
  return { type, tag, bytes, isHashed: name.startsWith('assets/') };
}

function send({ request, response }: RawCall, { type, tag, bytes, isHashed }: PageFile): void {
  const accepted = String(request.headers['accept-encoding'] ?? '');
  const encoding = Object.keys(ENCODINGS).find((one) => bytes.has(one) && new RegExp(`\\b${one}\\b`).test(accepted));
  response.setHeader('Content-Security-Policy', POLICY);
  response.setHeader('Content-Type', type);
  response.setHeader('Cache-Control', isHashed ? IMMUTABLE : 'no-cache');
  response.setHeader('ETag', tag);
  response.appendHeader('Vary', 'Accept-Encoding');
  if (request.headers['if-none-match'] === tag) {
    response.statusCode = 304;
    response.end();
    return;
  }
  if (encoding) response.setHeader('Content-Encoding', encoding);
  const body = bytes.get(encoding ?? '') as Buffer;
  response.setHeader('Content-Length', body.length);
  response.end(body);
}

function sendMissing({ response }: RawCall): void {
  response.statusCode = 503;
  response.setHeader('Content-Type', 'text/plain; charset=utf-8');
  response.setHeader('Cache-Control', 'no-store');
  response.end(NOT_BUILT);
}
