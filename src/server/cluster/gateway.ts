/** A server whose jobs are run by the workers of a cluster. */
import { randomUUID } from 'node:crypto';
import { packageVersion } from '../../config.ts';
import { systemClock } from '../../kit/clock.ts';
import { MINUTE } from '../http/access.ts';
import { Places } from '../http/places.ts';
import { SignedLinks } from '../http/signed-links.ts';
import { createLog } from '../log.ts';
import { McpSessions } from '../mcp/sessions.ts';
import { Metrics } from '../metrics.ts';
import { combineObservers, jobsLog } from '../observers.ts';
import { createStorage, jobLimits, priceOf, type ServiceOptions, type Services } from '../services.ts';
import type { ServerSettings } from '../settings.ts';
import { ClusterJobs } from './cluster-jobs.ts';
import { addGatewayMetrics } from './cluster-metrics.ts';
import { ClusterNotices } from './cluster-notices.ts';
import { ClusterRates } from './cluster-rates.ts';
import { Fleet } from './fleet.ts';
import { Ledger, type LedgerLimits } from './ledger.ts';
import { Queues } from './queues.ts';
import { RedisLink } from './redis-link.ts';
import { Registry } from './registry.ts';

export interface Gateway extends Services {
  readonly jobs: ClusterJobs;
  readonly pool: Fleet;
  readonly link: RedisLink;
}

/**
 * Connects to Redis and creates all services; `pool.start()` then looks for workers.
 *
 * @throws {KandidError} package_missing, redis_unavailable, redis_unfit
 */
export async function createGateway(
  settings: ServerSettings & { readonly redis: string },
  {
    clock = systemClock,
    log = createLog({ level: 'silent' }),
    lostLines = () => 0,
  }: Omit<ServiceOptions, 'start'> = {},
): Promise<Gateway> {
  const onTrouble = (reason: string) => log.warn({ reason }, 'trouble with Redis');
  const { redis: url, redisPrefix: prefix, leaseSeconds } = settings;
  const commandMs = 1000 * settings.redisSeconds;
  const link = await RedisLink.open({ url, prefix, commandMs, onTrouble, name: 'kandid gateway' });
  const registry = new Registry(link);
  const fleet = new Fleet({ link, registry, clock, onTrouble: (error) => link.reportProblem(error) });
  const queues = new Queues({ link, owner: randomUUID(), leaseMs: leaseSeconds * 1000 });
  const metrics: Metrics = new Metrics({
    waiting: () => jobs.waiting,
    running: () => jobs.running,
    kept: () => jobs.kept,
    workers: () => fleet.status(),
    lostLines,
  });
  addGatewayMetrics(metrics.registry, fleet, link);
  const { intake, storage } = createStorage(settings);
  const jobs = new ClusterJobs({
    link,
    fleet,
    queues,
    clock,
    storage,
    ledger: new Ledger(link, ledgerLimits(settings)),
    limits: jobLimits(settings),
    price: (work) => priceOf(work, fleet),
    observer: combineObservers(metrics.jobs, jobsLog(log)),
  });
  const notices = new ClusterNotices({ link, clock, log, find: (id) => jobs.get(id) });
  const { sockets, socketsPerClient } = settings;
  const mcpSessions = new McpSessions({ all: sockets, perClient: socketsPerClient }, clock);
  const close = async () => {
    await mcpSessions.close();
    await jobs.drain(settings.drainSeconds);
    await notices.close();
    await fleet.stop();
    await queues.close();
    link.close();
  };
  return {
    settings,
    jobs,
    pool: fleet,
    link,
    intake,
    metrics,
    log,
    clock,
    close,
    version: packageVersion(),
    mcpSessions,
    notices,
    rates: new ClusterRates(link, MINUTE, clock),
    places: new Places(settings),
    signedLinks: new SignedLinks(settings, clock),
  };
}

/** Limits that should be equal for all gateways and workers of a cluster. */
export function ledgerLimits(settings: ServerSettings): LedgerLimits {
  return {
    waiting: settings.waiting,
    clientBytes: settings.clientBodyBytes,
    allBytes: settings.allBodyBytes,
    events: settings.events,
    kept: settings.keptJobs,
    keptSeconds: settings.keptSeconds,
    keptBytes: settings.keptBytes,
  };
}
