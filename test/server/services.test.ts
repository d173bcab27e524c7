import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { createLog } from '../../src/server/log.ts';
import { createServices, type Services } from '../../src/server/services.ts';
import { loadServerSettings } from '../../src/server/settings.ts';
import { generate, tinyServices } from './workers.ts';

let services: Services;
before(async () => {
  services = await tinyServices();
});

test('models and guides are reported by the worker process', () => {
  const { info } = services.pool;
  assert.equal(info?.defaultModel, 'tiny');
  assert.ok(info?.guides.some(({ name, params }) => name === 'hold' && params.type === 'object'));
});

test('jobs that wait together share runs', async () => {
  const all = await Promise.all(
    Array.from({ length: 32 }, (_, seed) => services.jobs.submit({ work: generate({ seed }), client: `c${seed % 4}` })),
  );
  const ends = await Promise.all(all.map((job) => job.ended));
  assert.ok(ends.every(({ type }) => type === 'done'));
  const text = await services.metrics.text();
  const of = (name: string) => Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(text)?.[1]);
  assert.ok(of('kandid_run_rows_sum') >= 32 * 4);
  assert.ok(of('kandid_run_jobs_sum') / of('kandid_run_jobs_count') > 2, 'jobs per run');
});

test('previews are sent while a job runs, and its results are kept for later subscribers', async () => {
  const work = {
    ...generate({ seed: 4 }),
    previews: { format: 'webp', quality: 80, images: 1, perSecond: 60, levels: [0, 2] },
  } as const;
  const job = await services.jobs.submit({ work, client: 'a' });
  const types: string[] = [];
  for await (const event of services.jobs.watch(job)) if ('event' in event) types.push(event.event.type);
  assert.equal(types.filter((type) => type === 'preview').length, 2, types.join());
  assert.equal(types.at(-1), 'done');
  const later: string[] = [];
  for await (const event of services.jobs.watch(job)) if ('event' in event) later.push(event.event.type);
  assert.equal(later.at(-1), 'done');
});

test('events are logged', async () => {
  const lines: { msg: string; job?: string }[] = [];
  const log = createLog({ level: 'debug', destination: { write: (line) => lines.push(JSON.parse(line)) } });
  const settings = loadServerSettings({ device: 'cpu', defaultModel: 'tiny', threads: 1 }, {});
  const own = createServices(settings, ['models'], { log });
  await own.pool.start();
  const job = await own.jobs.submit({ work: generate(), client: 'a' });
  await job.ended;
  await own.close();
  const messages = lines.map(({ msg }) => msg);
  for (const message of ['worker ready', 'started', 'ended']) assert.ok(messages.includes(message), message);
  assert.equal(lines.find(({ msg }) => msg === 'ended')?.job, job.id);
});
