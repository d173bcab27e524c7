/** Permalinks: not modified, and computed. */
import { connect } from 'node:net';
import { codeToString } from '../../../contract/codes.ts';
import { Random } from '../../../kit/random.ts';
import { type BenchContext, loadWith, type Part, until, withServer } from './context.ts';
import { type Figure, figure } from './figure.ts';
import { ask } from './http-client.ts';

const CONNECTIONS = 32;
const WARM_UP_SECONDS = 1;
/** Seconds of processor time of the server process. */
const CPU = 'process_cpu_seconds_total';

export const permalinks: Part = {
  name: 'permalinks',
  description: 'permalinks: 304, and computed',
  run: (context) =>
    withServer(context, { requestsPerMinute: 0 }, async (server): Promise<Figure[]> => {
      const { url } = server;
      const next = await addresses(url);
      const known = next();
      const { status, headers } = await ask(`${url}${known}`);
      const tag = String(headers.etag);
      await unchanged(url, known, tag, WARM_UP_SECONDS);
      const { permalinkSeconds: seconds } = context.amounts;
      const before = await server.figures();
      const { rate, others, count } = await unchanged(url, known, tag, seconds);
      const cpu = (await server.figures()).get(CPU) ?? Number.NaN;
      const micros = (1e6 * (cpu - (before.get(CPU) ?? 0))) / count;
      const computed = await computedRate(context, url, next);
      return [
        figure('permalinks: 304 a second', rate, {
          unit: '/s',
          bar: { least: 5000 },
          note: `${CONNECTIONS} connections, log written; ${micros.toFixed(0)} µs of processor time each`,
        }),
        figure('permalinks: other answers', others + (status === 200 ? 0 : 1) + computed.others, { bar: { most: 0 } }),
        figure('permalinks: computed a second', computed.rate, { unit: '/s', note: `${CONNECTIONS} at once` }),
      ];
    }),
};

/** Permalinks that were not requested before. */
async function addresses(url: string): Promise<() => string> {
  interface ModelEntry {
    readonly name: string;
    readonly hash: string;
    readonly isDefault: boolean;
    readonly levels: readonly { readonly candidates: number }[];
  }
  const { models } = JSON.parse((await ask(`${url}/v1/models`)).body.toString()) as { models: readonly ModelEntry[] };
  const { name, hash, levels } = models.find(({ isDefault }) => isDefault) as ModelEntry;
  const candidates = levels.map((level) => level.candidates);
  const random = Random.of(7);
  return () => {
    const code = candidates.map((count) => random.integer(count));
    return `/v1/images/${name}@${hash.slice(0, 8)}/${codeToString(code, candidates)}.png`;
  };
}

interface Rate {
  readonly rate: number;
  readonly others: number;
  readonly count: number;
}

/** Raw connections with one request at a time: an HTTP client would cost as much CPU as the server. */
async function unchanged(url: string, path: string, tag: string, seconds: number): Promise<Rate> {
  const { hostname, port } = new URL(url);
  const request = `GET ${path} HTTP/1.1\r\nHost: ${hostname}:${port}\r\nIf-None-Match: ${tag}\r\n\r\n`;
  let same = 0;
  let others = 0;
  const started = performance.now();
  const end = started + 1000 * seconds;
  const one = () =>
    new Promise<void>((resolve) => {
      const socket = connect(Number(port), hostname, () => socket.write(request));
      let text = '';
      socket.setEncoding('latin1');
      socket.on('data', (part: string) => {
        text += part;
        // A 304 response has no body.
        if (!text.endsWith('\r\n\r\n')) return;
        if (text.startsWith('HTTP/1.1 304')) same += 1;
        else others += 1;
        text = '';
        if (performance.now() < end) socket.write(request);
        else socket.end();
      });
      socket.on('error', () => {
        others += 1;
      });
      socket.on('close', () => resolve());
    });
  await Promise.all(Array.from({ length: CONNECTIONS }, one));
  return { rate: (1000 * same) / (performance.now() - started), others, count: same };
}

async function computedRate({ amounts, signal }: BenchContext, url: string, next: () => string): Promise<Rate> {
  let computed = 0;
  let others = 0;
  const started = performance.now();
  await loadWith(CONNECTIONS, until(amounts.permalinkSeconds, signal), async () => {
    if ((await ask(`${url}${next()}`)).status === 200) computed += 1;
    else others += 1;
  });
  return { rate: (1000 * computed) / (performance.now() - started), others, count: computed };
}
