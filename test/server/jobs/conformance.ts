/** Conformance suite of job stores, for one process and for a cluster. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import type { Gap, LogEntry } from '../../../src/server/jobs/event-log.ts';
import type { Job, JobSpec } from '../../../src/server/jobs/job.ts';
import type { JobService } from '../../../src/server/jobs/service.ts';
import type { Work } from '../../../src/worker/messages.ts';
import { type FakeRunner, WORK } from '../fake-runner.ts';
import { cancelled, done, level, preview, question } from '../job-events.ts';

export interface Backend {
  /** Entry points for requests, which share jobs. */
  readonly fronts: readonly [JobService, JobService];
  readonly runner: FakeRunner;
  close(): Promise<void>;
}

const MAX_WAITING_MS = 30_000;

/** Resolves when the condition holds. */
export async function until(holds: () => unknown, what = String(holds)): Promise<void> {
  const end = performance.now() + MAX_WAITING_MS;
  while (!(await holds())) {
    assert.ok(performance.now() < end, `it did not come to: ${what}`);
    await setTimeout(2);
  }
}

/** @param open creates a store with limits of 6 waiting jobs, and 4 open ones per client */
export function conforms(name: string, open: () => Promise<Backend>, skip: string | false = false): void {
  describe(name, { skip }, () => {
    let backend: Backend;
    before(async () => {
      backend = await open();
    });
    after(() => backend.close());
    const jobsOf = (front: 0 | 1 = 0) => backend.fronts[front];
    const submit = (spec: Partial<JobSpec> = {}, front: 0 | 1 = 0) =>
      jobsOf(front).submit({ work: WORK, client: 'a', ...spec });
    const runs = (id: string, attempt = 1) =>
      until(
        () => backend.runner.running.get(id)?.assignment.ticket.attempt === attempt,
        `${id} runs, attempt ${attempt}`,
      );
    const sentTo = (id: string) => backend.runner.sent.filter(({ job }) => job === id).map(({ message }) => message);

    test('a job is queued, run and ended, visible at both fronts', async () => {
      const { runner } = backend;
      const job = await submit();
      const watching = eventsOf(jobsOf(), job);
      await runs(job.id);
      runner.event(job.id, level(0), level(1), done());
      const events = await watching;
      assert.deepEqual(namesOf(events), ['level 0', 'level 1', 'done']);
      const same = await jobsOf(1).get(job.id);
      assert.equal(same.state, 'done');
      assert.deepEqual(same.end, done());
      const counting = (all: readonly LogEntry[]) => all.filter(({ event }) => event.type !== 'queued');
      assert.deepEqual(counting(await eventsOf(jobsOf(1), same)), counting(events));
      const { jobs } = await jobsOf(1).list({ client: 'a' });
      assert.deepEqual(jobs.map(({ id, state }) => [id, state])[0], [job.id, 'done']);
      await assert.rejects(async () => jobsOf().get('job_none'), { code: 'job_unknown' });
    });

    test('a client resumes at another front without gaps or repeats', async () => {
      const { runner } = backend;
      const job = await submit();
      await runs(job.id);
      const first = jobsOf().watch(job);
      runner.event(job.id, level(0), level(1));
      const seen: LogEntry[] = [];
      await until(() => {
        for (let next = first.next(); next; next = first.next()) seen.push(entryOf(next));
        return seen.at(-1)?.event.type === 'level' && namesOf(seen).includes('level 1');
      });
      first.close();
      runner.event(job.id, level(2), preview(2), level(3));
      const rest = eventsOf(jobsOf(1), await jobsOf(1).get(job.id), seen.at(-1)?.seq);
      runner.event(job.id, done());
      const all = [...seen, ...(await rest)];
      assert.deepEqual(namesOf(all), ['level 0', 'level 1', 'level 2', 'level 3', 'done']);
      const numbers = all.map(({ seq }) => seq);
      assert.deepEqual(
        numbers,
        [...new Set(numbers)].sort((a, b) => a - b),
      );
    });

    test('clients take turns, higher priorities first', async () => {
      const { runner } = backend;
      runner.room = 0;
      const specs = [['x'], ['x'], ['y'], ['z', 3], ['x']] as const;
      const jobs: Job[] = [];
      for (const [client, priority = 0] of specs) jobs.push(await submit({ client, priority }));
      const begun = runner.begun.length;
      runner.makeRoom(1);
      for (let n = 0; n < jobs.length; n++) {
        await until(() => runner.begun.length === begun + n + 1);
        runner.event(runner.begun.at(-1)?.ticket.job as string, done());
      }
      const order = runner.begun.slice(begun).map(({ ticket }) => jobs.findIndex(({ id }) => id === ticket.job));
      assert.deepEqual(order, [3, 0, 2, 1, 4]);
      await Promise.all(jobs.map((job) => jobsOf().endOf(job)));
    });

    test('limits in total and per client apply at both fronts', async () => {
      const { runner } = backend;
      runner.room = 0;
      const open = [await submit(), await submit({}, 1), await submit(), await submit({}, 1)];
      await assert.rejects(submit(), { code: 'client_busy' });
      await assert.rejects(submit({}, 1), { code: 'client_busy' });
      await assert.rejects(submit({ client: 'b', mostOpen: 0 }), { code: 'client_busy' });
      open.push(await submit({ client: 'b' }), await submit({ client: 'b' }, 1));
      await assert.rejects(submit({ client: 'c' }), { code: 'queue_full' });
      await Promise.all(open.map((job) => jobsOf().cancel(job)));
      const next = await submit();
      await jobsOf().cancel(next);
      runner.makeRoom(1);
    });

    test('an idempotency key returns the same job at both fronts, and is refused for another request', async () => {
      const { runner } = backend;
      const [first, again] = [await submit({ idempotencyKey: 'k' }), await submit({ idempotencyKey: 'k' }, 1)];
      assert.equal(again.id, first.id);
      const other = { ...WORK, request: { seed: 1 } } as Work;
      await assert.rejects(submit({ idempotencyKey: 'k', work: other }, 1), { code: 'idempotency_conflict' });
      assert.notEqual((await submit({ idempotencyKey: 'k', client: 'b' })).id, first.id);
      for (const { id } of [first, (await jobsOf().list({ client: 'b' })).jobs[0] as Job]) {
        await runs(id);
        runner.event(id, done());
      }
      assert.equal((await submit({ idempotencyKey: 'k' }, 1)).id, first.id, 'as long as the job is known');
    });

    test('a waiting job is cancelled at once and never starts', async () => {
      const { runner } = backend;
      runner.room = 0;
      const job = await submit();
      const begun = runner.begun.length;
      await jobsOf(1).cancel(await jobsOf(1).get(job.id));
      const end = await jobsOf().endOf(job);
      assert.ok(end.type === 'cancelled' && end.level === 0);
      runner.makeRoom(1);
      const next = await submit();
      await runs(next.id);
      assert.equal(runner.begun.length, begun + 1);
      runner.event(next.id, done());
      await jobsOf().endOf(next);
    });

    test('a running job is asked to stop, and ends once with its results so far', async () => {
      const { runner } = backend;
      const job = await submit();
      await runs(job.id);
      await Promise.all([jobsOf().cancel(job), jobsOf(1).cancel(await jobsOf(1).get(job.id))]);
      await until(() => sentTo(job.id).length > 0);
      assert.deepEqual(sentTo(job.id), [{ type: 'cancel' }]);
      runner.event(job.id, cancelled());
      assert.deepEqual(await jobsOf().endOf(job), cancelled());
      await jobsOf().cancel(job);
      assert.equal((await jobsOf(1).get(job.id)).state, 'cancelled');
    });

    test('a job whose process is lost is run once more, and messages of the first attempt are ignored', async () => {
      const { runner } = backend;
      const job = await submit();
      const watching = eventsOf(jobsOf(), job);
      await runs(job.id);
      runner.event(job.id, level(0));
      const [old] = runner.crash('killed by SIGKILL');
      await runs(job.id, 2);
      old?.event(level(7));
      old?.event(done(1));
      old?.lost('again');
      runner.event(job.id, level(0), done(2));
      const events = await watching;
      assert.deepEqual(namesOf(events), ['level 0', 'level 0', 'done']);
      assert.deepEqual(
        events.filter(({ event }) => event.type === 'level').map(({ attempt }) => attempt),
        [1, 2],
      );
      assert.deepEqual(job.end, done(2));
    });

    test('a job that is lost twice fails with the last output of its process', async () => {
      const { runner } = backend;
      const job = await submit();
      await runs(job.id);
      runner.crash('killed by SIGKILL');
      await runs(job.id, 2);
      runner.crash('killed by SIGSEGV');
      const end = await jobsOf().endOf(job);
      assert.ok(end.type === 'failed' && end.error.code === 'worker_lost', JSON.stringify(end));
      assert.match(end.error.message, /SIGSEGV/);
      assert.equal(runner.running.size, 0);
    });

    test('picks and weights reach the job from both fronts; a second attempt keeps the weights', async () => {
      const { runner } = backend;
      const work = { ...WORK, request: { guides: [{ name: 'x' }, { name: 'y' }] } } as Work;
      const job = await submit({ work });
      const subscriber = jobsOf().watch(job);
      await runs(job.id);
      await assert.rejects(async () => jobsOf().weigh(job, [1]), { code: 'option_invalid' });
      await jobsOf(1).weigh(await jobsOf(1).get(job.id), [0.5, -1]);
      await until(() => sentTo(job.id).some(({ type }) => type === 'weights'));
      runner.event(job.id, question(0));
      await until(() => job.question !== null);
      await assert.rejects(async () => jobsOf().choose(job, 0, [9]), { code: 'option_invalid' });
      await jobsOf(1).choose(await jobsOf(1).get(job.id), 0, [2]);
      await until(() => sentTo(job.id).some(({ type }) => type === 'answer'));
      assert.deepEqual(sentTo(job.id).at(-1), { type: 'answer', question: 0, picks: [2] });
      runner.event(job.id, { type: 'chosen', question: 0, picks: [2], by: 'person' });
      runner.crash();
      await runs(job.id, 2);
      const again = runner.running.get(job.id)?.assignment.ticket.work;
      assert.deepEqual(again?.kind === 'generate' && again.request.guides?.map(({ weight }) => weight), [0.5, -1]);
      runner.event(job.id, done());
      await jobsOf().endOf(job);
      subscriber.close();
    });

    test('receiving a preview requests the next one; of those not received the latest is kept', async () => {
      const { runner } = backend;
      const job = await submit();
      await runs(job.id);
      runner.event(job.id, preview(0), preview(1), level(1), preview(2));
      const subscriber = jobsOf().watch(job);
      const shown: number[] = [];
      await until(() => {
        for (let next = subscriber.next(); next; next = subscriber.next())
          if ('event' in next && next.event.type === 'preview') shown.push(next.event.level);
        return shown.includes(2);
      });
      await until(() => sentTo(job.id).some((message) => message.type === 'taken' && message.level === 2));
      runner.event(job.id, done());
      await jobsOf().endOf(job);
      subscriber.close();
      assert.deepEqual(namesOf(await eventsOf(jobsOf(1), await jobsOf(1).get(job.id))), ['level 1', 'done']);
    });

    test('a job without subscribers is dropped if requested', async () => {
      const { runner } = backend;
      const job = await submit({ abandonSeconds: 0 });
      await runs(job.id);
      jobsOf().watch(job).close();
      await until(() => sentTo(job.id).length > 0);
      assert.deepEqual(sentTo(job.id), [{ type: 'drop' }]);
      runner.event(job.id, { ...cancelled(), results: [] });
      assert.equal((await jobsOf().endOf(job)).type, 'cancelled');
    });

    test('a running job ends at its deadline with its results so far', async () => {
      const { runner } = backend;
      const job = await submit({ deadlineSeconds: 0.3 });
      await runs(job.id);
      await until(() => sentTo(job.id).length > 0);
      assert.deepEqual(sentTo(job.id), [{ type: 'cancel' }]);
      runner.event(job.id, cancelled());
      assert.equal((await jobsOf().endOf(job)).type, 'cancelled');
    });

    test('nothing is waiting or running at the end', async () => {
      await until(() => jobsOf().waiting + jobsOf().running === 0);
      assert.equal(backend.runner.running.size, 0);
    });
  });
}

/** All events of a job to its end. */
async function eventsOf(jobs: JobService, job: Job, since?: number): Promise<LogEntry[]> {
  const events: LogEntry[] = [];
  for await (const next of jobs.watch(job, { since })) events.push(entryOf(next));
  return events;
}

function entryOf(next: LogEntry | Gap): LogEntry {
  assert.ok('event' in next, `gap ${JSON.stringify(next)}`);
  return next;
}

/** Sequence numbers of the events that every client must receive. */
function namesOf(events: readonly LogEntry[]): string[] {
  return events
    .map(({ event }) => event)
    .filter(({ type }) => type !== 'queued' && type !== 'preview')
    .map((event) => (event.type === 'level' ? `level ${event.level}` : event.type));
}
