/** Shutdown with real processes. */
import assert from 'node:assert/strict';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import type { Job } from '../../src/server/jobs/job.ts';
import type { JobSubscriber } from '../../src/server/jobs/subscriber.ts';
import type { LocalServices } from '../../src/server/services.ts';
import { NODE_OPTIONS, program } from '../programs.ts';
import { generate, holding, pidOf, tinyServices, until } from './workers.ts';

const isAlive = (pid: number) => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

test('remaining jobs are ended, and no process remains', async () => {
  const services = await tinyServices();
  const pid = pidOf(services);
  const job = await services.jobs.submit({ work: holding(1), client: 'a' });
  await until(services, job, 'level');
  await services.close();
  assert.equal(job.state, 'cancelled');
  assert.equal(isAlive(pid), false);
  assert.equal(services.pool.status()[0]?.state, 'stopped');
});

/** Ends a job while its guide is scoring, and returns the notes of the guide. */
async function notesAfter(
  stop: (services: LocalServices, job: Job, subscriber: JobSubscriber) => unknown,
): Promise<readonly string[]> {
  const services = await tinyServices();
  const work = { ...generate({ guides: [{ name: 'patient' }] }), person: true };
  const job = await services.jobs.submit({ work, client: 'a', abandonSeconds: 0 });
  const subscriber = services.jobs.watch(job);
  await until(services, job, 'question');
  await stop(services, job, subscriber);
  const end = await job.ended;
  subscriber.close();
  return end.type === 'cancelled' ? end.notes : [end.type];
}

test('the signal of a guide aborts on cancellation, on shutdown, and when nobody is subscribed', async () => {
  assert.deepEqual(await notesAfter(({ jobs }, job) => jobs.cancel(job)), ['patient: told to stop']);
  assert.deepEqual(await notesAfter(({ jobs }) => jobs.drain(0)), ['patient: told to stop']);
  assert.deepEqual(await notesAfter((_, _job, subscriber) => subscriber.close()), ['patient: told to stop']);
});

test('a busy process is killed', async () => {
  const services = await tinyServices({ hangSeconds: 2 });
  const pid = pidOf(services);
  const work = generate({ guides: [{ name: 'poison', params: { way: 'spin' } }] });
  const job = await services.jobs.submit({ work, client: 'a' });
  await until(services, job, 'level');
  await job.ended;
  assert.equal(job.state, 'failed');
  assert.equal(isAlive(pid), false);
});

test('a model that cannot be opened is reported at startup', async () => {
  await assert.rejects(tinyServices({ defaultModel: 'nothing' }), { code: 'model_unknown' });
});

test('a killed server leaves no process', async () => {
  const server = fork(program('test/fixtures/serve-alone'), [], { execArgv: [...NODE_OPTIONS] });
  const [pid] = (await once(server, 'message')) as [number];
  assert.ok(isAlive(pid));
  server.kill('SIGKILL');
  await once(server, 'exit');
  while (isAlive(pid)) await setTimeout(10);
});
