import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { KandidError } from '../../../src/errors.ts';
import type { Need, RunListener } from '../../../src/server/jobs/runner.ts';
import { WorkerPool } from '../../../src/server/workers/worker-pool.ts';
import type { ProcessListener } from '../../../src/server/workers/worker-process.ts';
import type { FromWorker, JobEvent, ToWorker, WorkerInfo, WorkerOptions } from '../../../src/worker/messages.ts';
import { FakeClock } from '../../clock.ts';
import { WORK } from '../fake-runner.ts';
import { done, level, question } from '../job-events.ts';

const INFO: WorkerInfo = {
  device: 'cpu',
  fallback: null,
  models: [],
  defaultModel: 'tiny',
  beamBytes: {},
  guides: [],
  lexicons: {},
};

/** A fake process whose messages the test determines. */
class FakeProcess {
  readonly sent: ToWorker[] = [];
  readonly listener: ProcessListener;
  killed: string | null = null;
  pid = 7;

  constructor(listener: ProcessListener) {
    this.listener = listener;
  }

  send(message: ToWorker): void {
    structuredClone(message);
    this.sent.push(message);
  }

  kill(signal: string): void {
    this.killed = signal;
    this.listener.exit(`killed by ${signal}`);
  }

  say(...messages: FromWorker[]): void {
    for (const message of messages) this.listener.message(message);
  }

  event(job: string, attempt: number, ...all: JobEvent[]): void {
    this.say(...all.map((event): FromWorker => ({ type: 'event', job, attempt, event })));
  }
}

function poolOf({
  devices = ['cpu'],
  slots = 2,
  awaitingInput = 1,
  guideWorker = undefined as string | undefined,
} = {}) {
  const clock = new FakeClock();
  const processes: FakeProcess[] = [];
  const exits: string[] = [];
  const started: WorkerOptions[] = [];
  const pool = new WorkerPool({
    devices,
    guideWorker,
    slots,
    jobBytes: 1000,
    awaitingInput,
    clock,
    hangSeconds: 100,
    worker: { engine: { models: [] } },
    observer: { exited: (_, reason) => exits.push(reason) },
    start: (options, listener) => {
      started.push(options);
      const made = new FakeProcess(listener);
      processes.push(made);
      return made;
    },
  });
  const latest = () => processes.at(-1) as FakeProcess;
  return { pool, clock, processes, exits, started, latest };
}

const need = (more: Partial<Need> = {}): Need => ({ client: 'a', slots: 1, bytes: 1, retried: false, ...more });

function assign(pool: WorkerPool, job: string, { attempt = 1, ...more }: Partial<Need> & { attempt?: number } = {}) {
  const heard: (JobEvent['type'] | string)[] = [];
  const listener: RunListener = {
    event: ({ type }) => heard.push(type),
    lost: (reason) => heard.push(`lost: ${reason}`),
  };
  const wanted = need({ retried: attempt > 1, ...more });
  pool.run({ ...wanted, ticket: { job, attempt, client: wanted.client, work: WORK } }, listener);
  return heard;
}

test('it is ready when a process is, and each process has its device', async () => {
  const { pool, processes } = poolOf({ devices: ['cuda:0', 'auto'] });
  const starting = pool.start();
  assert.equal(pool.ready, false);
  assert.equal(pool.hasRoom(need()), false);
  assert.equal(pool.status()[1]?.device, 'auto');
  const info = { ...INFO, device: 'cuda:1' };
  processes[1]?.say({ type: 'ready', info });
  assert.equal(await starting, info);
  assert.equal(pool.info, info);
  assert.deepEqual(
    pool.status().map(({ device, state }) => [device, state]),
    [
      ['cuda:0', 'starting'],
      ['cuda:1', 'ready'],
    ],
  );
});

test('if no process starts, starting fails with the reason, and is retried', async () => {
  const { pool, clock, processes, latest } = poolOf();
  const starting = pool.start();
  const error = { code: 'models_missing', message: 'none', details: { folders: 'there' } } as const;
  latest().say({ type: 'startupFailure', error });
  latest().listener.exit('exit code 1');
  await assert.rejects(starting, { code: 'models_missing' });
  assert.match((pool.problem() as KandidError).message, /No worker process is ready: No bundle was found in there/);
  clock.pass(100);
  assert.equal(processes.length, 2);
  latest().say({ type: 'ready', info: INFO });
  assert.equal(pool.problem(), null);
});

