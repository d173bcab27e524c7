/** Runs cases that try to crash or block a server, each on its own server, which must survive. */
import { type BenchContext, type Part, withServer } from '../context.ts';
import { type Figure, figure } from '../figure.ts';
import { ask } from '../http-client.ts';
import type { HostileCase } from './case.ts';
import { CASES } from './cases.ts';

export const hostile: Part = {
  name: 'hostile',
  description: 'heavy, endless and malformed requests: others are served, memory stays within its bounds',
  async run(context) {
    const figures: Figure[] = [];
    for (const one of CASES) if (!context.signal.aborted) figures.push(...(await outcomeOf(context, one)));
    return figures;
  },
};

function outcomeOf(context: BenchContext, { name, settings = {}, run }: HostileCase): Promise<Figure[]> {
  return withServer(context, settings, async (server) => {
    const workers = server.workers().join();
    const figures = await run(context, server);
    // A case may have stopped the server, and has then checked how it ended.
    if (server.hasStopped) return figures;
    const { status } = await ask(`${server.url}/healthz`);
    const lost = (status === 200 ? 0 : 1) + (server.workers().join() === workers ? 0 : 1);
    return [...figures, figure(`${name}: processes that ended, or do not answer`, lost, { bar: { most: 0 } })];
  });
}
