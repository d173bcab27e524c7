import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as breathe } from 'node:timers/promises';
import { KandidError } from '../../../src/errors.ts';
import type { Job } from '../../../src/server/jobs/job.ts';
import type { Work } from '../../../src/worker/messages.ts';
import { jobsOf, WORK } from '../fake-runner.ts';
import { cancelled, done, level, preview, question } from '../job-events.ts';

const typesOf = (job: Job) => {
  const types: string[] = [];
  for (let next = job.log.after(-1); next && 'event' in next; next = job.log.after(next.seq))
    types.push(next.event.type);
  return types;
};

test('a job is queued, run and ended, and its result is kept', async () => {
  const { jobs, runner, submit } = jobsOf();
  const job = await submit();
  await breathe();
  assert.match(job.id, /^job_[\w-]{22}$/);
  assert.equal(job.state, 'running');
  runner.event(job.id, level(0), done());
  assert.equal(job.state, 'done');
  assert.equal((await job.ended).type, 'done');
  assert.deepEqual(typesOf(job), ['queued', 'level', 'done']);
  assert.equal(jobs.get(job.id), job);
  assert.equal(job.work, null);
  assert.equal(jobs.kept.jobs, 1);
});

test('jobs start in fair order as places become free, and waiting ones report their position', async () => {
  const { jobs, runner, clock, submit } = jobsOf();
  const [a1, a2, a3, b1] = [await submit('a'), await submit('a'), await submit('a'), await submit('b')];
  await breathe();
  assert.deepEqual([a1.state, a2.state, jobs.waiting, jobs.running], ['running', 'queued', 3, 1]);
  clock.pass(1000);
  await breathe();
  assert.deepEqual([a2.position, b1.position, a3.position], [0, 1, 2]);
  clock.pass(3000);
  runner.event(a1.id, done());
  await breathe();
  assert.equal(a2.state, 'running');
  clock.pass(1000);
  await breathe();
  assert.equal(b1.position, 0);
  assert.equal(jobs.estimateSeconds(b1), 4);
  assert.equal(jobs.estimateSeconds(a2), null);
});

test('too many jobs are refused: in total, per client, per request', async () => {
  const refusals: string[] = [];
  const { submit } = jobsOf({
    limits: { waiting: 3, perClient: 2 },
    observer: { refused: ({ code }) => refusals.push(code) },
  });
  await submit('a');
  await submit('a');
  await assert.rejects(submit('a'), { code: 'client_busy', status: 429 });
  await submit('b');
  await submit('c');
  await assert.rejects(submit('d'), { code: 'queue_full', status: 429 });
  const large: Work = { ...WORK, request: { count: 5, sampler: { beams: [1, 4] } } } as Work;
  await assert.rejects(submit('d', { work: large }), { code: 'request_too_large' });
  assert.deepEqual(refusals, ['client_busy', 'queue_full', 'request_too_large']);
});

test('without workers no jobs are accepted', async () => {
  const { runner, submit } = jobsOf();
  runner.unavailable = new KandidError('worker_unavailable', { reason: 'no model', retrySeconds: 5 });
  await assert.rejects(submit(), { code: 'worker_unavailable', status: 503 });
});

test('an idempotency key returns the same job, and is refused for another request', async () => {
  const { jobs, runner, submit } = jobsOf();
  const first = await submit('a', { idempotencyKey: 'k' });
  assert.equal(await submit('a', { idempotencyKey: 'k' }), first);
  await breathe();
  runner.event(first.id, done());
  assert.equal(await submit('a', { idempotencyKey: 'k' }), first);
  assert.notEqual(await submit('b', { idempotencyKey: 'k' }), first);
  const other: Work = { ...WORK, request: { seed: 1 } } as Work;
  await assert.rejects(submit('a', { idempotencyKey: 'k', work: other }), {
    code: 'idempotency_conflict',
    status: 422,
  });
  assert.equal(jobs.list({ client: 'a' }).jobs.length, 1);
});

test('a refused job does not use its idempotency key', async () => {
  const { jobs, runner, submit } = jobsOf({ limits: { waiting: 1 } });
  runner.room = 0;
  const first = await submit('a');
  await assert.rejects(submit('b', { idempotencyKey: 'k' }), { code: 'queue_full' });
  await jobs.cancel(first);
  assert.equal((await submit('b', { idempotencyKey: 'k' })).state, 'queued');
});

test('a waiting job is cancelled at once and never starts', async () => {
  const { jobs, runner, submit } = jobsOf();
  const [running, waiting] = [await submit(), await submit()];
  await breathe();
  await jobs.cancel(waiting);
  await jobs.cancel(waiting);
  assert.equal(waiting.state, 'cancelled');
  assert.equal(waiting.end?.type === 'cancelled' && waiting.end.level, 0);
  runner.event(running.id, done());
  await breathe();
  assert.equal(runner.begun.length, 1);
  await jobs.cancel(running);
  assert.equal(running.state, 'done');
});

