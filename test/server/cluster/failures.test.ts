/** Failures in a cluster: real processes are killed and stopped, and a real Redis disappears. */
import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import type { Gateway } from '../../../src/server/cluster/gateway.ts';
import type { LogEntry } from '../../../src/server/jobs/event-log.ts';
import type { Job } from '../../../src/server/jobs/job.ts';
import { forkWorker } from '../../../src/server/workers/worker-process.ts';
import { until } from '../jobs/conformance.ts';
import { post } from '../serving.ts';
import { Socket } from '../socket.ts';
import { generate, holding } from '../workers.ts';
import { Cluster } from './cluster.ts';
import { noRedis, RedisServer } from './redis-server.ts';

let redis: RedisServer;
before(async () => {
  if (!noRedis) redis = await RedisServer.start();
});
const options = { skip: noRedis };

/** Subscribes to a job, so that its state is known at this gateway. */
function follow({ jobs }: Gateway, job: Job): LogEntry[] {
  const events: LogEntry[] = [];
  const subscriber = jobs.watch(job, {
    onEvent: () => {
      for (let next = subscriber.next(); next; next = subscriber.next()) if ('event' in next) events.push(next);
    },
  });
  return events;
}

const standsAt = (events: readonly LogEntry[], level: number, attempt: number) =>
  until(
    () => events.some((one) => one.event.type === 'level' && one.event.level === level && one.attempt === attempt),
    `level ${level} of attempt ${attempt}`,
  );
/** Always picks the first picture, to the end. */
async function answerAll(socket: Socket, from: number): Promise<void> {
  const { came } = socket;
  for (let question = from; ; question++) {
    socket.say({ type: 'choose', id: '1', question, picks: [0] });
    const isNext = (message: Socket['came'][number]) =>
      message.type === 'done' || (message.type === 'candidates' && message.question === question + 1);
    await until(() => came.some(isNext), `an answer to question ${question}`);
    if (came.some(({ type }) => type === 'done')) return;
  }
}

const endsOf = (events: readonly LogEntry[]) =>
  events.filter(({ event }) => ['done', 'failed', 'cancelled'].includes(event.type)).map(({ event }) => event.type);

test('a stalled or killed worker costs its job one attempt, and its later messages are ignored', options, async () => {
  const cluster = await Cluster.start(redis, { workers: 0, leaseSeconds: 2 });
  const [gateway] = cluster.gateways as [Gateway];
  const first = await cluster.forkWorker();
  await until(() => gateway.pool.ready);
  const job = await gateway.jobs.submit({ work: holding(2), client: 'a' });
  const events = follow(gateway, job);
  await standsAt(events, 1, 1);
  // The clock of the second worker is wrong by an hour: times are those of Redis.
  const second = await cluster.forkWorker({ SKEW_MS: String(3_600_000) });
  first.kill('SIGSTOP');
  await standsAt(events, 1, 2);
  assert.ok(Math.abs((job.started ?? 0) - Date.now()) < 600_000);
  first.kill('SIGCONT');
  const whole = await Promise.all(
    [1, 2, 3].map((seed) => gateway.jobs.submit({ work: generate({ seed }), client: `b${seed}` })),
  );
  for (const one of whole) assert.equal((await gateway.jobs.endOf(one)).type, 'done');
  assert.deepEqual(endsOf(events), []);
  second.kill('SIGKILL');
  await until(() => job.end, 'an end');
  assert.ok(job.end?.type === 'failed' && job.end.error.code === 'worker_lost', JSON.stringify(job.end));
  assert.match(job.end.error.message, /shows no sign of life; then worker .* shows no sign of life/);
  assert.deepEqual(endsOf(events), ['failed']);
});

test('a job that kills its processes fails with their last output, and the worker continues', options, async () => {
  const cluster = await Cluster.start(redis, { workers: 0 });
  const [gateway] = cluster.gateways as [Gateway];
  await cluster.addWorker(forkWorker);
  await until(() => gateway.pool.ready);
  const poison = generate({ guides: [{ name: 'poison', params: { way: 'kill' } }] });
  const job = await gateway.jobs.submit({ work: poison, client: 'a' });
  const end = await gateway.jobs.endOf(job);
  assert.ok(end.type === 'failed' && end.error.code === 'worker_lost', JSON.stringify(end));
  assert.match(end.error.message, /killed by SIGKILL.*; then .*killed by SIGKILL/);
  const next = await gateway.jobs.submit({ work: generate({ seed: 1 }), client: 'a' });
  assert.equal((await gateway.jobs.endOf(next)).type, 'done');
});

