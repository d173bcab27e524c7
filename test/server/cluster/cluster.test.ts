/** Gateways and workers together, on a real Redis. */
import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { generate } from '../workers.ts';
import { Cluster } from './cluster.ts';
import { noRedis, RedisServer } from './redis-server.ts';

let redis: RedisServer;
before(async () => {
  if (!noRedis) redis = await RedisServer.start();
});

test('a job accepted by one gateway is run by a worker, and visible at another gateway', {
  skip: noRedis,
}, async () => {
  const { gateways } = await Cluster.start(redis, { gateways: 2 });
  const [one, other] = gateways as [(typeof gateways)[0], (typeof gateways)[0]];
  const job = await one.jobs.submit({ work: generate({ seed: 1, count: 2 }), client: 'a' });
  const end = await one.jobs.endOf(job);
  assert.ok(end.type === 'done', JSON.stringify(end));
  assert.equal(end.results.length, 2);
  const same = await other.jobs.get(job.id);
  assert.equal(same.state, 'done');
  assert.deepEqual(same.end, end);
});
