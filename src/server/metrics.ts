/** Metrics for Prometheus. */
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { JobEnd, RunReport } from '../worker/messages.ts';
import type { Job } from './jobs/job.ts';
import type { JobsObserver } from './jobs/observer.ts';
import type { PoolObserver, WorkerStatus } from './workers/worker-pool.ts';

/** Callbacks that gauges read when metrics are collected. */
export interface MetricSources {
  readonly waiting: () => number;
  readonly running: () => number;
  readonly kept: () => { readonly jobs: number; readonly bytes: number };
  readonly workers: () => readonly WorkerStatus[];
  /** Log lines lost since the start. */
  readonly lostLines: () => number;
}

const SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300];
const RUN_SECONDS = [0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2];
const ROWS = [1, 2, 4, 8, 16, 32, 64, 128, 256];

export class Metrics {
  readonly registry = new Registry();
  /** HTTP requests; observed by the app, once per response. */
  readonly requests = this.#histogram('kandid_http_request_seconds', 'Answers by route and status.', {
    labelNames: ['route', 'method', 'status'],
    buckets: SECONDS,
  });
  readonly sockets = this.#gauge('kandid_sockets', 'Open WebSockets.');
  readonly #submitted = this.#counter('kandid_jobs_submitted_total', 'Jobs taken in.', ['kind']);
  readonly #refused = this.#counter('kandid_jobs_refused_total', 'Jobs refused, by error code.', ['code']);
  readonly #ended = this.#counter('kandid_jobs_ended_total', 'Jobs ended.', ['kind', 'state']);
  readonly #lost = this.#counter('kandid_jobs_lost_total', 'Runs of jobs lost with their process.', []);
  readonly #dropped = this.#counter('kandid_previews_dropped_total', 'Previews left out for slow clients.', []);
  readonly #wait = this.#histogram('kandid_job_wait_seconds', 'From asking to beginning.', {
    labelNames: ['kind'],
    buckets: SECONDS,
  });
  readonly #run = this.#histogram('kandid_job_run_seconds', 'From beginning to end.', {
    labelNames: ['kind'],
    buckets: SECONDS,
  });
  readonly #guideSeconds = this.#counter('kandid_guide_seconds_total', 'Time spent in guides.', ['guide']);
  readonly #guideCalls = this.#counter('kandid_guide_calls_total', 'Questions to guides.', ['guide']);
  readonly #guideCandidates = this.#counter('kandid_guide_candidates_total', 'Candidates scored by guides.', ['guide']);
  readonly #runSeconds = this.#histogram('kandid_run_seconds', 'One run of a graph: a level, or decode.', {
    labelNames: ['model', 'graph'],
    buckets: RUN_SECONDS,
  });
  readonly #runRows = this.#histogram('kandid_run_rows', 'Pictures in one run.', { labelNames: [], buckets: ROWS });
  readonly #runJobs = this.#histogram('kandid_run_jobs', 'Jobs that shared one run.', {
    labelNames: [],
    buckets: ROWS,
  });
  readonly #exits = this.#counter('kandid_worker_exits_total', 'Worker processes that ended unasked.', ['device']);

  constructor({ waiting, running, kept, workers, lostLines }: MetricSources) {
    collectDefaultMetrics({ register: this.registry });
    this.#read('kandid_jobs_waiting', 'Jobs that wait.', waiting);
    this.#read('kandid_jobs_running', 'Jobs that run.', running);
    this.#read('kandid_jobs_kept', 'Ended jobs that are kept.', () => kept().jobs);
    this.#read('kandid_jobs_kept_bytes', 'Bytes of their pictures.', () => kept().bytes);
    const ready = () => workers().filter(({ state }) => state === 'ready').length;
    this.#read('kandid_workers_ready', 'Worker processes that are ready.', ready);
    const memory = () => workers().reduce((sum, worker) => sum + (worker.memory ?? 0), 0);
    this.#read('kandid_workers_memory_bytes', 'Memory of the worker processes.', memory);
    this.#read('kandid_log_lines_lost', 'Lines of the log that could not be written.', lostLines);
  }

  get jobs(): JobsObserver {
    return {
      submitted: ({ label }) => this.#submitted.inc({ kind: label }),
      refused: ({ code }) => this.#refused.inc({ code }),
      started: ({ label, created, started, attempt }) => {
        if (attempt === 1) this.#wait.observe({ kind: label }, ((started ?? created) - created) / 1000);
      },
      lost: () => this.#lost.inc(),
      ended: (job, event) => this.#countEnd(job, event),
      dropped: (previews) => this.#dropped.inc(previews),
    };
  }

  get pool(): PoolObserver {
    return {
      run: (_, report) => this.#countRun(report),
      exited: (device) => this.#exits.inc({ device }),
    };
  }

  /** All metrics in Prometheus' text format. */
  async text(): Promise<string> {
    return await this.registry.metrics();
  }

  #countEnd({ label, started, finished }: Job, event: JobEnd): void {
    this.#ended.inc({ kind: label, state: event.type });
    if (started !== null && finished !== null) this.#run.observe({ kind: label }, (finished - started) / 1000);
    if (event.type === 'failed') return;
    for (const { name: guide, ms, calls, candidates } of event.guides) {
      this.#guideSeconds.inc({ guide }, ms / 1000);
      this.#guideCalls.inc({ guide }, calls);
      this.#guideCandidates.inc({ guide }, candidates);
    }
  }

  #countRun({ model, level, rows, jobs, ms }: RunReport): void {
    this.#runSeconds.observe({ model, graph: level === null ? 'decode' : 'level' }, ms / 1000);
    this.#runRows.observe(rows);
    this.#runJobs.observe(jobs);
  }

  #counter<Label extends string>(name: string, help: string, labelNames: readonly Label[]): Counter<Label> {
    return new Counter({ name, help, labelNames: [...labelNames], registers: [this.registry] });
  }

  #gauge(name: string, help: string): Gauge {
    return new Gauge({ name, help, registers: [this.registry] });
  }

  #histogram<Label extends string>(
    name: string,
    help: string,
    { labelNames, buckets }: { labelNames: Label[]; buckets: number[] },
  ): Histogram<Label> {
    return new Histogram({ name, help, labelNames, buckets, registers: [this.registry] });
  }

  #read(name: string, help: string, read: () => number): void {
    new Gauge({
      name,
      help,
      registers: [this.registry],
      collect() {
        this.set(read());
      },
    });
  }
}
