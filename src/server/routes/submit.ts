/** Submits requests as jobs, and waits for their end as long as the caller wants. */
import { KandidError } from '../../errors.ts';
import { errorFrom, type JobCancelled, type JobDone, type JobEnd, type Work } from '../../worker/messages.ts';
import type { Client } from '../http/access.ts';
import type { RawCall } from '../http/route.ts';
import { checkGuideParams } from '../jobs/guide-params.ts';
import type { Job, NotifyTarget } from '../jobs/job.ts';
import { withWholeSize } from '../jobs/whole-pictures.ts';
import type { Services } from '../services.ts';

export interface Submission {
  readonly work: Work;
  readonly label: string;
}

/** How long the caller wants to wait (RFC 7240). */
export interface Preference {
  readonly async: boolean;
  /** Seconds to wait before responding with the job's address. */
  readonly wait: number | null;
}

const MAX_WAIT_SECONDS = 600;

export function preferenceOf(header: string | string[] | undefined): Preference {
  const words = [header ?? []].flat().join(',').toLowerCase();
  const wait = /(?:^|[,;\s])wait\s*=\s*"?(\d{1,6})/.exec(words)?.[1];
  const seconds = wait === undefined ? null : Math.min(MAX_WAIT_SECONDS, Number(wait));
  return { async: /(?:^|[,;\s])respond-async(?:$|[,;\s])/.test(words), wait: seconds };
}

/** Job options that do not come from the request body. */
export interface SubmitOptions {
  readonly idempotencyKey?: string | undefined;
  readonly deadlineSeconds?: number | undefined;
  /** The job is cancelled after this time without subscribers. @default never */
  readonly abandonSeconds?: number | undefined;
  /** @default true */
  readonly keep?: boolean | undefined;
  readonly notify?: NotifyTarget | undefined;
}

/**
 * Submits a job. @throws {KandidError} what `Jobs.submit` throws, guide_unknown, params_invalid (guide parameters),
 * picture_*
 */
export async function enqueue(
  { jobs, pool, settings }: Services,
  { name: client, key }: Client,
  { work, label }: Submission,
  options: SubmitOptions,
): Promise<Job> {
  // While no worker has loaded the guides they are unknown here; the worker checks the parameters itself.
  if (pool.info) checkGuideParams(work, pool.info.guides);
  const sized = await withWholeSize(work, settings.wholePixels);
  return await jobs.submit({ work: sized, label, client, priority: key?.priority, mostOpen: key?.jobs, ...options });
}

/**
 * Submits a job for a caller, with options from the headers. If the caller disconnects, it ends at once, unless it can
 * be requested again.
 *
 * @param continues whether it continues all the same
 * @param webhook called at its end @default none
 * @throws {KandidError} what `Jobs.submit` throws, params_invalid (a header)
 */
export async function submit(
  call: RawCall,
  submission: Submission,
  continues: boolean,
  webhook?: string,
): Promise<Job> {
  const { services, client, request, place, id } = call;
  const { headers } = request;
  const idempotencyKey = keyOf(headers['idempotency-key']);
  const leaving = idempotencyKey === undefined ? 0 : services.settings.abandonSeconds;
  const abandonSeconds = continues ? undefined : leaving;
  const job = await enqueue(services, client, submission, {
    idempotencyKey,
    deadlineSeconds: deadlineOf(headers),
    abandonSeconds,
    notify: webhook === undefined ? undefined : { url: webhook, place, request: id },
  });
  call.releaseBody();
  holdFor(call, job);
  return job;
}

/** Keeps a job's answer accounted for until the response is sent or the caller is gone. */
export function holdFor({ services, response }: RawCall, job: Job): void {
  const release = services.jobs.hold(job);
  if (response.closed) release();
  else response.once('close', release);
}

function keyOf(header: string | string[] | undefined): string | undefined {
  if (header === undefined) return undefined;
  if (typeof header === 'string' && /^[\x21-\x7e]{1,255}$/.test(header)) return header;
  const problem = 'expected 1 to 255 printable characters without spaces';
  throw new KandidError('params_invalid', { subject: 'The headers', field: 'Idempotency-Key', problem });
}

/** `Cancel-After`, or the timeout of OpenAI's clients: work beyond it has no reader. */
function deadlineOf(headers: RawCall['request']['headers']): number | undefined {
  const given = headers['cancel-after'] ?? headers['x-stainless-timeout'];
  if (given === undefined) return undefined;
  const seconds = Number(given);
  if (seconds > 0 && Number.isFinite(seconds)) return seconds;
  if (headers['cancel-after'] === undefined) return undefined;
  const problem = 'expected a number of seconds, more than 0';
  throw new KandidError('params_invalid', { subject: 'The headers', field: 'Cancel-After', problem });
}

/** Waits for the end of a job as long as the caller continues; null after `seconds`. */
export async function endOf(call: RawCall, job: Job, seconds: number | null): Promise<JobEnd | null> {
  const { jobs, clock } = call.services;
  const subscriber = jobs.watch(job, { since: job.log.seq });
  const leave = () => subscriber.close();
  call.response.once('close', leave);
  let stopTimer = () => {};
  const over = new Promise<null>((resolve) => {
    if (seconds !== null) stopTimer = clock.after(seconds * 1000, () => resolve(null));
  });
  try {
    return await Promise.race([job.ended, over]);
  } finally {
    stopTimer();
    call.response.off('close', leave);
    subscriber.close();
  }
}

/** An end with pictures. @throws {KandidError} the job's error, or cancelled */
export function picturesOf(end: JobEnd): JobDone | JobCancelled {
  if (end.type === 'failed') throw errorFrom(end.error);
  if (end.type === 'cancelled' && end.results.length === 0)
    throw new KandidError('cancelled', { when: 'before there was anything to show' });
  return end;
}

/** Response headers with the job's queue and run times. */
export function timeHeaders(job: Job): Record<string, string> {
  const { created, started, finished } = job;
  const ms = (from: number | null, to: number | null) => (from === null || to === null ? [] : [String(to - from)]);
  const [queue] = ms(created, started);
  const [run] = ms(started, finished);
  const [total] = ms(created, finished);
  return {
    'x-kandid-job': job.id,
    ...(queue === undefined ? {} : { 'x-queue-time': queue }),
    ...(run === undefined ? {} : { 'x-inference-time': run }),
    ...(total === undefined ? {} : { 'x-total-time': total }),
  };
}