test('a job cancelled at the moment it would start does not start, and ends once', async () => {
  const { jobs, runner, submit } = jobsOf();
  const job = await submit();
  await jobs.cancel(job);
  await breathe();
  if (job.state === 'running') runner.event(job.id, cancelled());
  assert.equal(job.state, 'cancelled');
  assert.equal(runner.running.size, 0);
});

test('a running job is asked to stop and ends with its results so far', async () => {
  const { jobs, runner, submit } = jobsOf();
  const job = await submit();
  await breathe();
  await jobs.cancel(job);
  assert.equal(job.state, 'running');
  assert.deepEqual(runner.sent, [{ job: job.id, message: { type: 'cancel' } }]);
  runner.event(job.id, cancelled());
  assert.equal(job.end?.type === 'cancelled' && job.end.results.length, 1);
});

test('a job whose process is lost is run once more, before all others, then fails', async () => {
  const { runner, submit } = jobsOf();
  const [first, second] = [await submit(), await submit()];
  await breathe();
  runner.event(first.id, level(0));
  const [lost] = runner.crash();
  await breathe();
  assert.equal(first.attempt, 2);
  assert.equal(first.state, 'running');
  assert.equal(second.state, 'queued');
  lost?.event(done());
  assert.equal(first.state, 'running', 'what an earlier attempt still says does not count');
  lost?.lost('again');
  assert.equal(first.attempt, 2);
  runner.crash('killed by SIGSEGV');
  await breathe();
  assert.equal(first.state, 'failed');
  assert.equal(first.end?.type === 'failed' && first.end.error.code, 'worker_lost');
  assert.match(first.end?.type === 'failed' ? first.end.error.message : '', /SIGSEGV/);
  assert.equal(second.state, 'running');
  assert.deepEqual(typesOf(first), ['level', 'queued', 'failed']);
});

test('jobs lost together are run again one at a time, so that only the faulty one fails', async () => {
  const { runner, submit } = jobsOf();
  runner.room = 10;
  const all = [await submit(), await submit(), await submit()];
  await breathe();
  runner.crash();
  await breathe();
  assert.deepEqual([...runner.running.keys()], [all[0]?.id]);
  const fresh = await submit();
  await breathe();
  assert.equal(fresh.state, 'running');
  runner.crash();
  await breathe();
  assert.equal(all[0]?.state, 'failed');
  for (const job of [all[1], all[2], fresh]) {
    assert.ok(job);
    runner.event(job.id, done());
    await breathe();
    assert.equal(job.state, 'done');
    assert.equal(job.attempt, 2);
  }
});

test('a job being cancelled is not run again', async () => {
  const { jobs, runner, submit } = jobsOf();
  const job = await submit();
  await breathe();
  await jobs.cancel(job);
  runner.crash();
  assert.equal(job.state, 'cancelled');
});

test('subscribers request the next preview', async () => {
  const { jobs, runner, submit } = jobsOf();
  const job = await submit();
  await breathe();
  runner.event(job.id, preview(0));
  assert.deepEqual(runner.sent, []);
  const subscriber = jobs.watch(job);
  while (subscriber.next());
  assert.deepEqual(runner.sent, [{ job: job.id, message: { type: 'taken', level: 0 } }]);
});

test('a job without subscribers is dropped after a while if requested', async () => {
  const { jobs, runner, clock, submit } = jobsOf();
  runner.room = 3;
  const [kept, short, long] = [
    await submit('a'),
    await submit('a', { abandonSeconds: 0 }),
    await submit('a', { abandonSeconds: 5 }),
  ];
  await breathe();
  for (const job of [kept, short, long]) jobs.watch(job).close();
  const cancels = () => runner.sent.filter(({ message }) => message.type === 'drop').map(({ job }) => job);
  assert.deepEqual(cancels(), [short.id]);
  clock.pass(4000);
  const back = jobs.watch(long);
  clock.pass(4000);
  assert.deepEqual(cancels(), [short.id]);
  back.close();
  clock.pass(5000);
  assert.deepEqual(cancels(), [short.id, long.id]);
});

test('a question can be answered while it is open', async () => {
  const { jobs, runner, submit } = jobsOf();
  const job = await submit();
  await breathe();
  assert.throws(() => jobs.choose(job, 0, []), { code: 'question_closed' });
  runner.event(job.id, question(0));
  assert.throws(() => jobs.choose(job, 0, [4]), { code: 'option_invalid' });
  assert.throws(() => jobs.choose(job, 1, [0]), { code: 'question_closed' });
  jobs.choose(job, 0, [3, 1]);
  assert.deepEqual(runner.sent.at(-1)?.message, { type: 'answer', question: 0, picks: [3, 1] });
  runner.event(job.id, { type: 'chosen', question: 0, picks: [3, 1], by: 'person' });
  assert.throws(() => jobs.choose(job, 0, [1]), { code: 'question_closed' });
});

