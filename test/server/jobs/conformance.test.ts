/** The conformance suite for jobs in one process. */
import { systemClock } from '../../../src/kit/clock.ts';
import { jobsOf } from '../fake-runner.ts';
import { conforms } from './conformance.ts';

conforms('jobs of one process', async () => {
  const { jobs, runner } = jobsOf({ limits: { waiting: 6, perClient: 4, kept: 100 }, clock: systemClock });
  return { fronts: [jobs, jobs], runner, close: () => jobs.drain(0) };
});
