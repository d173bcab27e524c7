/** The jobs of a cluster, as a gateway provides them to the routes: stored in Redis, run by remote workers. */
import { KandidError } from '../../errors.ts';
import type { Clock } from '../../kit/clock.ts';
import type { JobEnd, Work } from '../../worker/messages.ts';
import { checkCost, checkPicks, type JobLimits } from '../jobs/admission.ts';
import type { Cost } from '../jobs/cost.ts';
import { cancelledBeforeStart } from '../jobs/dispatcher.ts';
import { EtaEstimator } from '../jobs/eta.ts';
import { fingerprint } from '../jobs/idempotency.ts';
import { type Job, type JobSpec, type Leases, newJobId } from '../jobs/job.ts';
import type { JobStorage } from '../jobs/jobs.ts';
import type { JobsObserver } from '../jobs/observer.ts';
import { outlineOf } from '../jobs/outline.ts';
import type { JobList, JobService, ListOptions } from '../jobs/service.ts';
import { JobSubscriber, type SubscriberOptions } from '../jobs/subscriber.ts';
import type { Fleet } from './fleet.ts';
import type { Ledger } from './ledger.ts';
import { jobOf, Mirror } from './mirror.ts';
import type { Queues } from './queues.ts';
import type { RedisLink } from './redis-link.ts';
import { announce, endUnserved } from './upkeep.ts';

export interface ClusterJobsOptions {
  readonly link: RedisLink;
  readonly ledger: Ledger;
  readonly fleet: Fleet;
  readonly queues: Queues;
  readonly clock: Clock;
  readonly limits: JobLimits;
  /** Cost of some work. @throws {KandidError} not_ready */
  readonly price: (work: Work) => Cost;
  readonly storage: JobStorage;
  readonly observer?: JobsObserver | undefined;
}

/** Interval of periodic updates. */
const TICK_MS = 1000;
/** A job that is not in BullMQ after this time has lost its gateway. */
const UNSENT_MS = 5000;
const SHUTDOWN_RETRY_SECONDS = 10;

export class ClusterJobs implements JobService {
  readonly #options: ClusterJobsOptions;
  /** Jobs with subscribers here, by id. */
  readonly #mirrors = new Map<string, Mirror>();
  readonly #mirrorOf = new WeakMap<Job, Mirror>();
  readonly #abandoning = new Map<Job, () => void>();
  readonly #eta = new EtaEstimator();
  #counts = { waiting: 0, running: 0, kept: 0, keptBytes: 0 };
  #draining: Promise<void> | null = null;
  #checkDrained: () => void = () => {};
  #stopTimer: () => void = () => {};
  #isStopped = false;

  constructor(options: ClusterJobsOptions) {
    this.#options = options;
    this.#tickLater();
  }

  get waiting(): number {
    return this.#counts.waiting;
  }

  get running(): number {
    return this.#counts.running;
  }