test('weights can be changed while a job waits, runs and is run again', async () => {
  const { jobs, runner, submit } = jobsOf();
  const work: Work = { ...WORK, request: { guides: [{ name: 'x' }, { name: 'y', weight: 2 }] } } as Work;
  const job = await submit('a', { work });
  await breathe();
  assert.throws(() => jobs.weigh(job, [1]), { code: 'option_invalid' });
  jobs.weigh(job, [0.5, -1]);
  assert.deepEqual(runner.sent.at(-1)?.message, { type: 'weights', weights: [0.5, -1] });
  runner.crash();
  await breathe();
  const again = runner.begun.at(-1)?.ticket.work;
  assert.deepEqual(again?.kind === 'generate' && again.request.guides?.map(({ weight }) => weight), [0.5, -1]);
});

test('at its deadline a waiting job fails, and a running one ends with its results so far', async () => {
  const { runner, clock, submit } = jobsOf();
  const [running, waiting] = [await submit('a', { deadlineSeconds: 3 }), await submit('a', { deadlineSeconds: 3 })];
  await breathe();
  clock.pass(3000);
  await breathe();
  assert.equal(waiting.end?.type === 'failed' && waiting.end.error.code, 'deadline_passed');
  assert.deepEqual(runner.sent, [{ job: running.id, message: { type: 'cancel' } }]);
  runner.event(running.id, cancelled());
  await breathe();
  assert.equal(runner.begun.length, 1);
});

test('ended jobs are kept for a limited time, number and size', async () => {
  const { jobs, runner, clock, submit } = jobsOf({ limits: { keptBytes: 2000 } });
  const run = async (bytes: number) => {
    const job = await submit();
    await breathe();
    runner.event(job.id, done(bytes));
    return job;
  };
  const isKept = (job: Job) => jobs.list().jobs.includes(job);
  const [a, b, c, d] = [await run(10), await run(10), await run(10), await run(10)];
  assert.deepEqual([a, b, c, d].map(isKept), [false, true, true, true]);
  assert.throws(() => jobs.get(a.id), { code: 'job_unknown', status: 404 });
  const large = await run(1500);
  assert.deepEqual([b, c, d, large].map(isKept), [false, false, false, true]);
  const larger = await run(99_999);
  assert.deepEqual([large, larger].map(isKept), [false, true]);
  clock.pass(60_000);
  assert.equal(isKept(larger), false);
  assert.deepEqual(jobs.kept, { jobs: 0, bytes: 0 });
});

test('a job that is not kept is deleted at its end', async () => {
  const { jobs, runner, submit } = jobsOf();
  const job = await submit('a', { keep: false });
  await breathe();
  runner.event(job.id, done());
  assert.equal((await job.ended).type, 'done');
  assert.throws(() => jobs.get(job.id), { code: 'job_unknown' });
});

test('lists are sorted newest first, filtered by client and state, and paged', async () => {
  const { jobs, submit } = jobsOf();
  const all = [await submit('a'), await submit('b'), await submit('a')];
  await breathe();
  assert.deepEqual(jobs.list().jobs, [...all].reverse());
  assert.deepEqual(jobs.list({ client: 'a', state: 'queued' }).jobs, [all[2]]);
  assert.deepEqual(jobs.list({ limit: 1, offset: 1 }), { jobs: [all[1]], hasMore: true });
});

test('draining accepts no jobs and waits for existing ones', async () => {
  const { jobs, runner, submit } = jobsOf();
  const [running, waiting] = [await submit(), await submit()];
  await breathe();
  let drained = false;
  const draining = jobs.drain(30).then(() => {
    drained = true;
  });
  await assert.rejects(submit(), { code: 'draining', status: 503 });
  runner.event(running.id, done());
  await breathe();
  assert.equal(drained, false);
  runner.event(waiting.id, done());
  await draining;
});

test('jobs left after the drain timeout are cancelled, and no timer remains', async () => {
  const { jobs, runner, clock, submit } = jobsOf();
  const [running, waiting] = [await submit('a', { deadlineSeconds: 1000 }), await submit()];
  await breathe();
  const draining = jobs.drain(30);
  clock.pass(30_000);
  await breathe();
  assert.equal(waiting.state, 'cancelled');
  runner.event(running.id, cancelled());
  await draining;
  assert.equal(clock.waiting, 0);
});
