/** A runner that does nothing by itself: tests determine the events of its jobs. */
import assert from 'node:assert/strict';
import type { KandidError } from '../../src/errors.ts';
import type { Clock } from '../../src/kit/clock.ts';
import { type Cost, slotsOf } from '../../src/server/jobs/cost.ts';
import { type JobLimits, Jobs } from '../../src/server/jobs/jobs.ts';
import type { JobsObserver } from '../../src/server/jobs/observer.ts';
import type { Assignment, Need, RunListener, Runner } from '../../src/server/jobs/runner.ts';
import { isEnd, type JobEvent, type JobMessage, type Work } from '../../src/worker/messages.ts';
import { FakeClock } from '../clock.ts';

interface Running extends RunListener {
  readonly assignment: Assignment;
}

export class FakeRunner implements Runner {
  room = 1;
  unavailable: KandidError | null = null;
  readonly running = new Map<string, Running>();
  readonly sent: { job: string; message: JobMessage }[] = [];
  /** All jobs that were started. */
  readonly begun: Assignment[] = [];
  #listener: () => void = () => {};

  problem(): KandidError | null {
    return this.unavailable;
  }

  hasRoom({ retried }: Need): boolean {
    if (retried && [...this.running.values()].some((one) => one.assignment.retried)) return false;
    return this.running.size < this.room;
  }

  run(assignment: Assignment, listener: RunListener): void {
    assert.ok(this.hasRoom(assignment));
    this.begun.push(assignment);
    this.running.set(assignment.ticket.job, { assignment, ...listener });
  }

  sendTo(job: string, message: JobMessage): void {
    this.sent.push({ job, message });
  }

  listen(listener: () => void): void {
    this.#listener = listener;
  }

  get places() {
    return { all: 8, free: this.room - this.running.size };
  }

  makeRoom(room: number): void {
    this.room = room;
    this.#listener();
  }

  /** Emits an event of a running job. */
  event(job: string, ...event: JobEvent[]): void {
    for (const one of event) {
      const running = this.running.get(job);
      assert.ok(running, `${job} does not run`);
      if (isEnd(one)) this.running.delete(job);
      running.event(one);
      if (isEnd(one)) this.#listener();
    }
  }

  /** Simulates the loss of the process of all running jobs. */
  crash(reason = 'killed by SIGKILL'): Running[] {
    const lost = [...this.running.values()];
    this.running.clear();
    for (const one of lost) one.lost(reason);
    this.#listener();
    return lost;
  }
}

export const WORK: Work = { kind: 'generate', request: {}, output: { format: 'png' } };

export const FREE: Cost = { work: 0, slots: 0, choice: 0, pixels: 0, memory: 0, answerBytes: 0 };

export const LIMITS: JobLimits = {
  cost: { ...FREE, slots: 16 },
  waiting: 10,
  perClient: 8,
  events: 64,
  kept: 3,
  keptSeconds: 60,
  keptBytes: 10_000,
};

interface FakeOptions<C extends Clock> {
  readonly limits?: Partial<JobLimits>;
  readonly observer?: JobsObserver;
  readonly clock?: C;
}

export function jobsOf<C extends Clock = FakeClock>({ limits = {}, observer, clock: given }: FakeOptions<C> = {}) {
  const runner = new FakeRunner();
  const clock = given ?? (new FakeClock() as Clock as C);
  const price = (work: Work): Cost => ({ ...FREE, slots: slotsOf(work) });
  const jobs = new Jobs({ runner, clock, price, limits: { ...LIMITS, ...limits }, observer });
  const submit = (client = 'a', spec: Partial<Parameters<Jobs['submit']>[0]> = {}) =>
    jobs.submit({ work: WORK, client, ...spec });
  return { jobs, runner, clock, submit };
}
