/** Thousands of mixed requests, to find leaks. */
import { Random } from '../../../kit/random.ts';
import { type BenchContext, loadWith, type Part, requestMaker } from './context.ts';
import { type Figure, figure, mean } from './figure.ts';
import { ask, type HttpRequestOptions } from './http-client.ts';
import { ServerProcess } from './server-process.ts';
import { StreamClient } from './stream-client.ts';

const USERS = 24;
/** Samples of the memory. */
const SAMPLES = 200;
/** Small retention limits, reached early, so that retained jobs do not look like a leak. */
const SETTINGS = { keptJobs: 50, requestsPerMinute: 0 };

export const mixedLoad: Part = {
  name: 'mixed',
  description: 'requests of all kinds: leaks',
  async run(context) {
    const server = await ServerProcess.start({
      ...context.server,
      settings: { ...context.server.settings, ...SETTINGS },
    });
    const { memory, statuses } = await load(context, server);
    const { code, ms } = await server.stop();
    return figuresOf(context, memory, statuses, { code, ms });
  },
};

type Step = () => Promise<number>;

/** Kinds of requests with their relative frequency; each returns its final status. */
async function kinds(server: ServerProcess): Promise<readonly (readonly [share: number, Step])[]> {
  const { url } = server;
  const request = await requestMaker();
  const { code, path } = await somePicture(url);
  const get = (path: string, options?: HttpRequestOptions): Step => {
    return async () => (await ask(`${url}${path}`, options)).status;
  };
  const post = (path: string, body: () => unknown): Step => {
    return async () => (await ask(`${url}${path}`, { body: body() })).status;
  };
  return [
    [8, post('/v1/generate', request)],
    [2, post('/v1/generate', () => request({ count: 2, sampler: { beams: 2 } }))],
    [1, post('/v1/images/generations', () => ({ prompt: 'a red hat', n: 1 }))],
    [3, () => bySocket(url, request, false)],
    [2, () => bySocket(url, request, true)],
    [3, () => asJob(url, request)],
    [4, post('/v1/decode', () => ({ codes: [code] }))],
    [3, post('/v1/encode', () => ({ image: request().guides?.[0]?.params?.image }))],
    [4, get(path)],
    [20, get('/v1/models')],
    [10, get('/v1/guides')],
    [10, get('/healthz')],
    [5, get('/v1/jobs')],
    [5, get('/openapi.json')],
    [5, post('/v1/generate', () => ({ colour: 'red' }))],
    [5, post('/v1/generate', () => '{"guides": [')],
    [5, get('/v1/images/nothing/AAAA.png')],
    [5, get('/nowhere')],
  ];
}

async function somePicture(url: string): Promise<{ code: string; path: string }> {
  const { body } = await ask(`${url}/v1/generate`, { body: { seed: 1, base64: false } });
  const { images } = JSON.parse(body.toString()) as { images: [{ codeString: string; url: string }] };
  return { code: images[0].codeString, path: new URL(images[0].url).pathname };
}

/** @param leaves whether the socket is closed midway */
async function bySocket(url: string, request: () => object, leaves: boolean): Promise<number> {
  const client = await StreamClient.open(url);
  const { type } = await client.generate(request(), ({ type: message }) => {
    if (leaves && message === 'level') client.ws.terminate();
  });
  await client.close();
  return leaves || type === 'done' ? 200 : 0;
}

/** Started and cancelled immediately. */
async function asJob(url: string, request: () => object): Promise<number> {
  const { status, headers } = await ask(`${url}/v1/jobs`, { body: request() });
  if (status !== 202) return status;
  return (await ask(`${url}${headers.location}`, { method: 'DELETE' })).status;
}

async function load({ amounts, signal }: BenchContext, server: ServerProcess) {
  const all = await kinds(server);
  const total = all.reduce((sum, [share]) => sum + share, 0);
  const random = Random.of(3);
  const draw = (): Step => {
    let left = random.uniform() * total;
    for (const [share, step] of all) {
      left -= share;
      if (left < 0) return step;
    }
    return (all[0] as (typeof all)[number])[1];
  };
  const memory: number[] = [];
  const statuses = new Map<number, number>();
  let begun = 0;
  let done = 0;
  const every = Math.max(1, Math.floor(amounts.mixedLoad / SAMPLES));
  const goesOn = () => begun < amounts.mixedLoad && !signal.aborted;
  await loadWith(Math.min(USERS, amounts.mixedLoad), goesOn, async () => {
    begun += 1;
    const status = await draw()();
    statuses.set(status, (statuses.get(status) ?? 0) + 1);
    done += 1;
    if (done % every === 0) memory.push((await server.memory()).all);
  });
  return { memory, statuses };
}

function figuresOf(
  { amounts }: BenchContext,
  memory: readonly number[],
  statuses: ReadonlyMap<number, number>,
  { code, ms }: { code: number | null; ms: number },
): Figure[] {
  const quarter = Math.max(1, Math.floor(memory.length / 4));
  const [second, last] = [mean(memory.slice(quarter, 2 * quarter)), mean(memory.slice(-quarter))];
  const bad = [...statuses].filter(([status]) => status === 0 || status >= 500);
  const counts = [...statuses].sort(([a], [b]) => a - b).map(([status, count]) => `${count} × ${status || 'none'}`);
  return [
    figure('mixed: memory in the last quarter ÷ the second', last / second, {
      bar: { most: 1.05 },
      note: `${second.toFixed(0)} and ${last.toFixed(0)} MiB, server and worker`,
    }),
    figure(
      'mixed: no answer, or 5xx',
      bad.reduce((sum, [, count]) => sum + count, 0),
      {
        bar: { most: 0 },
        note: `${amounts.mixedLoad} requests: ${counts.join(', ')}`,
      },
    ),
    figure('mixed: exit code after SIGTERM', code ?? Number.NaN, {
      bar: { most: 0 },
      note: `nothing left to keep it: it ended by itself in ${ms.toFixed(0)} ms`,
    }),
  ];
}
