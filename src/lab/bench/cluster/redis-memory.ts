/** Memory of Redis over many jobs. */
import { execFileSync } from 'node:child_process';
import { loadWith } from '../server/context.ts';
import { mean } from '../server/figure.ts';
import { ask } from '../server/http-client.ts';
import { withCluster } from './cluster.ts';
import { type ClusterContext, type ClusterFigures, put } from './context.ts';

const CLIENTS = 24;
const SAMPLES = 100;
/** Number of ended jobs that are kept: few, so that the limit is reached early and does not look like growth. */
const KEPT = 200;
const MiB = 2 ** 20;

export async function redisMemory(context: ClusterContext): Promise<ClusterFigures> {
  const { base, amounts, signal } = context;
  const jobs = amounts.memoryJobs;
  const settings = { keptJobs: KEPT, perClient: 1000 };
  return await withCluster({ ...base, gateways: 1, workers: 1, settings }, async ({ urls, redis }) => {
    const memory: number[] = [];
    const statuses = new Map<number, number>();
    const every = Math.max(1, Math.floor(jobs / SAMPLES));
    let started = 0;
    let done = 0;
    await loadWith(
      CLIENTS,
      () => started < jobs && !signal.aborted,
      async () => {
        const seed = started++;
        const { status } = await ask(`${urls[0]}/v1/generate`, { body: { seed, base64: false } });
        statuses.set(status, (statuses.get(status) ?? 0) + 1);
        done += 1;
        if (done % every === 0) memory.push(usedMemory(redis.port));
      },
    );
    const quarter = Math.max(1, Math.floor(memory.length / 4));
    const [second, last] = [mean(memory.slice(quarter, 2 * quarter)), mean(memory.slice(-quarter))];
    const figures: ClusterFigures = new Map();
    const counts = [...statuses].map(([status, count]) => `${count} × ${status || 'none'}`).join(', ');
    put(figures, 'redis.memoryGrowth', last / second, {
      bar: { most: 1.05 },
      note: `last quarter ÷ second of ${jobs} jobs: ${(second / MiB).toFixed(1)} and ${(last / MiB).toFixed(1)} MiB; ${counts}`,
    });
    return figures;
  });
}

/** Used memory in bytes, as Redis reports it. */
function usedMemory(port: number): number {
  const info = execFileSync('redis-cli', ['-p', String(port), 'info', 'memory'], { encoding: 'utf8' });
  return Number(/^used_memory:(\d+)/m.exec(info)?.[1]);
}
