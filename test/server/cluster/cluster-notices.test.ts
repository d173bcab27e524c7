/** Webhooks of a cluster with a real Redis: they are called even if gateways die. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, test } from 'node:test';
import { KandidError } from '../../../src/errors.ts';
import { systemClock as clock } from '../../../src/kit/clock.ts';
import { ClusterNotices } from '../../../src/server/cluster/cluster-notices.ts';
import type { Gateway } from '../../../src/server/cluster/gateway.ts';
import { createLog } from '../../../src/server/log.ts';
import { until } from '../jobs/conformance.ts';
import { post } from '../serving.ts';
import { generate } from '../workers.ts';
import { Cluster } from './cluster.ts';
import { linkTo, noRedis, RedisServer } from './redis-server.ts';

const came: { headers: IncomingMessage['headers']; body: string }[] = [];
let redis: RedisServer;
let receiver: Server;
let address: string;
before(async () => {
  if (noRedis) return;
  redis = await RedisServer.start();
  receiver = createServer(async (request, response) => {
    let body = '';
    for await (const part of request) body += part;
    came.push({ headers: request.headers, body });
    response.writeHead(204).end();
  }).listen(0, '127.0.0.1');
  await once(receiver, 'listening');
  address = `127.0.0.1:${(receiver.address() as AddressInfo).port}`;
});
after(() => receiver?.close());
const options = { skip: noRedis };
const flags = () => ({ gateways: 2, allowedHosts: [address], webhookSecret: 'a secret of some length' });
const open = ({ link }: Gateway) => link.redis.zcard(link.key('notices'));

test('one of two gateways calls a webhook once', options, async () => {
  came.length = 0;
  const cluster = await Cluster.start(redis, flags());
  const [one, other] = cluster.gateways as [Gateway, Gateway];
  const [url] = [await cluster.listen(one), await cluster.listen(other)];
  const jobs = await Promise.all(
    [1, 2, 3].map(async (seed) => {
      const answer = await post(`${url}/v1/jobs`, { seed, webhook: `http://${address}/hook` });
      assert.equal(answer.status, 202);
      return ((await answer.json()) as { id: string }).id;
    }),
  );
  await until(async () => came.length >= 3 && (await open(one)) === 0, 'three calls');
  assert.deepEqual(came.map(({ headers }) => headers['webhook-id']).sort(), jobs.map((id) => `${id}.done`).sort());
  const { type, data } = JSON.parse(came[0]?.body ?? '');
  assert.deepEqual([type, data.state, data.result.images.length], ['job.done', 'done', 1]);
  assert.ok(data.result.images[0].url.startsWith(url), data.result.images[0].url);
});

test('if the gateway that accepted the request is gone, another one calls its webhook', options, async () => {
  came.length = 0;
  const cluster = await Cluster.start(redis, flags());
  const [one, other] = cluster.gateways as [Gateway, Gateway];
  const [url, otherUrl] = [await cluster.listen(one), await cluster.listen(other)];
  const asked = { guides: [{ name: 'hold' }], webhook: `http://${address}/hook` };
  const { id } = (await (await post(`${url}/v1/jobs`, asked)).json()) as { id: string };
  // Like a crash: it neither sends nor receives any more.
  one.link.close();
  assert.equal(came.length, 0);
  assert.equal((await fetch(`${otherUrl}/v1/jobs/${id}`, { method: 'DELETE' })).status, 202);
  await until(async () => came.length > 0 && (await open(other)) === 0, 'a call');
  assert.deepEqual(
    came.map(({ headers }) => headers['webhook-id']),
    [`${id}.cancelled`],
  );
  assert.equal(JSON.parse(came[0]?.body ?? '').data.id, id);
});

test('if a gateway dies during the call, another one takes over the webhook after its lease', options, async () => {
  const cluster = await Cluster.start(redis);
  const [gateway] = cluster.gateways as [Gateway];
  const place = { base: '', prefix: '', host: undefined };
  const notify = { url: `http://${address}/hook`, place, request: 'r' };
  const job = await gateway.jobs.submit({ work: generate({ seed: 1 }), client: 'a', notify });
  await gateway.jobs.endOf(job);
  const find = (id: string) => gateway.jobs.get(id);
  const log = createLog({ level: 'silent' });
  const noticesOf = async () => {
    const link = await linkTo(redis, cluster.settings.redisPrefix);
    return { link, notices: new ClusterNotices({ link, clock, log, find, leaseMs: 1500 }) };
  };
  const [first, second] = [await noticesOf(), await noticesOf()];
  const [begun, told]: [string[], string[]] = [[], []];
  first.notices.begin(async ({ id }) => {
    begun.push(id);
    await new Promise(() => {});
  });
  await until(() => begun.length > 0, 'a claim');
  const from = performance.now();
  first.link.close();
  second.notices.begin(async ({ id }) => void told.push(id));
  await until(async () => told.length > 0 && (await open(gateway)) === 0, 'another claim');
  assert.ok(performance.now() - from > 1000, 'it was claimed although the lease had not ended');
  assert.deepEqual([begun, told], [[job.id], [job.id]]);
  await second.notices.close();
});

test('a webhook that cannot be called yet is kept; that of a deleted job is dropped', options, async () => {
  const link = await linkTo(redis);
  const log = createLog({ level: 'silent' });
  const asked: string[] = [];
  const find = async (id: string): Promise<never> => {
    asked.push(id);
    if (id === 'gone') throw new KandidError('job_unknown', { job: id });
    throw new KandidError('bytes_full', { what: 'Answers', limit: 1, retrySeconds: 1 });
  };
  await link.redis.zadd(link.key('notices'), 0, 'gone', 0, 'stays');
  const notices = new ClusterNotices({ link, clock, log, find, leaseMs: 100 });
  notices.begin(async () => {});
  await until(() => asked.filter((id) => id === 'stays').length >= 2, 'a second try');
  await notices.close();
  assert.deepEqual(await link.redis.zrange(link.key('notices'), 0, -1), ['stays']);
  assert.equal(asked.filter((id) => id === 'gone').length, 1);
});
