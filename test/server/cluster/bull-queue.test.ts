/** The queue implementation with BullMQ and a real Redis. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { BullQueue, type ClusterEntry } from '../../../src/server/cluster/bull-queue.ts';
import type { RedisLink } from '../../../src/server/cluster/redis-link.ts';
import type { Claim } from '../../../src/server/jobs/queue.ts';
import { linkTo, noRedis, RedisServer } from './redis-server.ts';

const LEASE_MS = 600;
let link: RedisLink;
const open: BullQueue[] = [];
before(async () => {
  if (!noRedis) link = await linkTo(await RedisServer.start());
});
after(async () => {
  await Promise.all(open.map((queue) => queue.close()));
});

let names = 0;
async function queueOf(
  entries: readonly [id: string, client: string, priority?: number][],
  name = `q${names++}`,
  span?: number,
) {
  const queue = await BullQueue.open({ link, name, owner: `w${open.length}`, leaseMs: LEASE_MS, span });
  open.push(queue);
  for (const [id, client, priority = 0] of entries) await queue.push(entry(id, client, priority));
  return queue;
}

const entry = (id: string, client: string, priority = 0): ClusterEntry => ({
  id,
  client,
  priority,
  slots: 1,
  bytes: 0,
  guides: [],
});

/** The waiting jobs, without waiting for more. */
async function takeAll(queue: BullQueue, count: number): Promise<string[]> {
  const ids: string[] = [];
  for (let n = 0; n < count; n++) ids.push((await queue.claim())?.entry.id ?? 'none');
  return ids;
}

test('turns, priorities and order equal those of the queue in memory', { skip: noRedis }, async () => {
  const queue = await queueOf([
    ['a1', 'a'],
    ['a2', 'a'],
    ['a3', 'a'],
    ['low', 'b', -1],
    ['b1', 'b'],
    ['c1', 'c'],
    ['c2', 'c'],
    ['high', 'c', 5],
  ]);
  const expected = ['high', 'a1', 'b1', 'c1', 'a2', 'c2', 'a3', 'low'];
  assert.deepEqual(await queue.order(), expected);
  assert.deepEqual(await takeAll(queue, expected.length), expected);
});

test('after its turn a client waits behind the others, including later ones', {
  skip: noRedis,
}, async () => {
  const queue = await queueOf([
    ['a1', 'a'],
    ['a2', 'a'],
    ['a3', 'a'],
  ]);
  assert.deepEqual(await takeAll(queue, 1), ['a1']);
  await queue.push(entry('b1', 'b'));
  await queue.push(entry('b2', 'b'));
  assert.deepEqual(await takeAll(queue, 4), ['b1', 'a2', 'b2', 'a3']);
});

test('turn counters are renumbered before they overflow, and waiting clients keep their turns', {
  skip: noRedis,
}, async () => {
  const queue = await queueOf([], undefined, 4);
  const taken: string[] = [];
  for (let n = 0; n < 12; n++) {
    await queue.push(entry(`a${n}`, 'a'));
    if (n > 0) taken.push(...(await takeAll(queue, 1)));
  }
  await queue.push(entry('b', 'b'));
  taken.push(...(await takeAll(queue, 2)));
  assert.deepEqual(
    taken.slice(0, 11),
    Array.from({ length: 11 }, (_, n) => `a${n}`),
  );
  assert.deepEqual(taken.slice(11).sort(), ['a11', 'b']);
});

test('removed jobs are not claimed, and claimed jobs are not removed', { skip: noRedis }, async () => {
  const queue = await queueOf([
    ['a1', 'a'],
    ['a2', 'a'],
  ]);
  assert.equal(await queue.remove('a1'), true);
  assert.equal(await queue.remove('a1'), false);
  const claim = (await queue.claim()) as Claim<ClusterEntry>;
  assert.equal(claim.entry.id, 'a2');
  assert.equal(await queue.remove('a2'), false);
  assert.equal(await queue.settle(claim, 'done'), true);
  assert.equal(await queue.settle(claim, 'done'), false);
  assert.deepEqual(await queue.order(), []);
});

test('jobs that do not fit are skipped and keep their place', { skip: noRedis }, async () => {
  const queue = await queueOf([
    ['a1', 'a'],
    ['a2', 'a'],
    ['b1', 'b'],
  ]);
  const next = async (...unfit: string[]) => (await queue.claim(({ id }) => !unfit.includes(id)))?.entry.id ?? null;
  assert.equal(await next('a1'), 'b1');
  assert.deepEqual(await queue.order(), ['a1', 'a2']);
  assert.deepEqual(await takeAll(queue, 2), ['a1', 'a2']);
});

test('returned jobs wait before all others, and exclude the worker that returned them', {
  skip: noRedis,
}, async () => {
  const queue = await queueOf([
    ['a1', 'a'],
    ['high', 'b', 9],
  ]);
  const [high, a1] = [await queue.claim(), await queue.claim()] as Claim<ClusterEntry>[];
  await queue.push(entry('other', 'c', 10));
  assert.equal(await queue.settle(a1 as Claim<ClusterEntry>, 'again'), true);
  assert.deepEqual(await queue.order(), ['a1', 'other']);
  const again = (await queue.claim()) as Claim<ClusterEntry>;
  assert.deepEqual([again.entry.id, again.entry.retried], ['a1', true]);
  assert.match(again.entry.avoid ?? '', /^w\d+$/);
  assert.equal(high?.entry.retried, false);
});

test('a renewed lease lasts; one that is not renewed passes to another worker', { skip: noRedis }, async () => {
  const name = `q${names++}`;
  const queue = await queueOf([['a1', 'a']], name);
  const other = await queueOf([], name);
  const claim = (await queue.claim()) as Claim<ClusterEntry>;
  for (let n = 0; n < 4; n++) {
    await setTimeout(LEASE_MS / 2);
    assert.equal(await queue.renew(claim), true);
  }
  const lost = await other.claim();
  assert.equal(lost, null, 'it was renewed');
  let again = await other.claim();
  while (!again) again = await other.claim();
  assert.deepEqual([again.entry.id, again.entry.retried], ['a1', true]);
  assert.equal(await queue.renew(claim), false);
  assert.equal(await queue.settle(claim, 'done'), false);
  assert.equal(await other.settle(again, 'done'), true);
});
