/** Worker processes killed at random under load. */
import { Random } from '../../../kit/random.ts';
import { type BenchContext, loadWith, meanwhile, type Part, pause, requestMaker, withServer } from './context.ts';
import { type Figure, figure } from './figure.ts';
import { ask } from './http-client.ts';
import type { ServerProcess } from './server-process.ts';
import { type RequestLog, StreamClient } from './stream-client.ts';

const PROBE_MS = 50;
const POLL_MS = 20;
/** Largest delay between a worker's readiness and its kill. */
const LONGEST_LIFE_MS = 1500;

export const workerKills: Part = {
  name: 'kills',
  description: 'workers killed at random under load',
  run: (context) => withServer(context, { keptJobs: 50 }, (server) => measure(context, server)),
};

async function measure(context: BenchContext, server: ServerProcess): Promise<Figure[]> {
  const { amounts } = context;
  const request = await requestMaker();
  const clients = await Promise.all(Array.from({ length: amounts.killSockets }, () => StreamClient.open(server.url)));
  const ended: RequestLog[] = [];
  let killed = 0;
  let isOver = false;
  const probe = async () => (await ask(`${server.url}/healthz`)).status;
  const { samples } = await meanwhile(PROBE_MS, probe, async () => {
    const load = loadWith(
      clients.length,
      () => !isOver,
      async (one) => {
        ended.push(await (clients[one] as StreamClient).generate(request()));
      },
    );
    killed = await killing(context, server).finally(() => {
      isOver = true;
    });
    await load;
  });
  await Promise.all(clients.map((client) => client.close()));
  const count = (...types: RequestLog['type'][]) => ended.filter(({ type }) => types.includes(type)).length;
  const surplus = clients.reduce((sum, client) => sum + client.surplusEnds, 0);
  const accepted = ended.filter(({ wasAccepted }) => wasAccepted);
  const endless = accepted.filter(({ type }) => type === 'lost').length;
  const down = samples.filter((status) => status !== 200).length;
  const note = `${accepted.length} accepted: ${count('done')} done, ${count('error')} failed after a second loss`;
  return [
    figure('workers killed', killed, { bar: { least: amounts.workerKills } }),
    figure('kills: accepted jobs that did not end exactly once', endless + surplus, { bar: { most: 0 }, note }),
    figure('kills: requests refused', ended.length - accepted.length),
    figure('kills: times that the server was down', down + (server.isAlive ? 0 : 1), {
      bar: { most: 0 },
      note: `asked ${samples.length} times`,
    }),
  ];
}

/** Repeatedly kills a worker a random time after it is ready. Returns the number of kills. */
async function killing({ amounts, signal }: BenchContext, server: ServerProcess): Promise<number> {
  const random = Random.of(1);
  const end = performance.now() + 1000 * amounts.killSeconds;
  let killed = 0;
  while (killed < amounts.workerKills && performance.now() < end && !signal.aborted && server.isAlive) {
    if ((await ask(`${server.url}/readyz`)).status !== 200) {
      await pause(POLL_MS);
      continue;
    }
    await pause(random.uniform() * LONGEST_LIFE_MS);
    const workers = server.workers();
    const pid = workers[random.integer(Math.max(1, workers.length))];
    if (pid === undefined) continue;
    process.kill(pid, 'SIGKILL');
    killed += 1;
    await pause(POLL_MS);
  }
  return killed;
}
