/** The session of one socket: many requests, each a subscriber of its job. */

import { type ClientMessage, PROTOCOL_VERSION, parseClientMessage } from '../../contract/stream.ts';
import { KandidError, toKandidError } from '../../errors.ts';
import type { Client } from '../http/access.ts';
import { Rates } from '../http/rate-limits.ts';
import type { Job } from '../jobs/job.ts';
import type { JobSubscriber } from '../jobs/subscriber.ts';
import { enqueue } from '../routes/submit.ts';
import type { Services } from '../services.ts';
import { messagesOf, type StreamMessage } from './messages.ts';
import { type Generate, idIn, readMessage, workOf } from './requests.ts';

/** The part of a socket that a session uses; tests may supply their own. */
export interface Wire {
  /** Bytes waiting to be sent. */
  readonly bufferedAmount: number;
  /** Calls `sent` when the data has been sent. */
  send(data: string | Uint8Array, sent: () => void): void;
  close(code: number, reason: string): void;
}

interface Request {
  readonly job: Job;
  readonly subscriber: JobSubscriber;
  /** Messages of the last event taken that are still to be sent. */
  messages: Iterator<StreamMessage, void>;
}

const NOTHING: Iterator<StreamMessage, void> = { next: () => ({ done: true, value: undefined }) };

const SECOND = 1000;
/** Messages above the allowed rate before the socket is closed. */
const MAX_EXCESS = 100;
const POLICY = 1008;

export class Session {
  readonly #services: Services;
  readonly #client: Client;
  readonly #wire: Wire;
  readonly #requests = new Map<string, Request>();
  readonly #rates: Rates;
  #excess = 0;
  #work: Promise<void> = Promise.resolve();
  #isPumping = false;
  #isClosed = false;

  constructor(services: Services, client: Client, wire: Wire) {
    this.#services = services;
    this.#client = client;
    this.#wire = wire;
    this.#rates = new Rates(SECOND, services.clock);
    this.#send({
      type: 'hello',
      version: services.version,
      protocol: PROTOCOL_VERSION,
      messageBytes: services.settings.messageBytes,
    });
  }

  /**
   * Handles a message; null: a binary one. Messages are handled in order; resolves when this one is done, never
   * rejects.
   */
  async take(data: Buffer | null): Promise<void> {
    const { messagesPerSecond } = this.#services.settings;
    if (this.#rates.take('', messagesPerSecond) === 0) {
      this.#work = this.#work.then(() => this.#handle(data));
      return await this.#work;
    }
    this.#excess += 1;
    const limit = messagesPerSecond;
    if (this.#excess > MAX_EXCESS) this.#wire.close(POLICY, 'too many messages');
    else this.#fail(new KandidError('rate_limited', { limit, unit: 'messages a second', retrySeconds: 1 }), idIn(data));
  }

  /** The socket is closed. Jobs continue for a while, in case a client reattaches. */
  close(): void {
    this.#isClosed = true;
    for (const { subscriber } of this.#requests.values()) subscriber.close();
    this.#requests.clear();
  }

  async #handle(data: Buffer | null): Promise<void> {
    if (this.#isClosed) return;
    try {
      if (data === null)
        throw new KandidError('message_invalid', { field: '(all)', problem: 'it is binary, not text' });
      await this.#act(parseClientMessage(await readMessage(data)));
    } catch (thrown) {
      this.#fail(toKandidError(thrown), idIn(data));
    }
  }

  async #act(message: ClientMessage): Promise<void> {
    const { jobs } = this.#services;
    if (message.type === 'ping')
      this.#send({ type: 'pong', ...(message.nonce === undefined ? {} : { nonce: message.nonce }) });
    else if (message.type === 'generate') await this.#generate(message);
    else if (message.type === 'attach') {
      this.#checkFree(message.id);
      this.#follow(message.id, await jobs.get(message.job), message.since);
      if (this.#isClosed) this.close();
    } else {
      const { job, subscriber } = this.#find(message.id);
      if (message.type === 'cancel') await jobs.cancel(job);
      else if (message.type === 'choose') await jobs.choose(job, message.question, message.picks);
      else if (message.type === 'weights') await jobs.weigh(job, message.weights);
      else {
        subscriber.close();
        this.#requests.delete(message.id);
      }
    }
  }

  async #generate({ id, ...message }: Generate): Promise<void> {
    this.#checkFree(id);
    const asked = { work: workOf(message), label: 'generate' };
    const { abandonSeconds } = this.#services.settings;
    const job = await enqueue(this.#services, this.#client, asked, { abandonSeconds });
    this.#follow(id, job, undefined);
    if (this.#isClosed) this.close();
  }

  #follow(id: string, job: Job, since: number | undefined): void {
    const subscriber = this.#services.jobs.watch(job, { since, onEvent: () => this.#pumpSoon() });
    this.#requests.set(id, { job, subscriber, messages: NOTHING });
    this.#pumpSoon();
  }

  /** @throws {KandidError} message_invalid, request_too_large */
  #checkFree(id: string): void {
    const { requestsPerSocket: limit } = this.#services.settings;
    if (this.#requests.has(id))
      throw new KandidError('message_invalid', { field: 'id', problem: `a request "${id}" is open already` });
    const got = this.#requests.size;
    const remedy = 'Wait for one to end, or cancel one.';
    if (got >= limit)
      throw new KandidError('request_too_large', { what: 'The number of open requests', got, limit, remedy });
  }

  #find(id: string): Request {
    const found = this.#requests.get(id);
    if (found) return found;
    throw new KandidError('message_invalid', { field: 'id', problem: `no request "${id}" is open on this socket` });
  }

  /** Runs the pump once for all events of this turn of the event loop. */
  #pumpSoon(): void {
    if (this.#isPumping) return;
    this.#isPumping = true;
    queueMicrotask(() => {
      this.#isPumping = false;
      this.#pump();
    });
  }

  /**
   * Sends messages of each request in turn while the socket accepts them. What it does not accept stays in the jobs'
   * logs.
   */
  #pump(): void {
    const { backlogBytes } = this.#services.settings;
    for (let hasMore = true; hasMore && !this.#isClosed; ) {
      hasMore = false;
      for (const [id, request] of this.#requests) {
        if (this.#wire.bufferedAmount > backlogBytes) return;
        const message = nextMessage(id, request);
        if (message) {
          hasMore = true;
          this.#send(message);
        } else if (request.subscriber.ended) {
          request.subscriber.close();
          this.#requests.delete(id);
        }
      }
    }
  }

  #fail({ code, message, details }: KandidError, id: string | undefined): void {
    this.#send({ type: 'error', ...(id === undefined ? {} : { id }), code, message, details });
  }

  #send(message: StreamMessage): void {
    if (this.#isClosed) return;
    this.#wire.send(message instanceof Uint8Array ? message : JSON.stringify(message), () => this.#pumpSoon());
  }
}

/** The next message of the current event, or the first of the next event; null if there is none now. */
function nextMessage(id: string, request: Request): StreamMessage | null {
  for (;;) {
    const { value, done } = request.messages.next();
    if (!done) return value;
    const { subscriber, job } = request;
    const entry = subscriber.next();
    if (!entry) return null;
    request.messages = messagesOf(entry, { id, job: job.id }, subscriber.dropped);
  }
}
