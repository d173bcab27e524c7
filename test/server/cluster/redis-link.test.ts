import assert from 'node:assert/strict';
import { test } from 'node:test';
import { addressOf, RedisLink } from '../../../src/server/cluster/redis-link.ts';
import { loadServerSettings, printSettings } from '../../../src/server/settings.ts';
import { linkTo, noRedis, RedisServer } from './redis-server.ts';

const SECRET = 'a-secret-password';

test('addresses are displayed without user and password', () => {
  assert.equal(addressOf(`rediss://me:${SECRET}@redis.example:6380/2`), 'rediss://redis.example:6380/2');
  assert.equal(addressOf('redis://127.0.0.1:6379'), 'redis://127.0.0.1:6379');
});

test('passwords appear neither in messages nor in printed settings', () => {
  const printed = printSettings(loadServerSettings({ redis: `redis://:${SECRET}@localhost` }, {}));
  assert.match(printed, /"redis": "\(hidden\)"/);
  assert.ok(!printed.includes(SECRET));
  assert.throws(
    () => loadServerSettings({}, { KANDID_REDIS: `http://:${SECRET}@localhost` }),
    (error: Error) =>
      /KANDID_REDIS is not shown, expected an address/.test(error.message) && !error.message.includes(SECRET),
  );
});

test('a Redis that would evict jobs is refused', { skip: noRedis }, async () => {
  const redis = await RedisServer.start('--maxmemory', '100mb', '--maxmemory-policy', 'allkeys-lru');
  await assert.rejects(linkTo(redis), {
    code: 'redis_unfit',
    message: `Redis at ${redis.url} cannot hold jobs: its policy is allkeys-lru: it would evict jobs when its memory is full. Set maxmemory-policy noeviction in its configuration.`,
  });
});

test('a wrong or missing password is reported without showing it', { skip: noRedis }, async () => {
  const redis = await RedisServer.start('--requirepass', SECRET);
  const told: string[] = [];
  const open = (url: string) =>
    RedisLink.open({ url, prefix: 't', name: 'test', onTrouble: (reason) => told.push(reason) });
  for (const password of ['', ':another-secret@']) {
    const url = redis.url.replace('//', `//${password}`);
    await assert.rejects(open(url), (error: Error & { code?: string; cause?: unknown }) => {
      assert.equal(error.code, 'redis_unavailable');
      assert.match(error.message, /NOAUTH|WRONGPASS|password|connection/i);
      assert.ok(!JSON.stringify(error).includes('another-secret') && error.cause === undefined);
      return true;
    });
  }
  assert.ok(!told.join().includes('another-secret'), told.join());
  const link = await open(redis.url.replace('//', `//:${SECRET}@`));
  assert.equal(await link.ask((one) => one.ping()), 'PONG');
  link.close();
});

test('a missing Redis is reported at once', { skip: noRedis }, async () => {
  const redis = await RedisServer.start();
  await redis.stop();
  const started = performance.now();
  await assert.rejects(linkTo(redis), { code: 'redis_unavailable', status: 503 });
  assert.ok(performance.now() - started < 5000);
});
