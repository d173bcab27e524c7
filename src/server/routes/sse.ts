/** Server-sent events. */
import { errorFrom, isEnd, type News } from '../../worker/messages.ts';
import { Base64, jsonPieces, writePieces } from '../http/json-stream.ts';
import { problemOf } from '../http/problems.ts';
import type { RawCall } from '../http/route.ts';
import type { Gap, JobEvent } from '../jobs/event-log.ts';
import type { Job } from '../jobs/job.ts';
import { resultOf } from './responses.ts';

/** So that no proxy takes a quiet connection for a dead one. */
const KEEP_ALIVE_MS = 15_000;

export class EventStream {
  readonly #call: RawCall;
  #stopTimer: () => void = () => {};

  constructor(call: RawCall, headers: Readonly<Record<string, string>> = {}) {
    this.#call = call;
    const { response } = call;
    response.writeHead(200, {
      ...{ 'Content-Type': 'text/event-stream; charset=utf-8', 'Cache-Control': 'no-cache, no-transform' },
      ...{ 'X-Accel-Buffering': 'no', ...headers },
    });
    response.flushHeaders();
    this.#keepAlive();
  }

  get closed(): boolean {
    return this.#call.response.closed || this.#call.response.destroyed;
  }

  /** Resolves when the reader has room for more. */
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

  /** A comment: a named event without data would be an error to some clients. */
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

/** Sends what happens to a job, each event when the reader has room for it. */
export async function followJob(call: RawCall, job: Job, since: number | undefined): Promise<void> {
  const viewer = call.services.jobs.watch(job, { since });
  const leave = () => viewer.close();
  call.response.once('close', leave);
  const stream = new EventStream(call);
  try {
    for await (const event of viewer) {
      if ('news' in event) await stream.send(eventData(call, job, event), { event: nameOf(event.news), id: event.seq });
      else await stream.send(gapData(event), { event: 'gap' });
    }
  } finally {
    call.response.off('close', leave);
    stream.end();
  }
}

function gapData({ from, to }: Gap) {
  return { type: 'gap', from, to };
}

function eventData(call: RawCall, job: Job, { seq, attempt, news }: JobEvent) {
  const about = { job: job.id, seq, attempt };
  if (news.type !== 'queued' && isEnd(news)) {
    if (news.type === 'failed') return { ...about, type: 'failed', error: problemOf(errorFrom(news.error), call.id) };
    return { ...about, type: news.type, result: resultOf(call, job, news, true) };
  }
  return { ...about, ...withoutBytes(news), type: nameOf(news) };
}

/** As the stream calls them. */
function nameOf({ type }: JobEvent['news']): string {
  return type === 'question' ? 'candidates' : type;
}

/** Pictures become base64. */
function withoutBytes(news: Exclude<JobEvent['news'], { results: unknown }>): Record<string, unknown> {
  const { bytes, ...rest } = news as News & { bytes?: Uint8Array };
  return bytes === undefined ? rest : { ...rest, base64: new Base64(bytes) };
}
