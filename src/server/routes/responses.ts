/** Responses of the native routes: jobs and their results. */
import type { z } from 'zod';
import type {
  candidates as candidatesSchema,
  job as jobSchema,
  result as resultSchema,
} from '../../contract/answers.ts';
import { KandidError } from '../../errors.ts';
import type { JobCancelled, JobDone, JobQuestion } from '../../worker/messages.ts';
import { errorFrom } from '../../worker/messages.ts';
import { Base64, jsonPieces, writePieces } from '../http/json-stream.ts';
import { problemOf } from '../http/problems.ts';
import type { RawCall } from '../http/route.ts';
import type { Job } from '../jobs/job.ts';
import { checkWebhook, deliver } from '../jobs/webhooks.ts';
import type { Services } from '../services.ts';
import { addressOf, urlOf } from './permalinks.ts';
import { endOf, picturesOf, preferenceOf, type Submission, submit, timeHeaders } from './submit.ts';

export function sendJson(
  { response }: Pick<RawCall, 'response'>,
  value: unknown,
  { status = 200, headers = {} }: { status?: number; headers?: Readonly<Record<string, string>> } = {},
): void {
  response.statusCode = status;
  if (!response.hasHeader('Cache-Control')) response.setHeader('Cache-Control', 'no-store');
  response.setHeader('Content-Type', 'application/json; charset=utf-8');
  for (const [name, text] of Object.entries(headers)) response.setHeader(name, text);
  response.end(JSON.stringify(value));
}

/** Like `sendJson`, for responses with many pictures: these are `Base64`, written as fast as the client reads. */
export async function sendPictures(
  { response }: Pick<RawCall, 'response'>,
  value: unknown,
  headers: Readonly<Record<string, string>> = {},
): Promise<void> {
  if (!response.hasHeader('Cache-Control')) response.setHeader('Cache-Control', 'no-store');
  response.setHeader('Content-Type', 'application/json; charset=utf-8');
  for (const [name, text] of Object.entries(headers)) response.setHeader(name, text);
  await writePieces(response, jsonPieces(value));
  response.end();
}

/** The same shape with pictures as bytes that are not yet base64. */
type WithBytes<Shape> = Shape extends { readonly base64?: string | undefined }
  ? Omit<Shape, 'base64'> & { readonly base64?: Base64 }
  : Shape;
type Result = Omit<z.output<typeof resultSchema>, 'images'> & {
  readonly images: readonly WithBytes<z.output<typeof resultSchema>['images'][number]>[];
};
type Description = Omit<z.output<typeof jobSchema>, 'result' | 'candidates'> & {
  readonly result?: Result;
  readonly candidates?: WithBytes<z.output<typeof candidatesSchema>>;
};

/** The reader of a description: a request, or a webhook. */
type Caller = Pick<RawCall, 'services' | 'place' | 'id'>;

export interface ResponseOptions {
  readonly base64: boolean;
  readonly webhook?: string | undefined;
}

/** Creates a job from a request and responds with its results, its only picture, or the address of the job. */
export async function answer(call: RawCall, asked: Submission, { base64, webhook }: ResponseOptions): Promise<void> {
  const { request, response } = call;
  const { async, wait } = preferenceOf(request.headers.prefer);
  if (webhook !== undefined) checkWebhook(call.services, webhook);
  const job = await submit(call, asked, async || wait !== null, webhook);
  if (webhook !== undefined) call.services.notices.expect(job);
  const end = async && wait === null ? null : await endOf(call, job, wait);
  if (response.closed) return;
  if (!end) {
    const headers = {
      Location: `${call.place.prefix}/v1/jobs/${job.id}`,
      'Preference-Applied': async ? 'respond-async' : 'wait',
    };
    sendJson(call, describeJob(call, job), { status: 202, headers });
    return;
  }
  const event = picturesOf(end);
  const headers = timeHeaders(job);
  if (wantsPicture(request.headers.accept) && event.results.length === 1) return sendPicture(call, job, event, headers);
  await sendPictures(call, resultOf(call, job, event, base64), headers);
}

