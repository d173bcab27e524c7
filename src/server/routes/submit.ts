/** Submits requests as jobs, and waits for their end as long as the caller wants. */
import { KandidError } from '../../errors.ts';
import { errorFrom, type JobCancelled, type JobDone, type JobEnd, type Work } from '../../worker/messages.ts';
import type { Client } from '../http/access.ts';
import type { RawCall } from '../http/route.ts';
import { checkGuideParams } from '../jobs/guide-params.ts';
import type { Job, NotifyTarget } from '../jobs/job.ts';
import { measured } from '../jobs/whole-pictures.ts';
import type { Services } from '../services.ts';

export interface Submission {
  readonly work: Work;
  readonly label: string;
}

/** How the caller wants to wait (RFC 7240). */
export interface Preference {
  readonly async: boolean;
  /** Seconds; then they are told where it will be. */
  readonly wait: number | null;
}

const MOST_WAIT_SECONDS = 600;

export function preferenceOf(header: string | string[] | undefined): Preference {
  const words = [header ?? []].flat().join(',').toLowerCase();
  const wait = /(?:^|[,;\s])wait\s*=\s*"?(\d{1,6})/.exec(words)?.[1];
  const seconds = wait === undefined ? null : Math.min(MOST_WAIT_SECONDS, Number(wait));
  return { async: /(?:^|[,;\s])respond-async(?:$|[,;\s])/.test(words), wait: seconds };
}

/** What of a job does not come from what is asked. */
export interface SubmitOptions {
  readonly idempotencyKey?: string | undefined;
  readonly deadlineSeconds?: number | undefined;
  /** Ended when nobody has watched it for so long. @default never */
  readonly abandonSeconds?: number | undefined;
  /** @default true */
  readonly keep?: boolean | undefined;
  readonly notify?: NotifyTarget | undefined;
}

/** Takes a job in. @throws {KandidError} what `Jobs.submit` throws, guide_unknown, params_invalid (of a guide), picture_* */
export async function enqueue(
  { jobs, pool, settings }: Services,
  { name: client, key }: Client,
  { work, label }: Submission,
  options: SubmitOptions,
): Promise<Job> {
  // Before a process has opened its guides nobody knows them; it looks at the parameters itself.
  if (pool.info) checkGuideParams(work, pool.info.guides);
  const sized = await measured(work, settings.wholePixels);
  return await jobs.submit({ work: sized, label, client, priority: key?.priority, mostOpen: key?.jobs, ...options });
}

/**
 * Takes a job in for a caller, by their headers. When they leave it ends at once, unless they can ask for it again.
 *
 * @param stays whether it goes on all the same
 * @param webhook called at its end @default none
 * @throws {KandidError} what `Jobs.submit` throws, params_invalid (a header)
 */
export async function submit(call: RawCall, submission: Submission, stays: boolean, webhook?: string): Promise<Job> {
  const { services, client, request, place, id } = call;
  const { headers } = request;
  const idempotencyKey = keyOf(headers['idempotency-key']);
  const leaving = idempotencyKey === undefined ? 0 : services.settings.abandonSeconds;
  const abandonSeconds = stays ? undefined : leaving;
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

/** What a job's answer takes counts until this call is answered, or its caller gone. */
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

/** `Cancel-After`, or the time that OpenAI's clients wait: work past it is for nobody. */
function deadlineOf(headers: RawCall['request']['headers']): number | undefined {
  const given = headers['cancel-after'] ?? headers['x-stainless-timeout'];
  if (given === undefined) return undefined;
  const seconds = Number(given);
  if (seconds > 0 && Number.isFinite(seconds)) return seconds;
  if (headers['cancel-after'] === undefined) return undefined;
  const problem = 'expected a number of seconds, more than 0';
  throw new KandidError('params_invalid', { subject: 'The headers', field: 'Cancel-After', problem });
}

/** The end of a job, waited for as long as the caller stays; null when `seconds` have passed before. */
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

/** An end with pictures. @throws {KandidError} what the job failed with, cancelled */
export function picturesOf(end: JobEnd): JobDone | JobCancelled {
  if (end.type === 'failed') throw errorFrom(end.error);
  if (end.type === 'cancelled' && end.results.length === 0)
    throw new KandidError('cancelled', { when: 'before there was anything to show' });
  return end;
}

/** What of a job's time was what, for the caller's headers. */
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
