/** Randomly changed bodies, files and frames must not crash, block or leak memory in the server. */
import { type BenchContext, pause } from '../context.ts';
import { type Figure, figure } from '../figure.ts';
import { ask } from '../http-client.ts';
import type { ServerProcess } from '../server-process.ts';
import type { HostileCase } from './case.ts';
import { frames } from './frames.ts';
import { metadata } from './metadata.ts';
import { sendFrames, sendHead } from './raw-socket.ts';
import { REQUESTS, shapes } from './shapes.ts';
import { upgrades } from './upgrades.ts';

const AT_ONCE = 8;
/** Frames over one socket. */
const FRAMES = 20;
const STALL_MS = 100;
const GROWTH = 1.1;
const SETTLE_MS = 2000;
/** Valid requests are cancelled, as their results are not needed. */
const HEADERS = { 'cancel-after': '0.2' };

interface Series {
  readonly seed: number;
  readonly count: number;
}

interface Kind {
  readonly name: string;
  send(server: ServerProcess, { seed, count }: Series, signal: AbortSignal): Promise<void>;
}

const KINDS: readonly Kind[] = [
  {
    name: 'shapes',
    send: (server, { seed, count }, signal) =>
      concurrently(shapes(seed, count), signal, async (bytes) => {
        await ask(`${server.url}/v1/generate`, { body: bytes, headers: HEADERS });
      }),
  },
  {
    name: 'metadata',
    send: (server, { seed, count }, signal) =>
      concurrently(metadata(seed, count), signal, async (bytes) => {
        await ask(`${server.url}/v1/info`, { body: { image: bytes.toString('base64') } });
      }),
  },
  {
    name: 'frames',
    send: (server, { seed, count }, signal) =>
      concurrently(inGroups(frames(seed, count), FRAMES), signal, (group) => sendFrames(server.url, group)),
  },
  {
    name: 'upgrades',
    send: (server, { seed, count }, signal) =>
      concurrently(upgrades(seed, count, new URL(server.url).host), signal, (head) => sendHead(server.url, head)),
  },
];

export const mutations: HostileCase = {
  name: 'mutations',
  // Retained results would look like a leak.
  settings: { requestsPerMinute: 0, messagesPerSecond: 10_000, keptJobs: 8 },
  async run(context, server) {
    const figures: Figure[] = [];
    // Guides open their networks at their first call.
    for (const body of REQUESTS) await ask(`${server.url}/v1/generate`, { body });
    for (const kind of KINDS) if (!context.signal.aborted) figures.push(...(await outcomeOf(context, server, kind)));
    return figures;
  },
};

async function outcomeOf(
  { amounts, signal }: BenchContext,
  server: ServerProcess,
  { name, send }: Kind,
): Promise<Figure[]> {
  const count = amounts.hostileMutations;
  const half = Math.ceil(count / 2);
  // Memory may grow in the first half, which fills caches, pools and the heap, but not in the second.
  await send(server, { seed: 1, count: half }, signal);
  await pause(SETTLE_MS);
  const before = (await server.memory()).all;
  await send(server, { seed: 2, count: count - half }, signal);
  // Since the last reading.
  const lag = 1000 * ((await server.figures()).get('nodejs_eventloop_lag_max_seconds') ?? Number.NaN);
  await pause(SETTLE_MS);
  const after = (await server.memory()).all;
  return [
    figure(`${count} ${name}: longest stall of the event loop`, lag, { unit: 'ms', bar: { most: STALL_MS } }),
    figure(`${count} ${name}: memory after / half-way`, after / before, {
      bar: { most: GROWTH },
      note: `${before.toFixed(0)} MiB, ${after.toFixed(0)} MiB`,
    }),
  ];
}

async function concurrently<T>(all: Iterable<T>, signal: AbortSignal, send: (one: T) => Promise<void>): Promise<void> {
  const left = all[Symbol.iterator]();
  const work = async () => {
    for (let next = left.next(); !next.done && !signal.aborted; next = left.next()) await send(next.value);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
}

function* inGroups<T>(all: Iterable<T>, size: number): Generator<T[], void, undefined> {
  let group: T[] = [];
  for (const one of all) {
    group.push(one);
    if (group.length < size) continue;
    yield group;
    group = [];
  }
  if (group.length > 0) yield group;
}
