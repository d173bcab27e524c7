/** Overload: ten times as many requests as the server can answer. */
import { setMaxListeners } from 'node:events';
import { median } from '../timing.ts';
import { authorization, keysFor } from './clients.ts';
import {
  type BenchContext,
  loadWith,
  meanwhile,
  type Part,
  pause,
  requestMaker,
  until,
  withServer,
} from './context.ts';
import { type Figure, figure } from './figure.ts';
import { ask } from './http-client.ts';
import type { ServerProcess } from './server-process.ts';

const TIMES = 10;
const TICK_MS = 20;
/** Requests of one client at once, while capacity is measured: more than run together, so that memory is at its peak. */
const AT_ONCE = 80;
const SAMPLE_MS = 500;
const ALLOWED = new Set([200, 429, 503]);
/** Largest number of pending requests, which bounds the memory of this process. */
const MAX_OPEN = 3000;

export const overload: Part = {
  name: 'overload',
  description: `${TIMES} × as many requests as it can answer`,
  run: (context) => withServer(context, settingsFor(context.amounts.clients), (server) => measure(context, server)),
};

/** Several clients by keys, so that the queue fills up and not just the share of one client; no limit of requests per minute. */
function settingsFor(clients: number) {
  return {
    apiKeys: keysFor(clients).apiKeys,
    requestsPerMinute: 0,
    keptJobs: 50,
    connectionsPerAddress: 2 * MAX_OPEN,
  };
}

type Memory = Awaited<ReturnType<ServerProcess['memory']>>;
type Post = (client: number, signal?: AbortSignal) => ReturnType<typeof ask>;

async function measure(context: BenchContext, server: ServerProcess): Promise<Figure[]> {
  const { amounts, signal } = context;
  const request = await requestMaker();
  const post: Post = (client, stop) =>
    ask(`${server.url}/v1/generate`, {
      body: { ...request(), base64: false },
      headers: authorization(client),
      signal: stop,
    });
  let answered = 0;
  await loadWith(AT_ONCE, until(amounts.capacitySeconds, signal), async () => {
    await post(0);
    answered += 1;
  });
  const capacity = answered / amounts.capacitySeconds;
  const before = await server.memory();
  const statuses = new Map<number, number>();
  const sample = async () => ({ at: performance.now(), ...(await server.memory()) });
  const { result: flooded, samples } = await meanwhile(SAMPLE_MS, sample, () =>
    flood(context, capacity, post, statuses),
  );
  const full = samples.filter(({ at }) => at >= flooded.fullAt);
  // If the flood is shorter than the sampling interval, the sample at its end is used.
  const memories = full.length > 0 ? full : [await server.memory()];
  const sixth = Math.max(1, Math.floor(samples.length / 6));
  const medianOf = (some: readonly Memory[], part: keyof Memory) => median(some.map((one) => one[part]));
  const [start, end] = [memories.slice(0, sixth), memories.slice(-sixth)];
  const parts = (some: readonly Memory[]) =>
    `${medianOf(some, 'server').toFixed(0)} + ${medianOf(some, 'workers').toFixed(0)}`;
  const sent = [...statuses.values()].reduce((sum, count) => sum + count, 0);
  const wrong = [...statuses].filter(([status]) => !ALLOWED.has(status)).reduce((sum, [, count]) => sum + count, 0);
  const counts = [...statuses].sort(([a], [b]) => a - b).map(([status, count]) => `${count} × ${status || 'none'}`);
  const alive = await ask(`${server.url}/healthz`);
  return [
    figure('overload: answers that are neither 200, 429 nor 503', wrong + (alive.status === 200 ? 0 : 1), {
      bar: { most: 0 },
      note: `${sent} requests in ${amounts.overloadSeconds} s: ${counts.join(', ')}`,
    }),
    figure('overload: 429 and 503 without Retry-After', flooded.withoutRetry, { bar: { most: 0 } }),
    figure('overload: memory at the end ÷ at the start', medianOf(end, 'all') / medianOf(start, 'all'), {
      bar: { most: 1.1 },
      note: `MiB, server + worker, the queue being full: ${parts(start)} at first, ${parts(end)} at last; ${parts([before])} before`,
    }),
    figure('overload: capacity by itself', capacity, { unit: '/s' }),
    figure('overload: answered with a picture under it', (statuses.get(200) ?? 0) / amounts.overloadSeconds, {
      unit: '/s',
    }),
  ];
}

interface Flooded {
  /** Time of the first refusal because of a full queue; the start if there was none. */
  readonly fullAt: number;
  readonly withoutRetry: number;
}

/** Sends at a constant rate regardless of responses; pending requests are abandoned at the end. */
async function flood(
  { amounts, signal }: BenchContext,
  capacity: number,
  post: Post,
  statuses: Map<number, number>,
): Promise<Flooded> {
  const leave = new AbortController();
  setMaxListeners(0, leave.signal);
  const goesOn = until(amounts.overloadSeconds, signal);
  const open = new Set<Promise<void>>();
  const started = performance.now();
  let sent = 0;
  let isLeaving = false;
  let withoutRetry = 0;
  let fullAt = Number.POSITIVE_INFINITY;
  const send = async (client: number) => {
    const { status, headers } = await post(client, leave.signal);
    if (isLeaving) return;
    statuses.set(status, (statuses.get(status) ?? 0) + 1);
    if (status !== 429 && status !== 503) return;
    fullAt = Math.min(fullAt, performance.now());
    if (headers['retry-after'] === undefined) withoutRetry += 1;
  };
  while (goesOn()) {
    const due = ((performance.now() - started) / 1000) * capacity * TIMES;
    for (; sent < due && open.size < MAX_OPEN; sent++) {
      const sending: Promise<void> = send(sent % amounts.clients).finally(() => open.delete(sending));
      open.add(sending);
    }
    await pause(TICK_MS);
  }
  isLeaving = true;
  leave.abort();
  await Promise.all(open);
  return { fullAt: Number.isFinite(fullAt) ? fullAt : started, withoutRetry };
}
