/** Who is let in. */
import { KandidError } from '../../errors.ts';
import type { Job } from './job.ts';
import type { Runner } from './runner.ts';

export interface JobLimits {
  /** Jobs that wait. */
  readonly waiting: number;
  /** Jobs of one client that wait or run. */
  readonly perClient: number;
  /** Results of one job times the beams that each keeps. */
  readonly places: number;
  /** Events of one job that are kept for viewers. */
  readonly events: number;
  /** Ended jobs that are kept, for how long, and the bytes of their pictures. */
  readonly kept: number;
  readonly keptSeconds: number;
  readonly keptBytes: number;
}

export interface Admission {
  readonly limits: JobLimits;
  readonly runner: Runner;
  /** All that there are. */
  readonly jobs: Iterable<Job>;
  readonly retrySeconds: number;
}

/** @throws {KandidError} worker_unavailable, request_too_large, client_busy */
export function checkAdmission(job: Job, { limits, runner, jobs, retrySeconds }: Admission): void {
  const problem = runner.problem();
  if (problem) throw problem;
  if (job.places > limits.places)
    throw new KandidError('request_too_large', {
      ...{ what: 'The number of results times their beams', got: job.places, limit: limits.places },
    });
  let open = 0;
  for (const other of jobs) if (other.isOpen && other.client === job.client) open += 1;
  if (open >= limits.perClient) throw new KandidError('client_busy', { open, retrySeconds });
}

/** Whether picks answer the question that is open. @throws {KandidError} question_closed, option_invalid */
export function checkPicks({ question: open, state }: Job, question: number, picks: readonly number[]): void {
  if (!open || open.question !== question || state !== 'running')
    throw new KandidError('question_closed', { question });
  const wrong = picks.find((pick) => pick >= open.count);
  if (wrong === undefined) return;
  throw new KandidError('option_invalid', {
    ...{ option: 'picks', got: wrong, expected: `pictures of the contact sheet, 0 … ${open.count - 1}` },
  });
}
