/** Ten times as many requests as it can answer. */
import { createHash } from 'node:crypto';
import { median } from '../timing.ts';
import { type Figure, figure } from './figure.ts';
import { ask } from './http.ts';
import { beside, crowd, type Part, type Place, pause, requestMaker, until, withServer } from './place.ts';
import type { ServerProcess } from './process.ts';

const TIMES = 10;
const TICK_MS = 20;
/** Requests of one client at once, while capacity is measured. */
const AT_ONCE = 32;
const SAMPLE_MS = 500;
const ALLOWED = new Set([200, 429, 503]);
/** Requests without an answer at most, so that this process stays within bounds itself. */
const MOST_OPEN = 3000;

export const overload: Part = {
  name: 'overload',
  what: `${TIMES} × as many requests as it can answer`,
  run: (place) => withServer(place, settingsFor(place.amounts.clients), (server) => measure(place, server)),
};

/** Several clients by keys, so that the queue fills up, not just the share of one client; and no limit of requests a minute. */
function settingsFor(clients: number) {
  const keys = Array.from({ length: clients }, (_, n) => {
    const sha256 = createHash('sha256').update(keyOf(n)).digest('hex');
    return `client-${n}:${sha256}`;
  });
  return { apiKeys: keys.join(','), requestsPerMinute: 0, keptJobs: 50 };
}

const keyOf = (client: number) => `bench-key-${client}`;

type Post = (client: number, signal?: AbortSignal) => ReturnType<typeof ask>;

async function measure(place: Place, server: ServerProcess): Promise<Figure[]> {
  const { amounts, signal } = place;
  const request = await requestMaker();
  const post: Post = (client, stop) =>
    ask(`${server.url}/v1/generate`, {
      ...{ body: { ...request(), base64: false }, headers: { authorization: `Bearer ${keyOf(client)}` }, signal: stop },
    });
  let answered = 0;
  await crowd(AT_ONCE, until(amounts.capacitySeconds, signal), async () => {
    await post(0);
    answered += 1;
  });
  const capacity = answered / amounts.capacitySeconds;
  const before = (await server.memory()).all;
  const statuses = new Map<number, number>();
  const sample = async () => ({ at: performance.now(), memory: (await server.memory()).all });
  const { result: withoutRetry, samples } = await beside(SAMPLE_MS, sample, () =>
    flood(place, capacity, post, statuses),
  );
  // The first and the last sixth of the time in which the queue was full.
  const memories = samples.map(({ memory }) => memory).slice(Math.floor(samples.length / 12));
  const sixth = Math.max(1, Math.floor(memories.length / 6));
  const [start, end] = [median(memories.slice(0, sixth)), median(memories.slice(-sixth))];
  const sent = [...statuses.values()].reduce((sum, count) => sum + count, 0);
  const wrong = [...statuses].filter(([status]) => !ALLOWED.has(status)).reduce((sum, [, count]) => sum + count, 0);
  const counts = [...statuses].sort(([a], [b]) => a - b).map(([status, count]) => `${count} × ${status || 'none'}`);
  const alive = await ask(`${server.url}/healthz`);
  return [
    figure('overload: answers that are neither 200, 429 nor 503', wrong + (alive.status === 200 ? 0 : 1), {
      ...{ bar: { most: 0 }, note: `${sent} requests in ${amounts.overloadSeconds} s: ${counts.join(', ')}` },
    }),
    figure('overload: 429 and 503 without Retry-After', withoutRetry, { bar: { most: 0 } }),
    figure('overload: memory at the end ÷ at the start', end / start, {
      bar: { most: 1.1 },
      note: `${start.toFixed(0)} and ${end.toFixed(0)} MiB, server and worker, queue full; ${before.toFixed(0)} before it`,
    }),
    figure('overload: capacity by itself', capacity, { unit: '/s' }),
    figure('overload: answered with a picture under it', (statuses.get(200) ?? 0) / amounts.overloadSeconds, {
      unit: '/s',
    }),
  ];
}

/** Sends at an even pace whatever comes back; those without an answer at the end are left. Gives refusals without Retry-After. */
async function flood(
  { amounts, signal }: Place,
  capacity: number,
  post: Post,
  statuses: Map<number, number>,
): Promise<number> {
  const leave = new AbortController();
  const goesOn = until(amounts.overloadSeconds, signal);
  const open = new Set<Promise<void>>();
  const started = performance.now();
  let sent = 0;
  let isLeaving = false;
  let withoutRetry = 0;
  const send = async (client: number) => {
    const { status, headers } = await post(client, leave.signal);
    if (isLeaving) return;
    statuses.set(status, (statuses.get(status) ?? 0) + 1);
    if ((status === 429 || status === 503) && headers['retry-after'] === undefined) withoutRetry += 1;
  };
  while (goesOn()) {
    const due = ((performance.now() - started) / 1000) * capacity * TIMES;
    for (; sent < due && open.size < MOST_OPEN; sent++) {
      const sending: Promise<void> = send(sent % amounts.clients).finally(() => open.delete(sending));
      open.add(sending);
    }
    await pause(TICK_MS);
  }
  isLeaving = true;
  leave.abort();
  await Promise.all(open);
  return withoutRetry;
}