test('a job is started and exchanges messages; other attempts are ignored', async () => {
  const { pool, latest } = poolOf();
  void pool.start();
  latest().say({ type: 'ready', info: INFO });
  const heard = assign(pool, 'a', { attempt: 2 });
  pool.sendTo('a', { type: 'cancel' });
  pool.sendTo('b', { type: 'cancel' });
  assert.deepEqual(
    latest().sent.map(({ type }) => type),
    ['job', 'tell'],
  );
  latest().event('a', 1, done());
  latest().event('b', 2, done());
  latest().event('a', 2, level(0), done());
  latest().event('a', 2, level(1));
  assert.deepEqual(heard, ['level', 'done']);
});

test('capacity is the number of free places; a job waiting for a person uses none', async () => {
  const { pool, latest } = poolOf({ slots: 3, awaitingInput: 1 });
  let told = 0;
  pool.listen(() => {
    told += 1;
  });
  void pool.start();
  latest().say({ type: 'ready', info: INFO });
  assert.equal(told, 1);
  assign(pool, 'a', { slots: 2 });
  assert.equal(pool.hasRoom(need()), true);
  assign(pool, 'b', { slots: 5 });
  assert.equal(pool.hasRoom(need()), false);
  latest().event('b', 1, question(0));
  assert.equal(told, 2);
  assert.equal(pool.hasRoom(need()), false, 'as many wait for persons as may');
  latest().event('b', 1, { type: 'chosen', question: 0, picks: [], by: 'time' });
  latest().event('b', 1, done());
  assert.equal(pool.hasRoom(need()), true);
});

test('jobs go to the process with the most free places; a retried job to an idle one', async () => {
  const { pool, processes } = poolOf({ devices: ['cuda:0', 'cuda:1'], slots: 9 });
  void pool.start();
  for (const one of processes) one.say({ type: 'ready', info: INFO });
  assign(pool, 'a', { slots: 3, attempt: 2 });
  assign(pool, 'b', { slots: 1, attempt: 2 });
  assert.equal(pool.hasRoom(need({ retried: true })), false);
  assign(pool, 'c');
  assert.deepEqual(
    processes.map(({ sent }) => sent.flatMap((message) => (message.type === 'job' ? message.ticket.job : []))),
    [['a'], ['b', 'c']],
  );
});

test('an exited process is restarted with growing delays until one has succeeded', async () => {
  const { pool, clock, processes, exits, latest } = poolOf();
  void pool.start();
  latest().say({ type: 'ready', info: INFO });
  const heard = assign(pool, 'a');
  latest().listener.exit('killed by SIGKILL');
  assert.deepEqual(heard, ['lost: killed by SIGKILL']);
  assert.equal(pool.ready, false);
  assert.equal(pool.status()[0]?.reason, 'killed by SIGKILL');
  for (const wait of [100, 200, 400]) {
    clock.pass(wait - 1);
    const before = processes.length;
    clock.pass(1);
    assert.equal(processes.length, before + 1);
    latest().listener.exit('exit code 1');
  }
  assert.equal(exits.length, 4);
  clock.pass(800);
  latest().say({ type: 'ready', info: INFO });
  assign(pool, 'b');
  latest().event('b', 1, done());
  latest().listener.exit('exit code 1');
  clock.pass(100);
  assert.equal(pool.status()[0]?.state, 'starting');
  assert.equal(pool.status()[0]?.restarts, 5);
});

test('a silent process is killed', async () => {
  const { pool, clock, processes, latest } = poolOf();
  void pool.start();
  clock.pass(900_000);
  assert.equal(latest().killed, null, 'it may take long to start');
  latest().say({ type: 'ready', info: INFO });
  for (let i = 0; i < 8; i++) {
    clock.pass(25_000);
    latest().say({ type: 'pong', memory: 5 });
  }
  assert.equal(processes.length, 1);
  assert.equal(pool.status()[0]?.memory, 5);
  const heard = assign(pool, 'a');
  clock.pass(100_000);
  assert.deepEqual(heard, ['lost: killed by SIGKILL']);
});

test('stopping is graceful first, then forced', async () => {
  const { pool, clock, processes, latest } = poolOf({ devices: ['cuda:0', 'cuda:1'] });
  void pool.start();
  for (const one of processes) one.say({ type: 'ready', info: INFO });
  const stopping = pool.stop();
  const [willing, deaf] = processes;
  assert.deepEqual(willing?.sent, [{ type: 'stop' }]);
  willing?.listener.exit('exit code 0');
  clock.pass(5000);
  assert.equal(deaf?.killed, 'SIGKILL');
  await stopping;
  clock.pass(100_000);
  assert.equal(processes.length, 2);
  assert.equal(latest(), deaf);
  assert.equal(clock.waiting, 0);
});

test('stopping cancels a delayed restart', async () => {
  const { pool, clock, processes, latest } = poolOf();
  void pool.start();
  latest().say({ type: 'ready', info: INFO });
  latest().listener.exit('exit code 1');
  await pool.stop();
  clock.pass(100_000);
  assert.equal(processes.length, 1);
});

