/** Accepted jobs while gateways and workers are killed and Redis is restarted: how many are lost, doubled, told with gaps. */
import { Random } from '../../../kit/random.ts';
import { loadWith, pause } from '../server/context.ts';
import { ask } from '../server/http-client.ts';
import { type RunningCluster, withCluster } from './cluster.ts';
import { type ClusterContext, type ClusterFigures, put } from './context.ts';
import { follow, type Told } from './resuming-client.ts';

const CLIENTS = 16;
const KILL_MS = 1000;
/** Results of a request, so that it takes long enough to be hit. */
const RESULTS = 8;
/** Share of events after which a client hangs up. */
const HANG_UP = 0.02;
const PATIENCE_MS = 180_000;
/** Of what is found out afterwards. */
const ANSWER_MS = 30_000;

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
  const told: Told[] = [];
  let begun = 0;
  let isOver = false;
  const disturbing = disturb(context, cluster, random, () => (isOver ? 1 : told.length / jobs));
  const options = { urls: cluster.urls, hangsUp: () => random.uniform() < HANG_UP, patienceMs: PATIENCE_MS, signal };
  await loadWith(
    Math.min(CLIENTS, jobs),
    () => begun < jobs && !signal.aborted,
    async (client) => {
      begun += 1;
      const started = performance.now();
      told.push(await follow({ seed: begun, count: RESULTS }, client, options));
      await pause(Math.max(0, context.amounts.paceMs - (performance.now() - started)));
    },
  );
  isOver = true;
  const { kills, restarts } = await disturbing;
  const figures: ClusterFigures = new Map();
  const accepted = told.filter(({ job }) => job !== null);
  const compared = await compare(cluster, accepted);
  put(figures, 'accepted', accepted.length, { bar: { least: jobs } });
  put(figures, 'lost', compared.lost, { bar: { most: 0 }, note: 'accepted jobs without an end' });
  put(figures, 'doubled', compared.doubled, { bar: { most: 0 }, note: 'with more than one' });
  put(figures, 'failed', accepted.filter(({ ends }) => ends[0]?.startsWith('error')).length, {
    note: `each told so, once: ${[...new Set(accepted.flatMap(({ ends }) => ends))].join(', ')}`,
  });
  put(figures, 'resume.missing', compared.missing, { bar: { most: 0 } });
  put(figures, 'resume.repeated', compared.repeated, { bar: { most: 0 } });
  put(
    figures,
    'resume.count',
    accepted.reduce((sum, { resumes }) => sum + resumes, 0),
    { note: 'connections that went on' },
  );
  put(figures, 'kills', kills, { note: 'of gateways and workers, by SIGKILL' });
  put(figures, 'redis.restarts', restarts);
  return figures;
}

/** Kills one of those that are up every second, unless it is the last of its kind, and starts it again; restarts Redis after each third of the jobs. */
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
    // One of each kind is left: nobody can do anything where there is none.
    const up = [gateways, workers]
      .map((kind) => kind.filter(({ isReady }) => isReady))
      .filter(({ length }) => length > 1)
      .flat();
    const victim = up[random.integer(Math.max(1, up.length))];
    if (victim) {
      kills += 1;
      await victim.kill();
      // Where Redis is away just then it does not start, and is started once more.
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

/** What clients were told, against what is known of the jobs afterwards. */
async function compare({ urls }: RunningCluster, accepted: readonly Told[]) {
  const sums = { lost: 0, doubled: 0, missing: 0, repeated: 0 };
  const [url] = urls;
  for (const { job, seqs, ends } of accepted) {
    const known = await eventsOf(`${url}/v1/jobs/${job}/events`);
    const numbers = new Set(seqs);
    if (ends.length === 0 || known.ends === 0) sums.lost += 1;
    if (ends.length > 1 || known.ends > 1) sums.doubled += 1;
    sums.repeated += seqs.length - numbers.size;
    sums.missing += known.seqs.filter((seq) => !numbers.has(seq)).length;
  }
  return sums;
}

/** Events that count, by their numbers, of a job that has ended. */
async function eventsOf(url: string): Promise<{ seqs: number[]; ends: number }> {
  const end = performance.now() + ANSWER_MS;
  while (performance.now() < end) {
    const { status, body } = await ask(url, { signal: AbortSignal.timeout(ANSWER_MS) });
    if (status === 200) {
      const found = [...body.toString().matchAll(/^id: (\d+)\nevent: (\w+)$/gm)];
      const counting = found.filter(([, , type]) => type !== 'queued' && type !== 'preview');
      const ends = counting.filter(([, , type]) => type === 'done' || type === 'failed' || type === 'cancelled');
      return { seqs: counting.map(([, seq]) => Number(seq)), ends: ends.length };
    }
    await pause(KILL_MS);
  }
  return { seqs: [], ends: 0 };
}
