import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Claim, FairQueue } from '../../../src/server/jobs/queue.ts';
import { FakeClock } from '../../clock.ts';

async function queueOf(...entries: [id: string, client: string, priority?: number][]) {
  const queue = new FairQueue({ most: 10, retrySeconds: () => 7 });
  for (const [id, client, priority = 0] of entries) await queue.push({ id, client, priority });
  return queue;
}

async function takeAll(queue: FairQueue): Promise<string[]> {
  const ids: string[] = [];
  for (let next = await queue.claim(); next; next = await queue.claim()) ids.push(next.entry.id);
  return ids;
}

test('clients take turns, each with its own jobs in order', async () => {
  const entries: [string, string][] = [
    ...(['a1', 'a2', 'a3', 'a4'].map((id) => [id, 'a']) as [string, string][]),
    ['b1', 'b'],
    ['c1', 'c'],
    ['c2', 'c'],
  ];
  const queue = await queueOf(...entries);
  const expected = ['a1', 'b1', 'c1', 'a2', 'c2', 'a3', 'a4'];
  assert.deepEqual(await queue.order(), expected);
  assert.deepEqual(await takeAll(queue), expected);
  assert.equal(queue.size, 0);
});

test('a client waits behind the others after its turn', async () => {
  const queue = await queueOf(['a1', 'a'], ['a2', 'a'], ['b1', 'b']);
  assert.equal((await queue.claim())?.entry.id, 'a1');
  await queue.push({ id: 'c1', client: 'c', priority: 0 });
  assert.deepEqual(await takeAll(queue), ['b1', 'a2', 'c1']);
});

test('higher priorities go first', async () => {
  const queue = await queueOf(['low', 'a', -1], ['normal', 'b'], ['high', 'a', 5], ['high2', 'c', 5]);
  assert.deepEqual(await queue.order(), ['high', 'high2', 'normal', 'low']);
  assert.deepEqual(await takeAll(queue), ['high', 'high2', 'normal', 'low']);
});

test('removed jobs are not claimed', async () => {
  const queue = await queueOf(['a1', 'a'], ['a2', 'a'], ['b1', 'b', 3]);
  assert.equal(await queue.remove('a1'), true);
  assert.equal(await queue.remove('b1'), true);
  assert.equal(await queue.remove('a1'), false);
  assert.deepEqual(await takeAll(queue), ['a2']);
  assert.equal(await queue.claim(), null);
});

test('it is limited', async () => {
  const queue = await queueOf(...Array.from({ length: 10 }, (_, i) => [`${i}`, 'a'] as [string, string]));
  await assert.rejects(queue.push({ id: 'x', client: 'b', priority: 9 }), {
    code: 'queue_full',
    message: 'The queue is full: 10 requests wait. Try again in 7 s.',
  });
  await queue.claim();
  await queue.push({ id: 'x', client: 'b', priority: 0 });
});

test('it signals new jobs', async () => {
  const queue = await queueOf();
  let told = 0;
  queue.listen(() => {
    told += 1;
  });
  await queue.push({ id: 'x', client: 'b', priority: 0 });
  assert.equal(told, 1);
});

test('jobs that do not fit are skipped and keep their place', async () => {
  const queue = await queueOf(['a1', 'a'], ['a2', 'a'], ['b1', 'b'], ['low', 'c', -1]);
  const next = async (...unfit: string[]) => (await queue.claim(({ id }) => !unfit.includes(id)))?.entry.id ?? null;
  assert.equal(await next('a1'), 'b1');
  assert.equal(await next('a1'), 'low');
  assert.equal(await next('a1', 'a2'), null);
  assert.deepEqual(await takeAll(queue), ['a1', 'a2']);
});

const LEASE_MS = 1000;

async function leased() {
  const clock = new FakeClock();
  const queue = new FairQueue({ most: 10, retrySeconds: () => 7, leases: { clock, ms: LEASE_MS } });
  for (const id of ['a', 'b']) await queue.push({ id, client: 'c', priority: 0 });
  const claim = (await queue.claim()) as Claim;
  return { clock, queue, claim };
}

test('a claimed job without renewal waits again before all others, and its old lease is invalid', async () => {
  const { clock, queue, claim } = await leased();
  clock.pass(LEASE_MS - 1);
  assert.equal(await queue.renew(claim), true);
  clock.pass(LEASE_MS - 1);
  assert.deepEqual(await queue.order(), ['b']);
  clock.pass(1);
  assert.deepEqual(await queue.order(), ['a', 'b']);
  assert.equal((await queue.claim())?.entry.id, 'a');
  assert.equal(await queue.renew(claim), false);
  assert.equal(await queue.settle(claim, 'again'), false);
  assert.deepEqual(await queue.order(), ['b']);
});

test('a settled job leaves the queue, or waits again before all others', async () => {
  const { clock, queue, claim } = await leased();
  let told = 0;
  queue.listen(() => {
    told += 1;
  });
  assert.equal(await queue.settle(claim, 'again'), true);
  assert.equal(told, 1);
  assert.deepEqual(await queue.order(), ['a', 'b']);
  const again = (await queue.claim()) as Claim;
  assert.notEqual(again.lease, claim.lease);
  assert.equal(await queue.remove('a'), false, 'it does not wait');
  assert.equal(await queue.settle(again, 'done'), true);
  clock.pass(10 * LEASE_MS);
  assert.deepEqual(await queue.order(), ['b']);
  assert.equal(clock.waiting, 0);
});
