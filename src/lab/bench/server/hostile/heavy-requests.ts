/** The heaviest valid requests, and the latency of another client's small request beside them. */
import { median } from '../../timing.ts';
import { authorization, keysFor } from '../clients.ts';
import { type BenchContext, pause, requestMaker, until } from '../context.ts';
import { type Figure, figure } from '../figure.ts';
import { ask } from '../http-client.ts';
import type { ServerProcess } from '../server-process.ts';
import { type RequestLog, StreamClient } from '../stream-client.ts';
import type { HostileCase } from './case.ts';

interface Heavy {
  readonly name: string;
  /** Number of results; reduced while the server refuses it. */
  body(count: number): object;
  readonly most: number;
}

const WORDS = { name: 'text', params: { prompt: 'a red hat' } };

const HEAVY: readonly Heavy[] = [
  { name: 'avif of 2048×2048', most: 256, body: (count) => ({ count, format: 'avif', size: 2048, guides: [] }) },
  { name: 'png of 2048×2048', most: 256, body: (count) => ({ count, format: 'png', size: 2048 }) },
  { name: 'results without a guide', most: 256, body: (count) => ({ count }) },
  {
    name: 'beams, by words',
    most: 256,
    body: (beams) => ({ sampler: { beams: { 4: beams, 8: beams } }, guides: [WORDS] }),
  },
  {
    name: 'results by words, shortlist 4096',
    most: 256,
    body: (count) => ({ count, guides: [{ ...WORDS, params: { ...WORDS.params, shortlist: 4096 } }] }),
  },
];

/** Concurrent heavy requests of one client. */
const AT_ONCE = 4;
const SAMPLES_ALONE = 5;
const TIMES = 3;
const ALWAYS_MS = 1000;

export const heavyRequests: HostileCase = {
  name: 'heavy requests',
  settings: keysFor(1),
  async run(context, server) {
    const figures: Figure[] = [];
    const client = await StreamClient.open(server.url);
    const request = await requestMaker();
    const small = () => client.generate(request());
    try {
      await small();
      const alone: number[] = [];
      for (let n = 0; n < SAMPLES_ALONE; n++) alone.push((await small()).ms);
      for (const heavy of HEAVY) {
        if (context.signal.aborted) break;
        figures.push(...(await measureBeside(context, server, { heavy, small, aloneMs: median(alone) })));
      }
    } finally {
      await client.close();
    }
    return figures;
  },
};

interface Beside {
  readonly heavy: Heavy;
  readonly small: () => Promise<RequestLog>;
  readonly aloneMs: number;
}

async function measureBeside(
  context: BenchContext,
  server: ServerProcess,
  { heavy, small, aloneMs }: Beside,
): Promise<Figure[]> {
  const { jobs, count } = await begin(server, heavy);
  const logs: RequestLog[] = [];
  const goesOn = until(context.amounts.hostileSeconds, context.signal);
  do logs.push(await small());
  while (goesOn());
  const still = await openOf(server, jobs);
  for (const job of jobs) await ask(`${server.url}${job}`, { method: 'DELETE', headers: authorization(0) });
  const cancelMs = await untilIdle(server);
  const slowest = Math.max(...logs.map(({ type, ms }) => (type === 'done' ? ms : Number.POSITIVE_INFINITY)));
  const unseen = logs.filter(({ firstPreviewMs }) => firstPreviewMs === null).length;
  const note = `${jobs.length} × ${count} at once, ${still} not ended yet; ${logs.length} small ones, median ${median(logs.map(({ ms }) => ms)).toFixed(0)} ms, alone ${aloneMs.toFixed(0)} ms`;
  return [
    figure(`small request beside ${heavy.name}: slowest`, slowest, {
      unit: 'ms',
      bar: { most: Math.max(ALWAYS_MS, Math.round(TIMES * aloneMs)) },
      note,
    }),
    figure(`small request beside ${heavy.name}: without a preview`, unseen, { bar: { most: 0 } }),
    figure(`${heavy.name}: cancelled → nothing runs any more`, cancelMs, { unit: 'ms' }),
  ];
}

/** Starts the largest accepted request several times. */
async function begin(server: ServerProcess, { body, most }: Heavy): Promise<{ jobs: string[]; count: number }> {
  const send = (count: number) =>
    ask(`${server.url}/v1/generate`, {
      body: { ...body(count), base64: false },
      headers: { ...authorization(0), prefer: 'respond-async' },
    });
  let count = most;
  let answer = await send(count);
  while (answer.status === 400 && count > 1) {
    count = Math.floor(count / 2);
    answer = await send(count);
  }
  const jobs: string[] = [];
  for (let n = 0; n < AT_ONCE && answer.status === 202; n++) {
    jobs.push(String(answer.headers.location));
    if (n < AT_ONCE - 1) answer = await send(count);
  }
  return { jobs, count };
}

/** The started jobs that have not ended. */
async function openOf(server: ServerProcess, jobs: readonly string[]): Promise<number> {
  const { body } = await ask(`${server.url}/v1/jobs?limit=100`, { headers: authorization(0) });
  const { jobs: all } = JSON.parse(body.toString()) as { jobs: { id: string; state: string }[] };
  const open = all.filter(
    ({ id, state }) => (state === 'running' || state === 'queued') && jobs.some((job) => job.endsWith(id)),
  );
  return open.length;
}

async function untilIdle(server: ServerProcess): Promise<number> {
  const started = performance.now();
  for (;;) {
    const { body } = await ask(`${server.url}/readyz`);
    const { waiting, running } = JSON.parse(body.toString()) as { waiting: number; running: number };
    if (waiting + running === 0) return performance.now() - started;
    await pause(20);
  }
}
