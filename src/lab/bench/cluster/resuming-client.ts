/** A client that reconnects to another gateway whenever it loses its connection, and records the events it receives. */
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

/** The events received for one request. */
export interface Received {
  /** null: the request was never accepted. */
  readonly job: string | null;
  /** Sequence numbers of the required events, in the order of arrival. */
  readonly seqs: readonly number[];
  /** Types of the end events; exactly one is correct. */
  readonly ends: readonly string[];
  /** Number of reconnections. */
  readonly resumes: number;
}

export interface ResumingOptions {
  /** URLs of the gateways. */
  readonly urls: readonly string[];
  /** Called after each required event: whether the client drops the connection itself. */
  readonly hangsUp: () => boolean;
  /** Time limit of a request in milliseconds; then it counts as lost. */
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/** Events that each client must receive exactly once. */
const REQUIRED: ReadonlySet<string> = new Set(['started', 'level', 'candidates', 'chosen']);
const ENDS: ReadonlySet<string> = new Set(['done', 'cancelled', 'error']);
/** Error codes of temporary failures of a gateway. */
const TRANSIENT: ReadonlySet<string> = new Set(['redis_unavailable', 'worker_unavailable', 'not_ready', 'draining']);
const RETRY_MS = 50;
const ID = '1';

/** Sends one request and follows it to its end. @param first index of the first gateway */
export async function follow(body: GenerateBody, first: number, options: ResumingOptions): Promise<Received> {
  const seqs: number[] = [];
  const ends: string[] = [];
  const end = performance.now() + options.timeoutMs;
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
      if (message.type === 'error' && (message.job === undefined || TRANSIENT.has(message.code ?? ''))) return false;
      const isRequired = REQUIRED.has(message.type);
      if (message.seq !== undefined && (isRequired || ENDS.has(message.type) || message.type === 'queued'))
        last = Math.max(last, message.seq);
      if (isRequired || ENDS.has(message.type)) seqs.push(message.seq ?? -1);
      if (ENDS.has(message.type)) ends.push(message.type === 'error' ? `error ${message.code}` : message.type);
      return ends.length === 0 && !(isRequired && options.hangsUp());
    });
    if (ends.length === 0) await pause(RETRY_MS);
  }
  return { job, seqs, ends, resumes: Math.max(0, connections - 1) };
}

/** Opens a socket, sends a message, and listens until the socket closes, `onMessage` returns false, or the time is up. */
async function listen(
  url: string,
  opening: object,
  timeoutMs: number,
  onMessage: (message: Message) => boolean,
): Promise<void> {
  const ws = new WebSocket(`${url.replace('http', 'ws')}/v1/stream`, SUBPROTOCOL, { perMessageDeflate: false });
  // A gateway that was killed is expected.
  ws.on('error', () => {});
  const closed = new Promise<void>((resolve) => {
    ws.on('close', () => resolve());
  });
  ws.on('open', () => ws.send(JSON.stringify(opening)));
  let hasHungUp = false;
  ws.on('message', (data: Buffer, isBinary) => {
    if (hasHungUp) return;
    const message = (isBinary ? decodeFrame(data).header : JSON.parse(data.toString())) as Message;
    if (message.type === 'hello' || onMessage(message)) return;
    hasHungUp = true;
    ws.terminate();
  });
  const timer = setTimeout(() => ws.terminate(), Math.max(1, timeoutMs));
  await closed;
  clearTimeout(timer);
}
