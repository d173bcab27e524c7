/** The conformance suite for a cluster: two gateways, a worker with fake processes, a real Redis. */
import { randomUUID } from 'node:crypto';
import { systemClock as clock } from '../../../src/kit/clock.ts';
import { ByteBudget } from '../../../src/server/bodies/budget.ts';
import { Agent } from '../../../src/server/cluster/agent/agent.ts';
import { ClusterJobs } from '../../../src/server/cluster/cluster-jobs.ts';
import { Fleet } from '../../../src/server/cluster/fleet.ts';
import { Ledger } from '../../../src/server/cluster/ledger.ts';
import { Queues } from '../../../src/server/cluster/queues.ts';
import { Registry } from '../../../src/server/cluster/registry.ts';
import { FakeRunner, FREE, LIMITS } from '../fake-runner.ts';
import { type Backend, conforms } from '../jobs/conformance.ts';
import { linkTo, noRedis, RedisServer } from './redis-server.ts';
import { tinyInfo } from './tiny-info.ts';

const LEASE_MS = 1000;
const limits = { ...LIMITS, waiting: 6, perClient: 4, kept: 100 };
const ledgerLimits = { ...limits, clientBytes: 1e6, allBytes: 1e7, keptBytes: 1e7 };
const onTrouble = () => {};

async function open(): Promise<Backend> {
  const redis = await RedisServer.start();
  const [link, other, working] = [await linkTo(redis, 'c'), await linkTo(redis, 'c'), await linkTo(redis, 'c')];
  const runner = new FakeRunner();
  const node = { id: randomUUID(), host: 'here', pid: 1, version: '0' };
  const queues = new Queues({ link: working, owner: node.id, leaseMs: LEASE_MS });
  const agent = new Agent({
    link: working,
    queues,
    node,
    clock,
    leaseMs: LEASE_MS,
    registry: new Registry(working),
    ledger: new Ledger(working, ledgerLimits),
    observer: { trouble: onTrouble },
    pool: Object.assign(runner, { info: tinyInfo, status: () => [] }),
  });
  await agent.start();
  const fronts = await Promise.all([link, other].map((one) => frontOn(one)));
  return {
    runner,
    fronts: fronts.map(({ jobs }) => jobs) as unknown as Backend['fronts'],
    async close() {
      await Promise.all(fronts.map(({ close }) => close()));
      await agent.drain(0);
      await queues.close();
    },
  };
}

async function frontOn(link: Awaited<ReturnType<typeof linkTo>>) {
  const fleet = new Fleet({ link, registry: new Registry(link), clock, onTrouble });
  await fleet.start();
  const queues = new Queues({ link, owner: 'gateway', leaseMs: LEASE_MS });
  const budget = () => new ByteBudget({ all: 1e9, perClient: 1e9, what: 'Bytes' });
  const storage = { bodies: budget(), answers: budget() };
  const jobs = new ClusterJobs({
    link,
    fleet,
    queues,
    clock,
    limits,
    storage,
    ledger: new Ledger(link, ledgerLimits),
    price: () => FREE,
    observer: { trouble: onTrouble },
  });
  return {
    jobs,
    async close() {
      await jobs.drain(0);
      await fleet.stop();
      await queues.close();
    },
  };
}

conforms('jobs of a cluster', open, noRedis);
