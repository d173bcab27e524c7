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
import type { Terms } from './requests.ts';
import { notesHeader } from './telling.ts';

/** A stream is opened after so long at the latest: some clients wait for headers five minutes and no more. */
const OPEN_MS = 15_000;

export async function reply(call: RawCall, terms: Terms, label: string): Promise<void> {
  const job = await submit(call, { work: terms.work, label }, false);
  const end = await endOf(call, job, null);
  if (!end || call.response.closed) return;
  const event = picturesOf(end);
  const data = event.results.map(({ bytes, ...picture }) => {
    if (!terms.asUrls) return { b64_json: new Base64(bytes) };
    const path = addressOf(call.services, job, event, { ...picture, bytes });
    // Without an address of its own, the answer must hold the picture.
    if (path === null) return { url: `data:${picture.mime};base64,${Buffer.from(bytes).toString('base64')}` };
    return { url: urlOf(call, path) };
  });
  const notes = [...terms.notes, ...event.notes];
  const told = { ...sizeOf(event), seed: event.seed, notes };
  const answer = { created: secondsOf(call), data, ...terms.echo, ...told, usage: usageOf(event) };
  const seed = { 'x-kandid-seed': String(event.seed) };
  await sendPictures(call, answer, { ...terms.headers, ...notesHeader(notes), ...timeHeaders(job), ...seed });
}

/** The code whose picture is nearest, and what to know of the picture given; null where the caller has left. */
export async function encoded(
  call: RawCall,
  picture: Uint8Array,
  model: string,
): Promise<{ readonly code: readonly number[]; readonly notes: readonly string[] } | null> {
  const work: Work = { kind: 'encode', picture, model, output: { format: 'png' } };
  // It is half of what was asked: an idempotency key is for the other half, which has the answer.
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
export async function stream(call: RawCall, terms: Terms, kind: string, label: string): Promise<void> {
  const { jobs, clock } = call.services;
  const job = await submit(call, { work: terms.work, label }, false);
  const subscriber = jobs.watch(job);
  const leave = () => subscriber.close();
  call.response.once('close', leave);
  let opened: EventStream | null = null;
  const open = () =>
    (opened ??= new EventStream(call, { ...terms.headers, ...notesHeader(terms.notes), 'x-kandid-job': job.id }));
  const stopTimer = clock.after(OPEN_MS, open);
  try {
    let partial = 0;
    for await (const entry of subscriber) {
      if (!('event' in entry)) continue;
      const { event } = entry;
      const about = { created_at: secondsOf(call), ...terms.echo };
      if (event.type === 'preview')
        await send(open(), {
          type: `${kind}.partial_image`,
          b64_json: new Base64(event.bytes),
          partial_image_index: partial++,
          image_index: event.image,
          ...about,
        });
      else if (event.type !== 'queued' && isEnd(event))
        await sendEnd(open, picturesOf(event), { kind, about, notes: terms.notes });
    }
  } catch (thrown) {
    // Before anything was sent, it is a plain answer.
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

/** Of the pictures as they are: those of whole pictures are known at the end only. */
function sizeOf({ results: [first] }: Pick<JobDone, 'results'>): { readonly size?: string } {
  return first ? { size: `${first.width}x${first.height}` } : {};
}

async function sendFailure(to: EventStream, error: KandidError): Promise<void> {
  await to.send(openAiErrorOf(error), { event: 'error' });
}

/** Choices that were made stand for tokens; words are not counted. */
function usageOf({ results }: Pick<JobDone, 'results'>) {
  const output_tokens = results.reduce((sum, { code }) => sum + code.length, 0);
  const input_tokens_details = { image_tokens: 0, text_tokens: 0 };
  return { input_tokens: 0, input_tokens_details, output_tokens, total_tokens: output_tokens };
}

function secondsOf({ services }: RawCall): number {
  return Math.floor(services.clock.date() / 1000);
}
