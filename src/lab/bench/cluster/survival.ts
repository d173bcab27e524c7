/** Counts jobs that are lost, doubled, or reported with gaps while gateways and workers are killed and Redis is restarted. */
import { Random } from '../../../kit/random.ts';
import { loadWith, pause } from '../server/context.ts';
import { ask } from '../server/http-client.ts';
import { type RunningCluster, withCluster } from './cluster.ts';
import { type ClusterContext, type ClusterFigures, put } from './context.ts';
import { follow, type Received } from './resuming-client.ts';

const CLIENTS = 16;
const KILL_MS = 1000;
/** Number of results of a request: it takes long enough to be affected by a kill. */
const RESULTS = 8;
/** Share of events after which a client hangs up. */
const HANG_UP = 0.02;
const TIMEOUT_MS = 180_000;
/** Time limit of the check of a job afterwards. */
const CHECK_MS = 30_000;

const SETTINGS = { leaseSeconds: 4, keptJobs: 100_000, keptBytes: 2 ** 30, perClient: 1000, drainSeconds: 1 };

export async function survival(context: ClusterContext): Promise<ClusterFigures> {
  const { amounts, base } = context;
  return await withCluster({ ...base, gateways: 2, workers: 2, threads: 1, settings: SETTINGS }, (cluster) =>
    measure(context, cluster, amounts.jobs),
  );
}

async function measure(context: ClusterContext, cluster: RunningCluster, jobs: number): Promise<ClusterFigures> {
  const { signal } = context;
  const random = Random.of(1);
  const received: Received[] = [];
  let started = 0;
  let isOver = false;
  const disturbing = disturb(context, cluster, random, () => (isOver ? 1 : received.length / jobs));
  const options = { urls: cluster.urls, hangsUp: () => random.uniform() < HANG_UP, timeoutMs: TIMEOUT_MS, signal };
  await loadWith(
    Math.min(CLIENTS, jobs),
    () => started < jobs && !signal.aborted,
    async (client) => {
      started += 1;
      const startMs = performance.now();
      received.push(await follow({ seed: started, count: RESULTS }, client, options));
      await pause(Math.max(0, context.amounts.paceMs - (performance.now() - startMs)));
    },
  );
  isOver = true;
  const { kills, restarts } = await disturbing;
  const figures: ClusterFigures = new Map();
  const accepted = received.filter(({ job }) => job !== null);
  const compared = await compare(cluster, accepted);
  put(figures, 'accepted', accepted.length, { bar: { least: jobs } });
  put(figures, 'lost', compared.lost, { bar: { most: 0 }, note: 'accepted jobs without an end' });
  put(figures, 'doubled', compared.doubled, { bar: { most: 0 }, note: 'accepted jobs with several ends' });
  put(figures, 'failed', accepted.filter(({ ends }) => ends[0]?.startsWith('error')).length, {
    note: `ends: ${[...new Set(accepted.flatMap(({ ends }) => ends))].join(', ')}`,
  });
  put(figures, 'resume.missing', compared.missing, { bar: { most: 0 } });
  put(figures, 'resume.repeated', compared.repeated, { bar: { most: 0 } });
  put(
    figures,
    'resume.count',
    accepted.reduce((sum, { resumes }) => sum + resumes, 0),
    { note: 'reconnections' },
  );
  put(figures, 'kills', kills, { note: 'gateways and workers killed by SIGKILL' });
  put(figures, 'redis.restarts', restarts);
  return figures;
}

/**
 * Every second, kills and restarts a random member, unless it is the last running one of its kind. Restarts Redis after each
 * third of the jobs.
 */
async function disturb(
  { signal }: ClusterContext,
  { redis, gateways, workers }: RunningCluster,
  random: Random,
  progress: () => number,
): Promise<{ kills: number; restarts: number }> {
  const starting: Promise<unknown>[] = [];
  let kills = 0;
  let restarts = 0;
  while (progress() < 1 && !signal.aborted) {
    await pause(KILL_MS);
    const candidates = [gateways, workers]
      .map((kind) => kind.filter(({ isReady }) => isReady))
      .filter(({ length }) => length > 1)
      .flat();
    const victim = candidates[random.integer(Math.max(1, candidates.length))];
    if (victim) {
      kills += 1;
      await victim.kill();
      // The first start fails if Redis is restarting.
      starting.push(victim.start().catch(() => victim.start()));
    }
    if (restarts < 2 && progress() > (restarts + 1) / 3) {
      await redis.restart(restarts === 0 ? 'SIGKILL' : 'SIGTERM');
      restarts += 1;
    }
  }
  await Promise.all(starting);
  return { kills, restarts };
}

/** Compares the events that clients received with the recorded events of the jobs. */
async function compare({ urls }: RunningCluster, accepted: readonly Received[]) {
  const sums = { lost: 0, doubled: 0, missing: 0, repeated: 0 };
  const [url] = urls;
  for (const { job, seqs, ends } of accepted) {
    const recorded = await recordedEvents(`${url}/v1/jobs/${job}/events`);
    const numbers = new Set(seqs);
    if (ends.length === 0 || recorded.ends === 0) sums.lost += 1;
    if (ends.length > 1 || recorded.ends > 1) sums.doubled += 1;
    sums.repeated += seqs.length - numbers.size;
    sums.missing += recorded.seqs.filter((seq) => !numbers.has(seq)).length;
  }
  return sums;
}

/** Sequence numbers of the required events of an ended job, and its number of ends. */
async function recordedEvents(url: string): Promise<{ seqs: number[]; ends: number }> {
  const end = performance.now() + CHECK_MS;
  while (performance.now() < end) {
    const { status, body } = await ask(url, { signal: AbortSignal.timeout(CHECK_MS) });
    if (status === 200) {
      const found = [...body.toString().matchAll(/^id: (\d+)\nevent: (\w+)$/gm)];
      const required = found.filter(([, , type]) => type !== 'queued' && type !== 'preview');
      const ends = required.filter(([, , type]) => type === 'done' || type === 'failed' || type === 'cancelled');
      return { seqs: required.map(([, seq]) => Number(seq)), ends: ends.length };
    }
    await pause(KILL_MS);
  }
  return { seqs: [], ends: 0 };
}
