/** Throughput with two workers, compared to one. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadWith, until } from '../server/context.ts';
import { ask } from '../server/http-client.ts';
import { withCluster } from './cluster.ts';
import { type ClusterContext, type ClusterFigures, put } from './context.ts';

const CLIENTS = 24;
/** Places per worker: few, so that they limit the throughput, and not the processor that all processes share. */
const PLACES = 4;
const WAIT_MS = 25;
const WARM_UP_SECONDS = 2;

/** A guide that waits without using the processor, like one on another machine. */
const WAITING = `export default ({ z }) => ({
  name: 'waiting',
  description: 'Scores all candidates equally, after a delay.',
  params: z.strictObject({}),
  create: () => ({
    async score({ batch, count }) {
      await new Promise((resolve) => setTimeout(resolve, ${WAIT_MS}));
      return new Float32Array(batch * count);
    },
  }),
});
`;

export async function speedup(context: ClusterContext): Promise<ClusterFigures> {
  const folder = mkdtempSync(join(tmpdir(), 'kandid-bench-'));
  writeFileSync(join(folder, 'waiting.mjs'), WAITING);
  try {
    const one = await rate(context, folder, 1);
    const two = await rate(context, folder, 2);
    const figures: ClusterFigures = new Map();
    put(figures, 'workers.one', one, { unit: '/s' });
    put(figures, 'workers.two', two, { unit: '/s' });
    const note = `${PLACES} places each, a guide that waits ${WAIT_MS} ms at every level: the processor is not what limits them`;
    put(figures, 'workers.speedup', two / one, { bar: { least: 1.8 }, note });
    return figures;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function rate({ base, amounts, signal }: ClusterContext, folder: string, workers: number): Promise<number> {
  const settings = { workerPlaces: PLACES, perClient: 1000, keptJobs: 100 };
  const size = { ...base, gateways: 1, workers, threads: 1, guides: [folder], settings };
  return await withCluster(size, async ({ urls }) => {
    const body = { guides: [{ name: 'waiting' }], base64: false };
    let answered = 0;
    const load = (seconds: number) =>
      loadWith(CLIENTS, until(seconds, signal), async (client) => {
        const { status } = await ask(`${urls[0]}/v1/generate`, { body: { ...body, seed: client } });
        if (status === 200) answered += 1;
      });
    await load(WARM_UP_SECONDS);
    answered = 0;
    const started = performance.now();
    await load(amounts.loadSeconds);
    return (1000 * answered) / (performance.now() - started);
  });
}