test('a message that cannot be sent fails only its job', async () => {
  const { pool, latest } = poolOf({ slots: 4 });
  const starting = pool.start();
  latest().say({ type: 'ready', info: INFO });
  await starting;
  const well = assign(pool, 'well');
  const heard: JobEvent[] = [];
  const work = { ...WORK, request: { guides: [{ name: 'odd', params: { odd: () => {} } }] } };
  pool.run(
    { ...need(), ticket: { job: 'odd', attempt: 1, client: 'a', work } },
    { event: (event) => heard.push(event), lost: (reason) => assert.fail(reason) },
  );
  assert.equal(heard.length, 1);
  assert.ok(heard[0]?.type === 'failed');
  assert.match(heard[0].error.message, /could not be sent to a worker process: .*could not be cloned/);
  latest().event('well', 1, done());
  assert.deepEqual(well, ['done']);
  assert.equal(pool.status()[0]?.jobs, 0);
});

test('a client without running jobs may exceed the places; memory limits all', async () => {
  const { pool, latest } = poolOf({ slots: 2 });
  const starting = pool.start();
  latest().say({ type: 'ready', info: INFO });
  await starting;
  assign(pool, 'heavy', { slots: 256, bytes: 500 });
  assert.equal(pool.hasRoom(need()), false);
  assert.equal(pool.hasRoom(need({ client: 'b' })), true);
  assert.equal(pool.hasRoom(need({ client: 'b', bytes: 500 })), false, 'large jobs leave a part of the memory');
  assert.equal(pool.hasRoom(need({ client: 'b', bytes: 250 })), true);
  assign(pool, 'heavy2', { client: 'b', bytes: 250 });
  assert.equal(pool.hasRoom(need({ client: 'c', bytes: 100 })), false);
  assert.equal(pool.hasRoom(need({ client: 'c', bytes: 60 })), true);
});

test('a job that needs all memory runs alone', async () => {
  const { pool, latest } = poolOf();
  const starting = pool.start();
  latest().say({ type: 'ready', info: INFO });
  await starting;
  assert.equal(pool.hasRoom(need({ bytes: 5000 })), true);
  assign(pool, 'a', { bytes: 5000 });
  assert.equal(pool.hasRoom(need({ client: 'b' })), false);
});

test('pictures are sent one by one and announced with the end', async () => {
  const { pool, latest } = poolOf();
  const starting = pool.start();
  latest().say({ type: 'ready', info: INFO });
  await starting;
  const ends: JobEvent[] = [];
  const codes = () =>
    ends.map((event) => (event.type === 'done' ? event.results.map(({ code }) => code[0]) : event.type));
  pool.run(
    { ...need(), ticket: { job: 'a', attempt: 1, client: 'a', work: WORK } },
    { event: (event) => ends.push(event), lost: () => {} },
  );
  const picture = (index: number) => ({
    bytes: Uint8Array.of(index),
    mime: 'image/png',
    width: 1,
    height: 1,
    code: [index],
    codeString: '',
    image: index,
  });
  for (const index of [1, 0])
    latest().say({ type: 'event', job: 'a', attempt: 1, event: { type: 'finished', index, picture: picture(index) } });
  assert.deepEqual(codes(), []);
  latest().event('a', 1, { ...done(), results: [] } as JobEvent);
  assert.deepEqual(codes(), [[0, 1]]);
});

test('custom guides have a separate process if configured', async () => {
  const { pool, processes } = poolOf({ slots: 4, guideWorker: 'cpu' });
  const starting = pool.start();
  const about = { description: '', params: {} };
  const guides = [
    { ...about, name: 'text', isOwn: true },
    { ...about, name: 'mine', isOwn: false },
  ];
  for (const one of processes) one.say({ type: 'ready', info: { ...INFO, guides } });
  await starting;
  assign(pool, 'usual', { guides: ['text'] });
  assign(pool, 'custom', { guides: ['text', 'mine'] });
  const jobsOf = ({ sent }: FakeProcess) => sent.flatMap((one) => (one.type === 'job' ? [one.ticket.job] : []));
  assert.deepEqual(processes.map(jobsOf), [['usual'], ['custom']]);
  processes[1]?.kill('SIGKILL');
  assert.equal(pool.hasRoom(need({ guides: ['mine'] })), false);
  assert.equal(pool.hasRoom(need({ guides: ['text'] })), true);
});

test('a restarted process is told so: it need not open every model', async () => {
  const { pool, clock, started, latest } = poolOf();
  const starting = pool.start();
  latest().say({ type: 'ready', info: INFO });
  await starting;
  latest().kill('SIGKILL');
  clock.pass(10_000);
  assert.deepEqual(
    started.map(({ isRestart }) => isRestart),
    [false, true],
  );
});
