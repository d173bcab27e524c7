/** The limit of requests per minute across gateways, with a real Redis. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { before, test } from 'node:test';
import { ClusterRates } from '../../../src/server/cluster/cluster-rates.ts';
import type { Gateway } from '../../../src/server/cluster/gateway.ts';
import { type RateLimits, Rates } from '../../../src/server/http/rate-limits.ts';
import { FakeClock } from '../../clock.ts';
import { until } from '../jobs/conformance.ts';
import { post } from '../serving.ts';
import { refusedStatus } from '../socket.ts';
import { Cluster } from './cluster.ts';
import { linkTo, noRedis, RedisServer } from './redis-server.ts';

const DAY = 86_400_000;
let redis: RedisServer;
before(async () => {
  if (!noRedis) redis = await RedisServer.start();
});
const options = { skip: noRedis };

/** Common behaviour of both kinds at two gateways. The period is a day, so that no tokens are restored meanwhile. */
async function takesInTurn(one: RateLimits, other: RateLimits): Promise<void> {
  assert.deepEqual([await one.take('a', 2), await other.take('a', 2)], [0, 0]);
  for (const limits of [one, other]) {
    const wait = await limits.take('a', 2);
    assert.ok(wait > DAY / 2 - 60_000 && wait <= DAY / 2, `${wait} ms`);
  }
  assert.equal(await other.take('b', 1), 0);
}

test('limits of one process and of all gateways count alike', options, async () => {
  const clock = new FakeClock();
  const own = new Rates(DAY, clock);
  await takesInTurn(own, own);
  const [link, other] = [await linkTo(redis, 'rates'), await linkTo(redis, 'rates')];
  await takesInTurn(new ClusterRates(link, DAY, clock), new ClusterRates(other, DAY, clock));
});

test('tokens are restored by the clock of Redis, and keys then expire', options, async () => {
  const link = await linkTo(redis);
  const rates = new ClusterRates(link, 200, new FakeClock());
  assert.equal(await rates.take('a', 1), 0);
  const wait = await rates.take('a', 1);
  assert.ok(wait > 0 && wait <= 200, `${wait} ms`);
  await until(async () => (await rates.take('a', 1)) === 0, 'another one');
  await until(async () => (await link.redis.exists(link.key('rate', 'a'))) === 0, 'nothing kept');
});

test('the limit of requests per minute applies across gateways; without Redis each counts alone', options, async () => {
  const own = await RedisServer.start();
  const apiKeys = [{ name: 'k', sha256: createHash('sha256').update('secret').digest('hex'), requestsPerMinute: 3 }];
  const cluster = await Cluster.start(own, { gateways: 2, apiKeys, redisSeconds: 1 });
  const [one, other] = cluster.gateways as [Gateway, Gateway];
  const urls = [await cluster.listen(one), await cluster.listen(other)] as const;
  const headers = { authorization: 'Bearer secret' };
  const ask = (url: string) => fetch(`${url}/v1/guides`, { headers });
  const statuses = [];
  for (const url of [urls[0], urls[1], urls[0]]) statuses.push((await ask(url)).status);
  assert.deepEqual(statuses, [200, 200, 200]);
  for (const url of urls) {
    const refused = await ask(url);
    assert.equal(refused.status, 429);
    const seconds = Number(refused.headers.get('retry-after'));
    assert.ok(seconds > 0 && seconds <= 20, `${seconds} s`);
    assert.equal(((await refused.json()) as { code: string }).code, 'rate_limited');
    assert.equal(await refusedStatus(url, { headers }), 429);
    assert.equal((await fetch(`${url}/v1/guides`)).status, 200, 'others go on');
  }
  await own.stop();
  await until(() => cluster.gateways.every(({ link }) => !link.isUp));
  assert.equal((await ask(urls[0])).status, 200);
  const job = await post(`${urls[0]}/v1/generate`, { seed: 1 }, headers);
  assert.deepEqual([job.status, ((await job.json()) as { code: string }).code], [503, 'redis_unavailable']);
  assert.equal((await ask(urls[0])).status, 200);
  assert.equal((await ask(urls[0])).status, 429);
  await own.start();
  await until(() => cluster.gateways.every(({ link }) => link.isUp));
});