  get kept(): { readonly jobs: number; readonly bytes: number } {
    return { jobs: this.#counts.kept, bytes: this.#counts.keptBytes };
  }

  get draining(): boolean {
    return this.#draining !== null;
  }

  async submit(spec: JobSpec): Promise<Job> {
    try {
      return await this.#submit(spec);
    } catch (error) {
      if (error instanceof KandidError) this.#options.observer?.refused?.(error);
      throw error;
    }
  }

  async get(id: string): Promise<Job> {
    const mirror = this.#mirrors.get(id) ?? (await this.#load(id));
    await mirror.refresh();
    this.#releaseSoon(mirror);
    return mirror.job;
  }

  async list({ client, state, limit = 50, offset = 0 }: ListOptions = {}): Promise<JobList> {
    const { ledger, limits } = this.#options;
    const found = (await ledger.list(client)).filter((record) => state === undefined || record.state === state);
    const shown = found.slice(offset, offset + limit).map(async (record) => {
      const job = jobOf(record, limits.events);
      const { started, finished, attempt, position } = record;
      if (started !== null) job.start(started, attempt);
      if (record.state === 'queued') job.wait(position, null, record.created);
      else if (record.state === 'failed') job.finish(await this.#failureOf(job), finished ?? started ?? record.created);
      else if (record.state !== 'running')
        job.finish({ ...cancelledBeforeStart(), type: record.state } as JobEnd, finished ?? record.created);
      return job;
    });
    return { jobs: await Promise.all(shown), hasMore: found.length > offset + limit };
  }

  estimateSeconds(job: Job): number | null {
    return job.state === 'queued' ? this.#eta.estimate(job.position) : null;
  }

  async cancel(job: Job): Promise<void> {
    await this.#cancel(job, 'cancel');
  }

  async choose(job: Job, question: number, picks: readonly number[]): Promise<void> {
    checkPicks(job, question, picks);
    await this.#options.ledger.setDesired(job.id, { answer: { attempt: job.attempt, question, picks } });
  }

  async weigh(job: Job, weights: readonly number[]): Promise<void> {
    job.setWeights(weights);
    await this.#options.ledger.setDesired(job.id, { weights });
  }

  async endOf(job: Job): Promise<JobEnd> {
    const unfollow = this.#mirrorFor(job).follow();
    try {
      return await job.ended;
    } finally {
      unfollow();
    }
  }

  watch(job: Job, { since, onEvent }: Pick<SubscriberOptions, 'since' | 'onEvent'> = {}): JobSubscriber {
    const { ledger, observer, link } = this.#options;
    const mirror = this.#mirrorFor(job);
    this.#mirrors.set(job.id, mirror);
    const unfollow = mirror.follow();
    const unsubscribe = job.subscribe();
    this.#abandoning.get(job)?.();
    this.#abandoning.delete(job);
    const subscriber = new JobSubscriber(job.log, {
      since,
      onEvent,
      onPreview: (level) => {
        const taken = { attempt: job.attempt, level };
        ledger.setDesired(job.id, { taken }).catch((error: unknown) => link.reportProblem(error));
      },
      onClose: () => {
        unsubscribe();
        unfollow();
        observer?.dropped?.(subscriber.dropped);
        this.#abandonIfAlone(job);
        this.#release(mirror);
      },
    });
    return subscriber;
  }

  hold(job: Job): () => void {
    return job.hold();
  }

  /** Jobs continue: their subscribers reconnect to other gateways. */
  async drain(seconds: number): Promise<void> {
    this.#draining ??= this.#drain(seconds);
    await this.#draining;
  }

  async #drain(seconds: number): Promise<void> {
    const open = () => [...this.#mirrors.values()].filter(({ job, isFollowed }) => job.isOpen && isFollowed);
    await new Promise<void>((resolve) => {
      const stopTimer = this.#options.clock.after(seconds * 1000, resolve);
      this.#checkDrained = () => {
        if (open().length > 0) return;
        stopTimer();
        resolve();
      };
      this.#checkDrained();
    });
    this.#isStopped = true;
    this.#stopTimer();
    for (const stop of this.#abandoning.values()) stop();
  }

  async #submit({ work, ...spec }: JobSpec): Promise<Job> {
    const { fleet, ledger, limits, price, observer } = this.#options;
    if (this.draining) throw new KandidError('draining', { retrySeconds: SHUTDOWN_RETRY_SECONDS });
    const problem = fleet.problem();
    if (problem) throw problem;
    const cost = price(work);
    checkCost(cost, limits.cost);
    const queue = fleet.queueFor(work);
    const outline = outlineOf(work);
    const leases = this.#lease(spec.client, outline.bytes, cost.answerBytes);
    try {
      const { id, created } = await ledger.submit({
        spec,
        work,
        outline,
        cost,
        queue,
        id: newJobId(),
        mostOpen: Math.min(limits.perClient, spec.mostOpen ?? limits.perClient),
        fingerprint: spec.idempotencyKey === undefined ? '' : fingerprint(work),
        retrySeconds: this.#eta.retrySeconds(this.waiting),
      });
      if (created === null) {
        release(leases);
        return await this.get(id);
      }
      // The body is stored in Redis.
      leases.body.release();
      const record = { id, spec, outline, cost, queue, created, state: 'queued', attempt: 0 } as const;
      const job = jobOf(
        { ...record, started: null, finished: null, position: 0, forgotten: -1 },
        limits.events,
        leases,
      );
      this.#releaseSoon(this.#mirrorFor(job));
      await this.#send(job, queue);
      observer?.submitted?.(job);
      return job;
    } catch (error) {
      release(leases);
      throw error;
    }
  }

  /** Adds the job to BullMQ. The job is already accepted: if this fails, any gateway retries it later. */
  async #send({ id, client, spec, cost, outline }: Job, queue: string): Promise<void> {
    const { ledger, queues, observer } = this.#options;
    const { guides, bytes } = outline;
    const need = { slots: cost.slots, bytes: cost.memory + bytes, guides };
    try {
      await (await queues.get(queue)).push({ id, client, priority: spec.priority ?? 0, ...need });
      // If this is lost, the job is added to BullMQ again, which has no effect.
      ledger.sent(id).catch((error: unknown) => observer?.trouble?.(error));
    } catch (error) {
      observer?.trouble?.(error);
    }
  }

