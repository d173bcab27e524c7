/** One socket that never reads beside others that do. */
import { median } from '../timing.ts';
import { type BenchContext, loadWith, type Part, pause, requestMaker, until, withServer } from './context.ts';
import { type Figure, figure } from './figure.ts';
import { ask } from './http-client.ts';
import type { ServerProcess } from './server-process.ts';
import { StreamClient } from './stream-client.ts';

/** Large pictures that fill all buffers in between: about 15 MB. */
const CLOG = { requests: 24, size: 1024 } as const;
/** It keeps sending requests, rarely enough that they cause little load. */
const ASKS_EVERY_MS = 2500;
/** Small retention limits, so that ended jobs do not look like growth. */
const SETTINGS = { keptJobs: 20 };

export const slowReader: Part = {
  name: 'slow-reader',
  description: 'one socket that never reads beside others that do',
  run: (context) =>
    withServer(context, SETTINGS, async (server) => {
      const request = await requestMaker();
      const readers = await Promise.all(
        Array.from({ length: context.amounts.readers }, () => StreamClient.open(server.url)),
      );
      const all: { without: number[]; meanwhile: number[]; memory: number[] } = {
        without: [],
        meanwhile: [],
        memory: [],
      };
      await window(context, readers, request);
      for (let n = 0; n < context.amounts.windows && !context.signal.aborted; n++) {
        all.without.push(...(await window(context, readers, request)));
        const stuck = await clogged(server, request);
        const asking = setInterval(() => askInVain(stuck, request()), ASKS_EVERY_MS);
        all.meanwhile.push(...(await window(context, readers, request)));
        clearInterval(asking);
        all.memory.push((await server.memory()).server);
        stuck.ws.terminate();
      }
      await Promise.all(readers.map((reader) => reader.close()));
      return figuresOf(context, all);
    }),
};

/** Milliseconds of each request. */
async function window(
  { amounts, signal }: BenchContext,
  readers: readonly StreamClient[],
  request: Awaited<ReturnType<typeof requestMaker>>,
): Promise<number[]> {
  const ms: number[] = [];
  await loadWith(readers.length, until(amounts.windowSeconds, signal), async (one) => {
    const log = await (readers[one] as StreamClient).generate(request());
    ms.push(log.type === 'done' ? log.ms : Number.POSITIVE_INFINITY);
  });
  return ms;
}

/** The response is never read, and the socket is closed before there is one. */
function askInVain(stuck: StreamClient, body: Parameters<StreamClient['generate']>[0]): void {
  stuck.generate(body).catch(() => {});
}

/** Opens a socket that reads nothing, and resolves when all its requests are computed. */
async function clogged(
  server: ServerProcess,
  request: Awaited<ReturnType<typeof requestMaker>>,
): Promise<StreamClient> {
  const stuck = await StreamClient.open(server.url);
  stuck.ws.pause();
  for (let n = 0; n < CLOG.requests; n++) askInVain(stuck, request({ size: CLOG.size }));
  for (;;) {
    await pause(50);
    const { body } = await ask(`${server.url}/readyz`);
    const { waiting, running } = JSON.parse(body.toString()) as { waiting: number; running: number };
    if (waiting + running === 0) return stuck;
  }
}

function figuresOf(
  { amounts }: BenchContext,
  { without, meanwhile, memory }: { without: number[]; meanwhile: number[]; memory: number[] },
): Figure[] {
  const [before, after] = [median(without), median(meanwhile)];
  const [first, last] = [memory[0] ?? Number.NaN, memory.at(-1) ?? Number.NaN];
  return [
    figure('a socket that never reads: time of the others ÷ without it', after / before, {
      bar: { most: 1.1 },
      note: `${amounts.readers} sockets, medians ${before.toFixed(0)} and ${after.toFixed(0)} ms of ${meanwhile.length} requests`,
    }),
    figure('a socket that never reads: memory of the server, last ÷ first such window', last / first, {
      bar: { most: 1.1 },
      note: `${first.toFixed(0)} and ${last.toFixed(0)} MiB`,
    }),
  ];
}
