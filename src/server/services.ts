/** Services that the routes share: jobs, worker processes, settings, logs, metrics. */
import { packageVersion } from '../config.ts';
import { KandidError } from '../errors.ts';
import { type Clock, systemClock } from '../kit/clock.ts';
import type { Work, WorkerOptions } from '../worker/messages.ts';
import { ByteBudget } from './bodies/budget.ts';
import { Intake } from './bodies/intake.ts';
import { MINUTE } from './http/access.ts';
import { Places } from './http/places.ts';
import { type RateLimits, Rates } from './http/rate-limits.ts';
import { SignedLinks } from './http/signed-links.ts';
import { type Cost, costOf } from './jobs/cost.ts';
import { type JobLimits, type JobStorage, Jobs } from './jobs/jobs.ts';
import { LocalNotices, type Notices } from './jobs/notices.ts';
import type { JobService } from './jobs/service.ts';
import { createLog, type Logger } from './log.ts';
import { McpSessions } from './mcp/sessions.ts';
import { PARSED_AT_ONCE } from './memory.ts';
import { Metrics } from './metrics.ts';
import { combineObservers, jobsLog, poolLog } from './observers.ts';
import type { ServerSettings } from './settings.ts';
import { type PoolObserver, WorkerPool } from './workers/worker-pool.ts';
import type { StartProcess } from './workers/worker-process.ts';
import type { Workers } from './workers/workers.ts';

export interface Services {
  /** Version of Kandid. */
  readonly version: string;
  readonly settings: ServerSettings;
  readonly jobs: JobService;
  readonly pool: Workers;
  /** Receives request bodies. */
  readonly intake: Intake;
  readonly metrics: Metrics;
  readonly log: Logger;
  readonly clock: Clock;
  readonly places: Places;
  readonly signedLinks: SignedLinks;
  /** Calls webhooks. */
  readonly notices: Notices;
  /** Limits requests per minute. */
  readonly rates: RateLimits;
  readonly mcpSessions: McpSessions;
  /** Accepts no more jobs, lets open ones end or cancels them after a while, and stops the worker processes. */
  close(): Promise<void>;
}

/** Services whose jobs and worker processes belong to this server alone. */
export interface LocalServices extends Services {
  readonly jobs: Jobs;
  readonly pool: WorkerPool;
}

export interface ServiceOptions {
  /** @default none */
  readonly log?: Logger | undefined;
  /** Number of lines that the log could not write. */
  readonly lostLines?: (() => number) | undefined;
  readonly clock?: Clock | undefined;
  /** @default forked processes */
  readonly start?: StartProcess | undefined;
}

const SOON_SECONDS = 2;
/** Time for cancelled jobs to end, after the drain period. */
const CANCEL_GRACE_MS = 700;

/** Creates all services; `pool.start()` then starts the processes. */
export function createServices(
  settings: ServerSettings,
  modelFolders: readonly string[],
  options: ServiceOptions = {},
): LocalServices {
  const { clock = systemClock, log = createLog({ level: 'silent' }), start } = options;
  const metrics: Metrics = new Metrics({
    waiting: () => jobs.waiting,
    running: () => jobs.running,
    kept: () => jobs.kept,
    workers: () => pool.status(),
    lostLines: options.lostLines ?? (() => 0),
  });
  const observer = combineObservers(metrics.pool, poolLog(log));
  const pool = createPool(settings, modelFolders, { clock, start, observer });
  const { intake, storage } = createStorage(settings);
  const jobs = new Jobs({
    storage,
    runner: pool,
    clock,
    observer: combineObservers(metrics.jobs, jobsLog(log)),
    price: (work) => priceOf(work, pool),
    limits: jobLimits(settings),
  });
  const notices = new LocalNotices(jobs, log);
  const { sockets, socketsPerClient } = settings;
  const mcpSessions = new McpSessions({ all: sockets, perClient: socketsPerClient }, clock);
  const close = async () => {
    const late = new Promise<void>(
      (resolve) => void clock.after(settings.drainSeconds * 1000 + CANCEL_GRACE_MS, resolve),
    );
    await Promise.race([jobs.drain(settings.drainSeconds), late]);
    await mcpSessions.close();
    await pool.stop();
  };
  return {
    version: packageVersion(),
    settings,
    jobs,
    pool,
    intake,
    metrics,
    log,
    clock,
    close,
    notices,
    rates: new Rates(MINUTE, clock),
    places: new Places(settings),
    mcpSessions,
    signedLinks: new SignedLinks(settings, clock),
  };
}

/** Creates the pool of worker processes on this machine. */
export function createPool(
  settings: ServerSettings,
  modelFolders: readonly string[],
  { clock, start, observer }: Required<Pick<ServiceOptions, 'clock' | 'start'>> & { readonly observer: PoolObserver },
): WorkerPool {
  return new WorkerPool({
    devices: settings.devices ?? [settings.device],
    guideWorker: settings.guideWorker,
    worker: workerOptions(settings, modelFolders),
    slots: settings.workerPlaces,
    jobBytes: settings.workerBytes,
    awaitingInput: settings.waiting,
    hangSeconds: settings.hangSeconds,
    clock: clock ?? systemClock,
    start,
    observer,
  });
}

/** Creates the byte budgets of bodies and answers. */
export function createStorage(settings: ServerSettings): { readonly intake: Intake; readonly storage: JobStorage } {
  const { spoolFolder: folder } = settings;
  const intake = new Intake({
    bytes: { all: settings.allBodyBytes, perClient: settings.clientBodyBytes },
    parsed: PARSED_AT_ONCE * settings.bodyBytes,
    folder,
  });
  const answers = new ByteBudget({
    all: settings.allAnswerBytes,
    perClient: settings.clientAnswerBytes,
    what: 'Answers that are not read yet',
  });
  return { intake, storage: { bodies: intake.budget, answers, folder } };
}

export function jobLimits(settings: ServerSettings): JobLimits {
  return {
    waiting: settings.waiting,
    perClient: settings.perClient,
    cost: costLimits(settings),
    events: settings.events,
    kept: settings.keptJobs,
    keptSeconds: settings.keptSeconds,
    keptBytes: settings.keptBytes,
  };
}

/** @throws {KandidError} not_ready */
export function priceOf(work: Work, { info }: Workers): Cost {
  if (info) return costOf(work, info);
  throw new KandidError('not_ready', { retrySeconds: SOON_SECONDS });
}

/** A job that needs more than half of a worker's memory would have to wait until that worker is idle. */
function costLimits(settings: ServerSettings): JobLimits['cost'] {
  return {
    slots: settings.jobPlaces,
    work: settings.jobWork,
    choice: settings.jobChoice,
    pixels: settings.jobPixels,
    memory: settings.workerBytes / 2,
  };
}

function workerOptions(settings: ServerSettings, models: readonly string[]): WorkerOptions {
  const { guides, threads, allowedHosts, guideTimeout, limitPixels, wholePixels, defaultModel, warm } = settings;
  return {
    engine: {
      models,
      guides,
      threads,
      allowedHosts,
      limitPixels,
      wholePixels,
      defaultModel,
      guideTimeoutSeconds: guideTimeout,
      // Requests come from outside: they may name models, never files.
      paths: false,
    },
    warm,
    version: packageVersion(),
    rowsPerRun: settings.rowsPerRun,
    personSeconds: settings.personSeconds,
  };
}
