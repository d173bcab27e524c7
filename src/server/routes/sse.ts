/** Server-sent events. */
import { errorFrom, isEnd, type JobEvent } from '../../worker/messages.ts';
import { Base64, jsonPieces, writePieces } from '../http/json-stream.ts';
import { problemOf } from '../http/problems.ts';
import type { RawCall } from '../http/route.ts';
import type { Gap, LogEntry } from '../jobs/event-log.ts';
import type { Job } from '../jobs/job.ts';
import { resultOf } from './responses.ts';

/** Keeps proxies from closing an idle connection. */
const KEEP_ALIVE_MS = 15_000;

export class EventStream {
  readonly #call: RawCall;
  #stopTimer: () => void = () => {};

  constructor(call: RawCall, headers: Readonly<Record<string, string>> = {}) {
    this.#call = call;
    const { response } = call;
    response.writeHead(200, {
      'Content-Type': 'text/event-stream; charset=utf-8',
      'Cache-Control': 'no-cache, no-transform',
      'X-Accel-Buffering': 'no',
      ...headers,
    });
    response.flushHeaders();
    this.#keepAlive();
  }

  get closed(): boolean {
    return this.#call.response.closed || this.#call.response.destroyed;
  }

  /** Resolves when the client has room for more. */
  async send(data: unknown, { event, id }: { event?: string; id?: number } = {}): Promise<void> {
    const { response } = this.#call;
    if (this.closed) return;
    const head = `${id === undefined ? '' : `id: ${id}\n`}${event === undefined ? '' : `event: ${event}\n`}`;
    await writePieces(response, sseEvent(head, data));
  }

  end(): void {
    this.#stopTimer();
    this.#call.response.end();
  }

  /** Sent as a comment: some clients treat a named event without data as an error. */
  #keepAlive(): void {
    this.#stopTimer = this.#call.services.clock.after(KEEP_ALIVE_MS, () => {
      if (this.closed) return;
      this.#call.response.write(': still here\n\n');
      this.#keepAlive();
    });
  }
}

function* sseEvent(head: string, data: unknown): Generator<string, void, undefined> {
  yield `${head}data: `;
  yield* jsonPieces(data);
  yield '\n\n';
}

/** Sends the events of a job, each when the client has room for it. */
export async function followJob(call: RawCall, job: Job, since: number | undefined): Promise<void> {
  const subscriber = call.services.jobs.watch(job, { since });
  const leave = () => subscriber.close();
  call.response.once('close', leave);
  const stream = new EventStream(call);
  try {
    for await (const entry of subscriber) {
      if ('event' in entry)
        await stream.send(eventData(call, job, entry), { event: nameOf(entry.event), id: entry.seq });
      else await stream.send(gapData(entry), { event: 'gap' });
    }
  } finally {
    call.response.off('close', leave);
    stream.end();
  }
}

function gapData({ from, to }: Gap) {
  return { type: 'gap', from, to };
}

function eventData(call: RawCall, job: Job, { seq, attempt, event }: LogEntry) {
  const about = { job: job.id, seq, attempt };
  if (event.type !== 'queued' && isEnd(event)) {
    if (event.type === 'failed') return { ...about, type: 'failed', error: problemOf(errorFrom(event.error), call.id) };
    return { ...about, type: event.type, result: resultOf(call, job, event, true) };
  }
  return { ...about, ...withoutBytes(event), type: nameOf(event) };
}

/** Event names as in the stream protocol. */
function nameOf({ type }: LogEntry['event']): string {
  return type === 'question' ? 'candidates' : type;
}

/** Replaces pictures with base64. */
function withoutBytes(event: Exclude<LogEntry['event'], { results: unknown }>): Record<string, unknown> {
  const { bytes, ...rest } = event as JobEvent & { bytes?: Uint8Array };
  return bytes === undefined ? rest : { ...rest, base64: new Base64(bytes) };
}
