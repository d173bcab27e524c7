/** Real processes, killed in the middle of jobs. */
import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import type { Job } from '../../../src/server/jobs/job.ts';
import type { LocalServices } from '../../../src/server/services.ts';
import { generate, holding, pidOf, tinyServices, until } from '../workers.ts';

let services: LocalServices;
before(async () => {
  services = await tinyServices({ hangSeconds: 20 });
});

const submit = (work: Parameters<LocalServices['jobs']['submit']>[0]['work'], client = 'a') =>
  services.jobs.submit({ work, client });
const kill = () => process.kill(pidOf(services), 'SIGKILL');
/** A request that blocks at a level. */
const standsAt = (job: Job, attempt: number, level: number) =>
  until(services, job, 'level', (event) => event.type === 'level' && event.level === level && job.attempt === attempt);

function errorOf(job: Job) {
  return job.end?.type === 'failed' ? job.end.error : null;
}

test('a job is run in another process', async () => {
  const job = await submit(generate({ seed: 1, count: 2 }));
  const end = await job.ended;
  assert.ok(end.type === 'done', JSON.stringify(end));
  assert.equal(end.results.length, 2);
  assert.deepEqual([...(end.results[0]?.bytes.subarray(1, 4) ?? [])], [...Buffer.from('PNG')]);
  assert.ok(end.results[0]?.bytes instanceof Uint8Array);
  assert.notEqual(pidOf(services), process.pid);
});

test('a killed job is run once more; killed again, it fails, and others continue', async () => {
  const job = await submit(holding(2));
  await standsAt(job, 1, 1);
  kill();
  await standsAt(job, 2, 1);
  const other = await submit(generate({ seed: 2 }), 'b');
  await other.ended;
  kill();
  await job.ended;
  assert.equal(job.state, 'failed');
  assert.equal(errorOf(job)?.code, 'worker_lost');
  assert.match(errorOf(job)?.message ?? '', /SIGKILL/);
  assert.equal(other.state, 'done');
  const next = await submit(generate({ seed: 2 }));
  assert.equal((await next.ended).type, 'done');
});

test('a job that kills its process does not end others', async () => {
  const [poison, ...others] = await Promise.all([
    submit(generate({ guides: [{ name: 'poison', params: { way: 'kill' } }] })),
    ...[1, 2, 3].map((seed) =>
      submit(generate({ seed, guides: [{ name: 'hold', params: { level: 9 } }] }), `c${seed}`),
    ),
  ]);
  await Promise.all([poison.ended, ...others.map((job) => job.ended)]);
  assert.equal(errorOf(poison)?.code, 'worker_lost');
  assert.deepEqual(
    others.map(({ state }) => state),
    ['done', 'done', 'done'],
  );
});

test('with random kills every job ends exactly once', async () => {
  const all = await Promise.all(
    Array.from({ length: 40 }, (_, seed) => submit(generate({ seed, count: 2 }), `c${seed % 5}`)),
  );
  for (let i = 0; i < 4; i++) {
    const [running] = services.jobs.list({ state: 'running' }).jobs;
    if (running) await until(services, running, 'started').catch(() => {});
    const { pid } = services.pool.status()[0] ?? {};
    if (pid) process.kill(pid, 'SIGKILL');
    const waiting = all.find(({ isOpen }) => isOpen);
    if (waiting) await until(services, waiting, 'level').catch(() => {});
  }
  await Promise.all(all.map((job) => job.ended));
  for (const job of all) {
    const ends = [job.state === 'done', errorOf(job)?.code === 'worker_lost'].filter(Boolean);
    assert.equal(ends.length, 1, `${job.state} ${errorOf(job)?.code}`);
  }
  assert.equal(services.jobs.running + services.jobs.waiting, 0);
});

test('an unhandled rejection in a guide ends nothing', async () => {
  await (await submit(generate({ seed: 1 }))).ended;
  const pid = pidOf(services);
  const job = await submit(generate({ guides: [{ name: 'poison', params: { way: 'reject' } }] }));
  assert.equal((await job.ended).type, 'done');
  assert.equal(pidOf(services), pid);
});

test('cancel reaches a job in another process, which returns its results so far', async () => {
  const job = await submit(holding(3));
  await standsAt(job, 1, 2);
  await services.jobs.cancel(job);
  const end = await job.ended;
  assert.ok(end.type === 'cancelled');
  assert.equal(end.level, 3);
  assert.equal(end.results.length, 1);
});
