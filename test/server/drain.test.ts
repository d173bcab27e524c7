/** Shutting down with real processes. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { generate, holding, pidOf, tinyServices, until } from './workers.ts';

const isAlive = (pid: number) => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

test('jobs that are left are ended, and no process stays', async () => {
  const services = await tinyServices();
  const pid = pidOf(services);
  const job = await services.jobs.submit({ work: holding(1), client: 'a' });
  await until(services, job, 'level');
  await services.close();
  assert.equal(job.state, 'cancelled');
  assert.equal(isAlive(pid), false);
  assert.equal(services.pool.status()[0]?.state, 'stopped');
});

test('a process that is busy for ever is forced', async () => {
  const services = await tinyServices({ hangSeconds: 1 });
  const pid = pidOf(services);
  const work = generate({ guides: [{ name: 'poison', params: { way: 'spin' } }] });
  const job = await services.jobs.submit({ work, client: 'a' });
  await until(services, job, 'level');
  await job.ended;
  assert.equal(job.state, 'failed');
  assert.equal(isAlive(pid), false);
});

test('a model that cannot be opened is told at the start', async () => {
  await assert.rejects(tinyServices({ defaultModel: 'nothing' }), { code: 'model_unknown' });
});
