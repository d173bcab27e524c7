import assert from 'node:assert/strict';
import { test } from 'node:test';
import { examineRedis, type RedisFinding } from '../../../src/server/cluster/redis-check.ts';
import { Registry } from '../../../src/server/cluster/registry.ts';
import { linkTo, noRedis, RedisServer } from './redis-server.ts';
import { tinyInfo } from './tiny-info.ts';

async function findings(url: string, prefix = 'check'): Promise<RedisFinding[]> {
  const found: RedisFinding[] = [];
  for await (const one of examineRedis(url, prefix)) found.push(one);
  return found;
}

const node = {
  id: 'one',
  host: 'there',
  pid: 1,
  version: '0',
  deviceClass: 'cpu',
  state: 'ready',
  places: 4,
  jobs: 0,
  workers: [],
} as const;

test('the state of Redis and of its workers is reported', { skip: noRedis }, async () => {
  const redis = await RedisServer.start();
  const [server, speed, none] = await findings(redis.url);
  assert.match(server?.detail ?? '', /^\d+\.\d+\.\d+ at redis:\/\/127\.0\.0\.1:\d+, \d+ MiB used, evicts nothing$/);
  assert.deepEqual([server?.ok, server?.remedy, speed?.ok], [true, null, true]);
  assert.equal(none?.ok, false);
  assert.match(none?.remedy ?? '', /kandid worker/);

  const registry = new Registry(await linkTo(redis, 'check'));
  await registry.report(node, tinyInfo, 60_000);
  const [model] = tinyInfo.models;
  assert.ok(model);
  const other = { ...tinyInfo, models: [{ ...model, hash: 'cd'.repeat(32) }] };
  await registry.report({ ...node, id: 'two', host: 'elsewhere' }, other, 60_000);
  const workers = (await findings(redis.url)).at(-1);
  assert.equal(workers?.ok, true);
  assert.equal(workers?.detail, 'there (cpu, ready, 1 models), elsewhere (cpu, ready, 1 models)');
  assert.match(workers?.remedy ?? '', /different bundles of tiny/);
});

test('a missing Redis, one without persistence, and one that evicts keys', { skip: noRedis }, async () => {
  const forgetful = await RedisServer.start('--appendonly', 'no');
  assert.match((await findings(forgetful.url))[0]?.remedy ?? '', /appendonly yes/);
  await forgetful.stop();
  const [gone] = await findings(forgetful.url);
  assert.equal(gone?.ok, false);
  assert.match(gone?.detail ?? '', /does not answer/);
  const evicting = await RedisServer.start('--maxmemory-policy', 'allkeys-random');
  const [unfit] = await findings(evicting.url);
  assert.equal(unfit?.remedy, 'Set maxmemory-policy noeviction in its configuration.');
});
