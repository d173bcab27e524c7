/** Admission checks of new jobs. */
import { KandidError } from '../../errors.ts';
import type { Cost } from './cost.ts';
import type { Job } from './job.ts';

export interface JobLimits {
  /** Largest number of waiting jobs. */
  readonly waiting: number;
  /** Largest number of jobs of one client that wait or run. */
  readonly perClient: number;
  /** Largest cost of one job. */
  readonly cost: Readonly<Record<keyof typeof COSTS, number>>;
  /** Events of one job that are kept for subscribers. */
  readonly events: number;
  /** Ended jobs that are kept, for how many seconds, and the bytes of their pictures. */
  readonly kept: number;
  readonly keptSeconds: number;
  readonly keptBytes: number;
}

interface CostLimit {
  readonly what: string;
  /** How to get below the limit. */
  readonly remedy: string;
  /** How its values are written. @default as numbers */
  readonly written?: (value: number) => string | number;
}

/** Cost components that are limited, and how to lower each. */
const COSTS = {
  slots: {
    what: 'The number of results times their beams and particles',
    remedy: 'Ask for fewer results (count), or keep fewer beams or particles.',
  },
  work: {
    what: 'The work (megapixels generated, scored and encoded)',
    remedy:
      'Ask for fewer results (count), fewer beams or particles, a shorter shortlist, a smaller size, fewer frames of an animation or a format that is quicker to encode.',
  },
  choice: {
    what: 'The number of candidates that a shortlist is chosen from',
    remedy: 'Keep fewer beams.',
  },
  pixels: {
    what: 'The number of pixels of all pictures together',
    remedy: 'Ask for fewer results (count) at once, a smaller size, or fewer frames of an animation.',
  },
  memory: {
    what: 'The memory of the results, their beams and particles',
    remedy: 'Ask for fewer results (count), or keep fewer beams or particles.',
    written: (bytes) => `${Math.ceil(bytes / 1e6)} MB`,
  },
} as const satisfies Partial<Record<keyof Cost, CostLimit>>;

export interface Admission {
  readonly limits: JobLimits;
  /** All jobs, including ended ones. */
  readonly jobs: Iterable<Job>;
  readonly retrySeconds: number;
}

/** @throws {KandidError} request_too_large, client_busy */
export function checkAdmission(job: Job, { limits, jobs, retrySeconds }: Admission): void {
  checkCost(job.cost, limits.cost);
  let open = 0;
  for (const other of jobs) if (other.isOpen && other.client === job.client) open += 1;
  if (open >= Math.min(limits.perClient, job.spec.mostOpen ?? Number.POSITIVE_INFINITY))
    throw new KandidError('client_busy', { open, retrySeconds });
}

/** @throws {KandidError} request_too_large, with the limit and what to lower */
export function checkCost(cost: Cost, limits: JobLimits['cost']): void {
  for (const part of Object.keys(COSTS) as (keyof typeof COSTS)[]) {
    const { what, remedy, written = (value) => value }: CostLimit = COSTS[part];
    const [got, limit] = [Math.ceil(cost[part]), limits[part]];
    if (got > limit)
      throw new KandidError('request_too_large', { what, got: written(got), limit: written(limit), remedy });
  }
}

/** Checks picks against the open question. @throws {KandidError} question_closed, option_invalid */
export function checkPicks({ question: open, state }: Job, question: number, picks: readonly number[]): void {
  if (!open || open.question !== question || state !== 'running')
    throw new KandidError('question_closed', { question });
  const wrong = picks.find((pick) => pick >= open.count);
  if (wrong === undefined) return;
  throw new KandidError('option_invalid', {
    option: 'picks',
    got: wrong,
    expected: `pictures of the contact sheet, 0 … ${open.count - 1}`,
  });
}
