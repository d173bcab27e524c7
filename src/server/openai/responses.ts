/** Responses in the format of OpenAI's Images API: at once, or as server-sent events. */
import { type KandidError, toKandidError } from '../../errors.ts';
import { isEnd, type JobCancelled, type JobDone, type Work } from '../../worker/messages.ts';
import { Base64 } from '../http/json-stream.ts';
import { openAiErrorOf } from '../http/problems.ts';
import type { RawCall } from '../http/route.ts';
import { addressOf, urlOf } from '../routes/permalinks.ts';
import { sendPictures } from '../routes/responses.ts';
import { EventStream } from '../routes/sse.ts';
import { endOf, enqueue, picturesOf, submit, timeHeaders } from '../routes/submit.ts';
import type { TranslatedRequest } from './requests.ts';
import { notesHeader } from './response-notes.ts';

/** A stream is opened after this time at the latest: some clients wait for headers at most five minutes. */
const OPEN_MS = 15_000;

export async function reply(call: RawCall, translated: TranslatedRequest, label: string): Promise<void> {
  const job = await submit(call, { work: translated.work, label }, false);
  const end = await endOf(call, job, null);
  if (!end || call.response.closed) return;
  const event = picturesOf(end);
  const data = event.results.map(({ bytes, ...picture }) => {
    if (!translated.asUrls) return { b64_json: new Base64(bytes) };
    const path = addressOf(call.services, job, event, { ...picture, bytes });
    // A picture without a permalink is returned as a data URL.
    if (path === null) return { url: `data:${picture.mime};base64,${Buffer.from(bytes).toString('base64')}` };
    return { url: urlOf(call, path) };
  });
  const notes = [...translated.notes, ...event.notes];
  const details = { ...sizeOf(event), seed: event.seed, notes };
  const answer = { created: secondsOf(call), data, ...translated.echo, ...details, usage: usageOf(event) };
  const seed = { 'x-kandid-seed': String(event.seed) };
  await sendPictures(call, answer, { ...translated.headers, ...notesHeader(notes), ...timeHeaders(job), ...seed });
}

/** The nearest code of a picture, with the notes on it; null if the caller left. */
export async function encoded(
  call: RawCall,
  picture: Uint8Array,
  model: string,
): Promise<{ readonly code: readonly number[]; readonly notes: readonly string[] } | null> {
  const work: Work = { kind: 'encode', picture, model, output: { format: 'png' } };
  // This is only the first half of the request: an idempotency key applies to the second, which produces the response.
  const job = await enqueue(
    call.services,
    call.client,
    { work, label: 'variations' },
    { abandonSeconds: 0, keep: false },
  );
  const end = await endOf(call, job, null);
  if (call.response.closed || !end) return null;
  const { results, notes } = picturesOf(end);
  return results[0] ? { code: results[0].code, notes } : null;
}

/** @param kind `image_generation` or `image_edit` */
export async function stream(call: RawCall, translated: TranslatedRequest, kind: string, label: string): Promise<void> {
  const { jobs, clock } = call.services;
  const job = await submit(call, { work: translated.work, label }, false);
  const subscriber = jobs.watch(job);
  const leave = () => subscriber.close();
  call.response.once('close', leave);
  let opened: EventStream | null = null;
  const open = () =>
    (opened ??= new EventStream(call, {
      ...translated.headers,
      ...notesHeader(translated.notes),
      'x-kandid-job': job.id,
    }));
  const stopTimer = clock.after(OPEN_MS, open);
  try {
    let partial = 0;
    for await (const entry of subscriber) {
      if (!('event' in entry)) continue;
      const { event } = entry;
      const about = { created_at: secondsOf(call), ...translated.echo };
      if (event.type === 'preview')
        await send(open(), {
          type: `${kind}.partial_image`,
          b64_json: new Base64(event.bytes),
          partial_image_index: partial++,
          image_index: event.image,
          ...about,
        });
      else if (event.type !== 'queued' && isEnd(event))
        await sendEnd(open, picturesOf(event), { kind, about, notes: translated.notes });
    }
  } catch (thrown) {
    // Before anything was sent, the error is a plain response.
    if (!opened) throw thrown;
    await sendFailure(opened, toKandidError(thrown));
  } finally {
    stopTimer();
    call.response.off('close', leave);
    subscriber.close();
    (opened as EventStream | null)?.end();
  }
}

async function send(
  to: EventStream,
  data: { readonly type: string; readonly [field: string]: unknown },
): Promise<void> {
  await to.send(data, { event: data.type });
}

async function sendEnd(
  open: () => EventStream,
  event: JobDone | JobCancelled,
  { kind, about, notes }: { kind: string; about: object; notes: readonly string[] },
): Promise<void> {
  for (const { image: image_index, bytes, codeString } of event.results)
    await send(open(), {
      type: `${kind}.completed`,
      b64_json: new Base64(bytes),
      image_index,
      code: codeString,
      ...about,
      ...sizeOf(event),
      seed: event.seed,
      notes: [...notes, ...event.notes],
      usage: usageOf(event),
    });
}

/** Size of the pictures produced: that of whole pictures is only known at the end. */
function sizeOf({ results: [first] }: Pick<JobDone, 'results'>): { readonly size?: string } {
  return first ? { size: `${first.width}x${first.height}` } : {};
}

async function sendFailure(to: EventStream, error: KandidError): Promise<void> {
  await to.send(openAiErrorOf(error), { event: 'error' });
}

/** The number of choices made is reported as output tokens; words are not counted. */
function usageOf({ results }: Pick<JobDone, 'results'>) {
  const output_tokens = results.reduce((sum, { code }) => sum + code.length, 0);
  const input_tokens_details = { image_tokens: 0, text_tokens: 0 };
  return { input_tokens: 0, input_tokens_details, output_tokens, total_tokens: output_tokens };
}

function secondsOf({ services }: RawCall): number {
  return Math.floor(services.clock.date() / 1000);
}