  #lease(client: string, bodyBytes: number, answerBytes: number): Leases {
    const { bodies, answers } = this.#options.storage;
    const leases = { body: bodies.lease(client), answer: answers.lease(client) };
    try {
      leases.body.grow(bodyBytes);
      leases.answer.grow(answerBytes);
      return leases;
    } catch (error) {
      release(leases);
      throw error;
    }
  }

  async #load(id: string): Promise<Mirror> {
    const { ledger, limits } = this.#options;
    const record = await ledger.record(id);
    if (!record) throw new KandidError('job_unknown', { job: id.slice(0, 100) });
    const leases = this.#lease(record.spec.client, 0, record.cost.answerBytes);
    return this.#mirrorFor(jobOf(record, limits.events, leases));
  }

  #mirrorFor(job: Job): Mirror {
    const known = this.#mirrorOf.get(job);
    if (known) return known;
    const { link, ledger } = this.#options;
    const onTrouble = (error: unknown) => link.reportProblem(error);
    const mirror = new Mirror(job, { link, ledger, onTrouble, onEnd: (ended) => this.#ended(ended) });
    this.#mirrorOf.set(job, mirror);
    return mirror;
  }

  #ended(mirror: Mirror): void {
    const { job } = mirror;
    const { started, finished } = job;
    if (job.state === 'done' && started !== null && finished !== null)
      this.#eta.add((finished - started) / 1000, Math.max(1, this.running));
    job.leases?.answer.shrink(Math.max(0, job.cost.answerBytes - job.log.bytes));
    this.#release(mirror);
  }

  /** Releases the mirror unless it gets a subscriber at once. */
  #releaseSoon(mirror: Mirror): void {
    setImmediate(() => this.#release(mirror));
  }

  /**
   * Redis has the job: the mirror is kept, and its answer accounted for, only while it has subscribers or its answer is
   * being sent.
   */
  #release(mirror: Mirror): void {
    const { job } = mirror;
    if (job.subscribers > 0) return;
    if (this.#mirrors.get(job.id) === mirror) this.#mirrors.delete(job.id);
    if (job.isOpen) job.release();
    else job.settle();
    this.#checkDrained();
  }

  async #cancel(job: Job, how: 'cancel' | 'drop'): Promise<void> {
    if (!job.isOpen) return;
    const { ledger, queues } = this.#options;
    job.cancel();
    await ledger.setDesired(job.id, { cancelled: how });
    const mirror = this.#mirrorFor(job);
    const isOver = await ledger.end(job.id, 0, cancelledBeforeStart());
    await mirror.refresh();
    if (isOver && mirror.queue !== null) await (await queues.get(mirror.queue)).remove(job.id);
  }

  #cancelSoon(job: Job, how: 'cancel' | 'drop'): void {
    this.#cancel(job, how).catch((error: unknown) => this.#options.observer?.trouble?.(error));
  }

  #abandonIfAlone(job: Job): void {
    const { abandonSeconds } = job.spec;
    if (abandonSeconds === undefined || job.subscribers > 0 || !job.isOpen || this.#isStopped) return;
    if (abandonSeconds === 0) {
      this.#cancelSoon(job, 'drop');
      return;
    }
    const stopTimer = this.#options.clock.after(abandonSeconds * 1000, () => {
      this.#abandoning.delete(job);
      // The job may have subscribers at another gateway.
      const dropping = this.#options.ledger.abandoned([job.id], abandonSeconds).then(async ([id]) => {
        if (id !== undefined) await this.#cancel(job, 'drop');
      });
      dropping.catch((error: unknown) => this.#options.link.reportProblem(error));
    });
    this.#abandoning.set(job, stopTimer);
  }

  async #failureOf(job: Job): Promise<JobEnd> {
    return (await this.#options.ledger.result(job.id)) ?? cancelledBeforeStart();
  }

  #tickLater(): void {
    if (this.#isStopped) return;
    this.#stopTimer = this.#options.clock.after(TICK_MS, () => {
      const again = () => this.#tickLater();
      this.#tick()
        .catch((error: unknown) => this.#options.link.reportProblem(error))
        .then(again, again);
    });
  }

  async #tick(): Promise<void> {
    const { ledger, link } = this.#options;
    if (!link.isUp) return;
    this.#counts = await ledger.counts();
    const watched = [...this.#mirrors.values()].filter(({ job }) => job.isOpen && job.subscribers > 0);
    await ledger.watched(watched.map(({ job }) => job.id));
    const queued = watched.filter(({ job }) => job.state === 'queued');
    await announce(queued, this.#options, (position) => this.#eta.estimate(position));
    await this.#sendUnsent();
    await endUnserved(this.#options);
  }

  /** Adds jobs to BullMQ whose gateway was lost before it did. */
  async #sendUnsent(): Promise<void> {
    const { ledger, limits } = this.#options;
    for (const id of await ledger.unsent(UNSENT_MS)) {
      const record = await ledger.record(id);
      if (record?.state === 'queued') await this.#send(jobOf(record, limits.events), record.queue);
      else await ledger.sent(id);
    }
  }
}

function release({ body, answer }: Leases): void {
  body.release();
  answer.release();
}
