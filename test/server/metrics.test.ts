import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as breathe } from 'node:timers/promises';
import { createLog } from '../../src/server/log.ts';
import { Metrics } from '../../src/server/metrics.ts';
import { jobsOf } from './fake-runner.ts';
import { done, preview } from './job-events.ts';

test('figures of jobs and runs are counted', async () => {
  const metrics = new Metrics({
    waiting: () => 3,
    running: () => 1,
    kept: () => ({ jobs: 2, bytes: 99 }),
    lostLines: () => 7,
    workers: () => [
      { device: 'cpu', state: 'ready', pid: 1, jobs: 0, restarts: 0, memory: 1000, reason: null },
      { device: 'cpu', state: 'waiting', pid: null, jobs: 0, restarts: 1, memory: null, reason: 'gone' },
    ],
  });
  const { jobs, runner, submit } = jobsOf({ limits: { perClient: 1 }, observer: metrics.jobs });
  const job = await submit('a', { label: 'inpaint' });
  await submit('a').catch(() => {});
  await breathe();
  const subscriber = jobs.watch(job);
  runner.event(job.id, preview(0), preview(1), done());
  while (subscriber.next());
  subscriber.close();
  metrics.pool.run?.('cpu', { model: 'tiny', level: 3, rows: 5, jobs: 2, ms: 4 });
  metrics.pool.exited?.('cpu', 'killed');
  const text = await metrics.text();
  for (const line of [
    'kandid_jobs_waiting 3',
    'kandid_jobs_kept_bytes 99',
    'kandid_log_lines_lost 7',
    'kandid_workers_ready 1',
    'kandid_workers_memory_bytes 1000',
    'kandid_jobs_submitted_total{kind="inpaint"} 1',
    'kandid_jobs_refused_total{code="client_busy"} 1',
    'kandid_jobs_ended_total{kind="inpaint",state="done"} 1',
    'kandid_job_wait_seconds_count{kind="inpaint"} 1',
    'kandid_guide_seconds_total{guide="text"} 0.5',
    'kandid_guide_calls_total{guide="text"} 2',
    'kandid_previews_dropped_total 2',
    'kandid_run_seconds_count{model="tiny",graph="level"} 1',
    'kandid_run_rows_sum 5',
    'kandid_worker_exits_total{device="cpu"} 1',
  ])
    assert.ok(text.includes(`${line}\n`), line);
  assert.match(text, /nodejs_eventloop_lag_p99_seconds/);
});

test('logs are one JSON object per line, without keys of requests', () => {
  const lines: string[] = [];
  const log = createLog({ level: 'info', destination: { write: (line) => lines.push(line) } });
  log.debug('unheard');
  log.info({ req: { headers: { authorization: 'Bearer secret', accept: '*/*' } } }, 'asked');
  assert.equal(lines.length, 1);
  const line = JSON.parse(String(lines[0]));
  assert.deepEqual(
    [line.msg, line.level, line.req.headers],
    ['asked', 30, { authorization: '(hidden)', accept: '*/*' }],
  );
});
