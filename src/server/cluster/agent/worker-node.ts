/** A worker of a cluster: its processes, and the agent that takes jobs for them. */
import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { packageVersion } from '../../../config.ts';
import { systemClock } from '../../../kit/clock.ts';
import { createLog } from '../../log.ts';
import { Metrics } from '../../metrics.ts';
import { combineObservers, jobsLog, poolLog } from '../../observers.ts';
import { createPool, type ServiceOptions } from '../../services.ts';
import type { ServerSettings } from '../../settings.ts';
import type { WorkerPool } from '../../workers/worker-pool.ts';
import { addRedisMetrics } from '../cluster-metrics.ts';
import { ledgerLimits } from '../gateway.ts';
import { Ledger } from '../ledger.ts';
import { Queues } from '../queues.ts';
import { RedisLink } from '../redis-link.ts';
import { Registry } from '../registry.ts';
import { Agent } from './agent.ts';

export interface WorkerNode {
  readonly pool: WorkerPool;
  readonly agent: Agent;
  readonly link: RedisLink;
  readonly metrics: Metrics;
  /** Opens the models, then takes jobs. @throws {KandidError} the errors of opening a model, redis_unavailable */
  start(): Promise<void>;
  /** Takes no more jobs, lets running ones end or returns them to the queue, and stops its processes. */
  close(): Promise<void>;
}

/** @throws {KandidError} package_missing, redis_unavailable, redis_unfit */
export async function createWorkerNode(
  settings: ServerSettings & { readonly redis: string },
  modelFolders: readonly string[],
  { clock = systemClock, log = createLog({ level: 'silent' }), lostLines = () => 0, start }: ServiceOptions = {},
): Promise<WorkerNode> {
  const { redis: url, redisPrefix: prefix, leaseSeconds, drainSeconds } = settings;
  const commandMs = 1000 * settings.redisSeconds;
  const onTrouble = (reason: string) => log.warn({ reason }, 'trouble with Redis');
  const link = await RedisLink.open({ url, prefix, commandMs, onTrouble, name: 'kandid worker' });
  const node = { id: randomUUID(), host: hostname(), pid: process.pid, version: packageVersion() };
  const leaseMs = leaseSeconds * 1000;
  const metrics: Metrics = new Metrics({
    waiting: () => 0,
    running: () => agent.running,
    kept: () => ({ jobs: 0, bytes: 0 }),
    workers: () => pool.status(),
    lostLines,
  });
  addRedisMetrics(metrics.registry, link);
  const pool = createPool(settings, modelFolders, {
    clock,
    start,
    observer: combineObservers(metrics.pool, poolLog(log)),
  });
  const queues = new Queues({ link, owner: node.id, leaseMs });
  const agent = new Agent({
    link,
    pool,
    queues,
    clock,
    node,
    leaseMs,
    registry: new Registry(link),
    ledger: new Ledger(link, ledgerLimits(settings)),
    observer: combineObservers(metrics.jobs, jobsLog(log)),
  });
  return {
    pool,
    agent,
    link,
    metrics,
    async start() {
      await pool.start();
      await agent.start();
    },
    async close() {
      await agent.drain(drainSeconds);
      await pool.stop();
      await queues.close();
      link.close();
    },
  };
}
