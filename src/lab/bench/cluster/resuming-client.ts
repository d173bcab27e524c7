/** A client that loses its gateway again and again, goes on at another one, and counts what comes. */
import WebSocket from 'ws';
import { decodeFrame } from '../../../contract/frames.ts';
import { type GenerateBody, SUBPROTOCOL } from '../../../contract/stream.ts';
import { pause } from '../server/context.ts';

interface Message {
  readonly type: string;
  readonly job?: string;
  readonly seq?: number;
  readonly level?: number;
  readonly code?: string;
}

/** What one request came to. */
export interface Told {
  /** null: it was never accepted. */
  readonly job: string | null;
  /** Numbers of the events that count, as they came. */
  readonly seqs: readonly number[];
  /** How it ended, as often as it was told. */
  readonly ends: readonly string[];
  /** Times that it went on after a lost connection. */
  readonly resumes: number;
}

export interface ResumingOptions {
  /** Of the gateways. */
  readonly urls: readonly string[];
  /** Whether it hangs up itself, asked after each event that counts. */
  readonly hangsUp: () => boolean;
  /** Milliseconds that a request may take; then it is lost. */
  readonly patienceMs: number;
  readonly signal: AbortSignal;
}

/** Events that everybody must be told, once. */
const COUNTING: ReadonlySet<string> = new Set(['started', 'level', 'candidates', 'chosen']);
const ENDS: ReadonlySet<string> = new Set(['done', 'cancelled', 'error']);
/** The answer where a gateway cannot be asked now: it is asked again. */
const TRY_AGAIN: ReadonlySet<string> = new Set(['redis_unavailable', 'worker_unavailable', 'not_ready', 'draining']);
const RETRY_MS = 50;
const ID = '1';

/** Makes one request, and follows it to its end wherever that is possible. */
export async function follow(body: GenerateBody, first: number, options: ResumingOptions): Promise<Told> {
  const seqs: number[] = [];
  const ends: string[] = [];
  const end = performance.now() + options.patienceMs;
  let job: string | null = null;
  let last = -1;
  let connections = 0;
  const { urls, signal } = options;
  while (ends.length === 0 && performance.now() < end && !signal.aborted) {
    const url = urls[(first + connections++) % urls.length] as string;
    const opening =
      job === null
        ? { ...body, type: 'generate', id: ID }
        : { type: 'attach', id: ID, job, ...(last < 0 ? {} : { since: last }) };
    await listen(url, opening, end - performance.now(), (message) => {
      job = message.job ?? job;
      if (message.type === 'error' && (message.job === undefined || TRY_AGAIN.has(message.code ?? ''))) return false;
      const counts = COUNTING.has(message.type);
      if (message.seq !== undefined && (counts || ENDS.has(message.type) || message.type === 'queued'))
        last = Math.max(last, message.seq);
      if (counts || ENDS.has(message.type)) seqs.push(message.seq ?? -1);
      if (ENDS.has(message.type)) ends.push(message.type === 'error' ? `error ${message.code}` : message.type);
      return ends.length === 0 && !(counts && options.hangsUp());
    });
    if (ends.length === 0) await pause(RETRY_MS);
  }
  return { job, seqs, ends, resumes: Math.max(0, connections - 1) };
}

/** Opens a socket, says something, and hears until it is closed, `hear` gives false, or time is over. */
async function listen(
  url: string,
  opening: object,
  patienceMs: number,
  hear: (message: Message) => boolean,
): Promise<void> {
  const ws = new WebSocket(`${url.replace('http', 'ws')}/v1/stream`, SUBPROTOCOL, { perMessageDeflate: false });
  // A gateway that is gone is no error here.
  ws.on('error', () => {});
  const closed = new Promise<void>((resolve) => {
    ws.on('close', () => resolve());
  });
  ws.on('open', () => ws.send(JSON.stringify(opening)));
  let hasHungUp = false;
  ws.on('message', (data: Buffer, isBinary) => {
    if (hasHungUp) return;
    const message = (isBinary ? decodeFrame(data).header : JSON.parse(data.toString())) as Message;
    if (message.type === 'hello' || hear(message)) return;
    hasHungUp = true;
    ws.terminate();
  });
  const timer = setTimeout(() => ws.terminate(), Math.max(1, patienceMs));
  await closed;
  clearTimeout(timer);
}