test('without Redis gateways answer 503, and running jobs are delivered once it is back', options, async () => {
  const own = await RedisServer.start();
  const cluster = await Cluster.start(own, { redisSeconds: 0.5, leaseSeconds: 5 });
  const [gateway] = cluster.gateways as [Gateway];
  const url = await cluster.listen(gateway);
  const socket = await Socket.open(url);
  socket.say({ type: 'generate', id: '1', model: 'tiny', guides: [{ name: 'human' }] });
  const sheet = await socket.next('candidates');
  await own.stop();
  await until(() => !gateway.pool.ready);
  const refused = await post(`${url}/v1/generate`, { seed: 1 });
  assert.equal(refused.status, 503);
  assert.ok(Number(refused.headers.get('retry-after')) > 0);
  const problem = (await refused.json()) as { code: string };
  assert.equal(problem.code, 'redis_unavailable');
  assert.equal((await fetch(`${url}/readyz`)).status, 503);
  await own.start();
  await until(() => gateway.pool.ready);
  await answerAll(socket, sheet.question);
  const started = socket.came.filter(({ type }) => type === 'started');
  assert.equal(started.length, 1, 'nothing was run twice');
  assert.equal((await post(`${url}/v1/generate`, { seed: 1, base64: false })).status, 200);
  await socket.leave();
});

test('a stalled Redis loses nothing', options, async () => {
  const own = await RedisServer.start();
  const cluster = await Cluster.start(own, { redisSeconds: 0.3, leaseSeconds: 5 });
  const [gateway] = cluster.gateways as [Gateway];
  const job = await gateway.jobs.submit({ work: holding(2), client: 'a' });
  const events = follow(gateway, job);
  await standsAt(events, 1, 1);
  own.freeze();
  await assert.rejects(gateway.jobs.submit({ work: generate(), client: 'b' }), { code: 'redis_unavailable' });
  await assert.rejects(gateway.jobs.cancel(job), { code: 'redis_unavailable' });
  own.thaw();
  await until(async () => {
    await gateway.jobs.cancel(job).catch(() => {});
    return job.end;
  });
  assert.equal(job.end?.type, 'cancelled');
  assert.deepEqual(endsOf(events), ['cancelled']);
  assert.equal(job.attempt, 1);
});

test(
  'clients that lose a gateway resume at another one, by WebSocket and events, without gaps or repeats',
  options,
  async () => {
    const cluster = await Cluster.start(redis, { gateways: 2 });
    const [one, other] = cluster.gateways as [Gateway, Gateway];
    const [url, otherUrl] = [await cluster.listen(one), await cluster.listen(other)];
    const socket = await Socket.open(url);
    socket.say({ type: 'generate', id: '1', model: 'tiny', guides: [{ name: 'human' }] });
    const sheet = await socket.next('candidates');
    const seen = Math.max(...socket.came.map((message) => ('seq' in message ? (message.seq ?? -1) : -1)));
    const counting = (came: Socket['came'], beyond = -1) =>
      came.filter(
        (message) =>
          ['started', 'level', 'candidates', 'chosen', 'done'].includes(message.type) &&
          'seq' in message &&
          (message.seq ?? 0) > beyond,
      );
    const before = counting(socket.came);
    socket.ws.terminate();
    const back = await Socket.open(otherUrl);
    back.say({ type: 'attach', id: '1', job: sheet.job, since: seen });
    await answerAll(back, sheet.question);
    const all = [...before, ...counting(back.came)].map((message) => ('seq' in message ? message.seq : -1));
    assert.deepEqual(
      all,
      [...new Set(all)].sort((a, b) => Number(a) - Number(b)),
    );
    const events = await (await fetch(`${url}/v1/jobs/${sheet.job}/events`)).text();
    const ids = [...events.matchAll(/^id: (\d+)\nevent: (?!preview|queued)/gm)].map(([, id]) => Number(id));
    assert.deepEqual(all, ids, 'nothing is missing, nothing comes twice');
    const resumed = await fetch(`${otherUrl}/v1/jobs/${sheet.job}/events`, {
      headers: { 'last-event-id': String(ids.at(-2)) },
    });
    assert.deepEqual(
      [...(await resumed.text()).matchAll(/^id: (\d+)$/gm)].map(([, id]) => Number(id)),
      ids.slice(-1),
    );
    await back.leave();
  },
);

test('a gateway that dies between accepting a job and adding it to BullMQ loses nothing', options, async () => {
  const cluster = await Cluster.start(redis);
  const [gateway] = cluster.gateways as [Gateway];
  const job = await gateway.jobs.submit({ work: generate({ seed: 1 }), client: 'a', idempotencyKey: 'k' });
  await gateway.jobs.endOf(job);
  const { link } = gateway;
  // The state in Redis after only the first step.
  const { Ledger } = await import('../../../src/server/cluster/ledger.ts');
  const ledger = new Ledger(link, {
    waiting: 9,
    clientBytes: 1e6,
    allBytes: 1e6,
    events: 9,
    kept: 9,
    keptSeconds: 9,
    keptBytes: 1e6,
  });
  const record = await ledger.record(job.id);
  assert.ok(record);
  const { spec, outline, cost, queue } = record;
  const id = 'job_left_behind';
  await ledger.submit({
    id,
    spec,
    outline,
    cost,
    queue,
    work: generate({ seed: 1 }),
    mostOpen: 9,
    fingerprint: '',
    retrySeconds: 1,
  });
  await link.redis.zadd(link.key('unsent'), 0, id);
  await until(async () => (await gateway.jobs.get(id)).state === 'done');
});