/**
 * Calls the webhook of an ended job; delivery failures are logged.
 *
 * @param onTry called before each attempt
 * @throws {KandidError} params_invalid if the host is not allowed here; job_unknown if its end is no longer available
 */
export async function notify(services: Services, job: Job, onTry: () => void): Promise<void> {
  const { notify: target } = job.spec;
  if (!target) return;
  if (!job.end) throw new KandidError('job_unknown', { job: job.id });
  const to = checkWebhook(services, target.url);
  const { type } = job.end;
  const caller = { services, place: target.place, id: target.request };
  const { result, candidates: _candidates, ...about } = describeJob(caller, job, true);
  const images = result?.images.map(({ base64: _, ...image }) => image);
  const data = { ...about, ...(result ? { result: { ...result, images } } : {}) };
  await deliver(services, to, { id: `${job.id}.${type}`, type: `job.${type}`, data }, onTry);
}

/** Whether only a picture is requested. */
function wantsPicture(accept: string | undefined): boolean {
  return accept !== undefined && /^image\//.test(accept.trim()) && !/json/.test(accept);
}

function sendPicture(
  call: RawCall,
  job: Job,
  event: JobDone | JobCancelled,
  headers: Readonly<Record<string, string>>,
): void {
  const { response, services, place } = call;
  const [picture] = event.results;
  if (!picture) return;
  const path = addressOf(services, job, event, picture);
  if (path !== null) response.setHeader('Content-Location', `${place.prefix}${services.signedLinks.signed(path)}`);
  for (const [name, text] of Object.entries(headers)) response.setHeader(name, text);
  response.setHeader('x-kandid-code', picture.codeString || JSON.stringify(picture.code));
  response.setHeader('x-kandid-seed', String(event.seed));
  response.setHeader('Cache-Control', 'no-store');
  response.setHeader('Content-Type', picture.mime);
  response.end(picture.bytes);
}

export function resultOf(call: Caller, job: Job, event: JobDone | JobCancelled, base64: boolean): Result {
  const { type: state, model, hash, seed, results, guides, notes, timings } = event;
  const images = results.map((picture) => {
    const { code, codeString, mime, width, height, psnr, windows, bytes } = picture;
    const path = addressOf(call.services, job, event, picture);
    return {
      code: [...code],
      codeString: codeString || null,
      mime,
      width,
      height,
      url: path === null ? null : urlOf(call, path),
      ...(psnr === undefined ? {} : { psnr: Number.isFinite(psnr) ? psnr : null }),
      ...(windows ? { windows: windows.map((one) => ({ ...one, codeString: one.codeString || null })) } : {}),
      ...(base64 ? { base64: new Base64(bytes) } : {}),
    };
  });
  return { job: job.id, state, model, hash, seed, images, guides: [...guides], notes: [...notes], timings };
}

function sheetOf({ type: _, bytes, ...sheet }: JobQuestion): NonNullable<Description['candidates']> {
  return { ...sheet, base64: new Base64(bytes) };
}

/** @param whole includes results, in base64 */
export function describeJob(call: Caller, job: Job, whole = false): Description {
  const { id, label, state, created, started, finished, attempt, end } = job;
  const date = (at: number | null) => (at === null ? null : new Date(at).toISOString());
  const isQueued = state === 'queued';
  return {
    id,
    kind: label,
    state,
    attempt,
    created: new Date(created).toISOString(),
    started: date(started),
    finished: date(finished),
    position: isQueued ? job.position : null,
    estimateSeconds: isQueued ? call.services.jobs.estimateSeconds(job) : null,
    events: `${call.place.prefix}/v1/jobs/${id}/events`,
    ...(whole && job.question ? { candidates: sheetOf(job.question) } : {}),
    ...(whole && end && end.type !== 'failed' ? { result: resultOf(call, job, end, true) } : {}),
    ...(end?.type === 'failed' ? { error: problemOf(errorFrom(end.error), call.id) } : {}),
  };
}
