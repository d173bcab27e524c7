/**
 * The state of all jobs of a cluster, in Redis: work, events, desired state and results. Every change is one script,
 * which makes it atomic and idempotent.
 */
import { KandidError } from '../../errors.ts';
import { isEnd, type JobEnd, type ResultPicture, type Work, withPictures } from '../../worker/messages.ts';
import type { Cost } from '../jobs/cost.ts';
import type { JobQueued, JobUpdate, LogEntry } from '../jobs/event-log.ts';
import type { JobSpec } from '../jobs/job.ts';
import type { WorkOutline } from '../jobs/outline.ts';
import { changeFields, type Desired, type DesiredChange, desiredOf } from './desired.ts';
import { ABANDONED, SET_DESIRED, WATCHED } from './lua/control.ts';
import { END } from './lua/end.ts';
import { APPEND, BEGIN, LOST, PLACE, SUPERSEDED } from './lua/run.ts';
import { SENT, SUBMIT, UNSENT } from './lua/submit.ts';
import { pack, unpack } from './packed.ts';
import { fieldsOf, type JobRecord, recordOf } from './record.ts';
import type { RedisLink } from './redis-link.ts';

export interface LedgerLimits {
  /** Largest number of waiting jobs, over all queues. */
  readonly waiting: number;
  /** Bytes of the bodies of open jobs: per client, and in total. */
  readonly clientBytes: number;
  readonly allBytes: number;
  /** Events kept per job, in addition to its latest previews. */
  readonly events: number;
  /** Ended jobs that are kept, for how long, and their bytes. */
  readonly kept: number;
  readonly keptSeconds: number;
  readonly keptBytes: number;
}

export interface NewJob {
  readonly id: string;
  readonly spec: Omit<JobSpec, 'work'>;
  readonly work: Work;
  readonly outline: WorkOutline;
  readonly cost: Cost;
  readonly queue: string;
  /** Largest number of open jobs of this client. */
  readonly mostOpen: number;
  /** Fingerprint of the work, if the caller has an idempotency key. */
  readonly fingerprint: string;
  /** Retry delay sent to refused clients. */
  readonly retrySeconds: number;
}

/** Whether a worker that claimed a job should run it; otherwise why not. */
export type Begun =
  /** `elapsedMs`: since the job was created. */
  | { readonly verdict: 'begun'; readonly attempt: number; readonly elapsedMs: number }
  /** The job has ended. */
  | { readonly verdict: 'over' }
  /** Another live worker runs it. */
  | { readonly verdict: 'held' }
  | NotBegun;

/** The job must be ended instead. */
export type NotBegun =
  | { readonly verdict: 'cancelled' | 'abandoned' }
  | { readonly verdict: 'late'; readonly seconds: number }
  /** Lost too often; `words` are the reasons of all losses. */
  | { readonly verdict: 'spent'; readonly words: string };

export interface Lost {
  readonly verdict: 'again' | 'over' | 'cancelled' | 'spent';
  /** The reasons of all losses. */
  readonly words: string;
}

/** Largest number of runs that may be lost. */
const MAX_LOSSES = 2;
/** Gateways report subscribers at intervals, possibly late. */
export const WATCH_GRACE_SECONDS = 5;
const DAY = 86_400_000;
/** Longest time that anything stays in Redis, whatever happens to its job. */
const LONGEST_LIFE_MS = 7 * DAY;
/** How long the pictures of a finished attempt are kept for its end. */
const PICTURES_MS = DAY;
/** Events read at once. */
const READ_AT_ONCE = 64;

export class Ledger {
  readonly #link: RedisLink;
  readonly #limits: LedgerLimits;

  constructor(link: RedisLink, limits: LedgerLimits) {
    this.#link = link;
    this.#limits = limits;
  }

  /**
   * Admits a job. Returns its id, or, with `created` null, the id of the job already created with the same idempotency
   * key.
   *
   * @throws {KandidError} queue_full, client_busy, client_bytes_full, bytes_full, idempotency_conflict,
   * redis_unavailable
   */
  async submit(job: NewJob): Promise<{ readonly id: string; readonly created: number | null }> {
    const { id, spec, work, outline, cost, queue, mostOpen, fingerprint, retrySeconds } = job;
    const { client, idempotencyKey } = spec;
    const { waiting, clientBytes, allBytes } = this.#limits;
    const [word, detail = ''] = await SUBMIT.strings(
      this.#link,
      ...[id, client, queue, idempotencyKey === undefined ? '' : JSON.stringify([client, idempotencyKey]), fingerprint],
      ...[waiting, mostOpen, outline.bytes, clientBytes, allBytes, LONGEST_LIFE_MS],
      ...[pack(queuedAt(0)), pack(work), JSON.stringify(fieldsOf(spec, outline, cost))],
    );
    if (word === 'new') return { id, created: Number(detail) };
    if (word === 'known') return { id: detail, created: null };
    if (word === 'conflict')
      throw new KandidError('idempotency_conflict', { key: (idempotencyKey ?? '').slice(0, 100) });
    if (word === 'busy') throw new KandidError('client_busy', { open: Number(detail), retrySeconds });
    if (word === 'full') throw new KandidError('queue_full', { waiting: Number(detail), retrySeconds });
    const what = 'Bodies of requests that wait or run';
    throw detail === 'client'
      ? new KandidError('client_bytes_full', { what, limit: clientBytes, retrySeconds })
      : new KandidError('bytes_full', { what, limit: allBytes, retrySeconds });
  }

  /** Records that BullMQ has the job. */
  async sent(id: string): Promise<void> {
    await SENT.run(this.#link, id);
  }

  /** Jobs admitted at least `ageMs` ago that BullMQ may not have. */
  async unsent(ageMs: number): Promise<string[]> {
    return stringsOf(await UNSENT.run(this.#link, ageMs));
  }

  /** @param node id of the worker that claimed the job */
  async begin(id: string, node: string): Promise<Begun> {
    const [word, ...details] = await BEGIN.strings(
      this.#link,
      ...[id, node, MAX_LOSSES, pack(queuedAt(0)), WATCH_GRACE_SECONDS],
    );
    if (word === 'begun') return { verdict: word, attempt: Number(details[0]), elapsedMs: Number(details[1]) };
    if (word === 'late') return { verdict: word, seconds: Number(details[0]) };
    if (word === 'spent') return { verdict: word, words: details.join('; then ') };
    return { verdict: word as 'over' };
  }

  /** The work of an open job. */
  async work(id: string): Promise<Work | null> {
    const packed = await this.#link.ask((redis) => redis.getBuffer(this.#link.key('work', id)));
    return packed && (unpack(packed) as Work);
  }

  /**
   * Adds the event with this `number` of an attempt; repeated calls add it once. False if the attempt is not current.
   *
   * @param shown number of latest previews that are kept
   */
  async append(
    id: string,
    attempt: number,
    number: number,
    event: Exclude<JobUpdate, JobEnd>,
    shown: number,
  ): Promise<boolean> {
    const isShown = event.type === 'queued' || (event.type === 'preview' && !event.kept);
    const [stream, most] = isShown ? (['shown', shown] as const) : (['events', this.#limits.events] as const);
    const [word] = await APPEND.strings(this.#link, id, attempt, number, stream, most, pack(event));
    if (word === 'early') throw new RangeError(`event ${number} of job ${id} came before those before it`);
    return word !== 'over';
  }

  /** Updates the position of a waiting job. */
  async place(id: string, position: number, estimateSeconds: number | null): Promise<void> {
    await PLACE.run(this.#link, id, position, pack(queuedAt(position, estimateSeconds)));
  }

  /** Of these attempts, the jobs of those that are no longer current. */
  async superseded(attempts: readonly { readonly id: string; readonly number: number }[]): Promise<string[]> {
    if (attempts.length === 0) return [];
    return stringsOf(await SUPERSEDED.run(this.#link, ...attempts.flatMap(({ id, number }) => [id, number])));
  }

  /** Reports an attempt as lost. @param words why; null if its worker stops, which does not count as a loss */
  async lost(id: string, attempt: number, words: string | null): Promise<Lost> {
    const [word, ...details] = await LOST.strings(
      this.#link,
      ...[id, attempt, words === null ? 0 : 1, words ?? '', MAX_LOSSES, pack(queuedAt(0))],
    );
    return { verdict: word as Lost['verdict'], words: details.join('; then ') };
  }

  /** Ends a job, once; false if it has ended, or the attempt is not current. @param attempt 0: a waiting job */
  async end(id: string, attempt: number, end: JobEnd): Promise<boolean> {
    const { kept, keptSeconds, keptBytes } = this.#limits;
    const made = this.#link.key('made', `${id}:${attempt}`);
    if (end.type !== 'failed') await this.#storePictures(made, end.results);
    const bare = end.type === 'failed' ? end : { ...end, results: [] };
    const lifeMs = Math.max(1, Math.round(1000 * keptSeconds));
    const [word] = await END.strings(this.#link, id, attempt, end.type, pack(bare), made, lifeMs, kept, keptBytes);
    return word === 'ended';
  }

  /** Stores pictures one at a time: together they would make one huge command. */
  async #storePictures(name: string, pictures: readonly ResultPicture[]): Promise<void> {
    await this.#link.ask((redis) => redis.del(name));
    for (const picture of pictures) await this.#link.ask((redis) => redis.rpush(name, pack(picture)));
    if (pictures.length > 0) await this.#link.ask((redis) => redis.pexpire(name, PICTURES_MS));
  }

  /** @returns false if the job has ended */
  async setDesired(id: string, change: DesiredChange): Promise<boolean> {
    const [state] = await SET_DESIRED.strings(this.#link, id, ...changeFields(change));
    return state === 'queued' || state === 'running';
  }

  async desired(id: string): Promise<Desired> {
    return desiredOf(await this.#link.ask((redis) => redis.hgetall(this.#link.key('control', id))));
  }

  /** Records that these jobs have subscribers. */
  async watched(ids: readonly string[]): Promise<void> {
    if (ids.length > 0) await WATCHED.run(this.#link, ...ids);
  }

  /** Of these jobs, those without subscribers for longer than they allow. */
  async abandoned(ids: readonly string[], graceSeconds: number): Promise<string[]> {
    return ids.length === 0 ? [] : stringsOf(await ABANDONED.run(this.#link, graceSeconds, ...ids));
  }

  async record(id: string): Promise<JobRecord | null> {
    return recordOf(id, await this.#link.ask((redis) => redis.hgetall(this.#link.key('job', id))));
  }

  /** Reads a batch of events after `since`, in order; `isAll` if there are no more. Null if there is no such job. */
  async read(
    id: string,
    since: number,
  ): Promise<{ readonly record: JobRecord; readonly entries: LogEntry[]; readonly isAll: boolean } | null> {
    const from = since < 0 ? '-' : `(${since}-1`;
    const key = (kind: string) => this.#link.key(kind, id);
    const answers = await this.#link.ask((redis) =>
      redis
        .multi()
        .hgetall(key('job'))
        .xrangeBuffer(key('events'), from, '+', 'COUNT', READ_AT_ONCE)
        .xrangeBuffer(key('shown'), from, '+')
        .exec(),
    );
    const [fields, counting, shown] = (answers ?? []).map(([error, answer]) => {
      if (error) throw error;
      return answer;
    });
    const record = recordOf(id, (fields ?? {}) as Record<string, string>);
    if (!record) return null;
    const [events, previews] = [entriesOf(counting), entriesOf(shown)];
    const isAll = events.length < READ_AT_ONCE;
    const last = isAll ? Number.POSITIVE_INFINITY : (events.at(-1)?.seq ?? 0);
    const inOrder = [...events, ...previews.filter(({ seq }) => seq < last)].sort((a, b) => a.seq - b.seq);
    return { record, entries: await this.#withEnds(id, inOrder), isAll };
  }

  /** Replaces end markers by the result, which has the pictures. */
  async #withEnds(id: string, entries: readonly StoredEntry[]): Promise<LogEntry[]> {
    const whole: LogEntry[] = [];
    for (const { packed, ...entry } of entries) {
      const event = packed.equals(END_MARK) ? await this.result(id) : (unpack(packed) as JobUpdate);
      // The job was removed meanwhile.
      if (event) whole.push({ ...entry, event });
    }
    return whole;
  }

  /** How a job ended, with its pictures; null if it is open or no longer kept. */
  async result(id: string): Promise<JobEnd | null> {
    const [packed, ...pictures] = await this.#link.ask((redis) =>
      redis.lrangeBuffer(this.#link.key('result', id), 0, -1),
    );
    if (!packed) return null;
    const end = unpack(packed) as JobEnd;
    const finished = pictures.map((one, index) => {
      return { type: 'finished', index, picture: unpack(one) as ResultPicture } as const;
    });
    return isEnd(end) ? withPictures(end, finished) : null;
  }

  /** A client's jobs, or all jobs, newest first, including ended ones. */
  async list(client: string | undefined): Promise<JobRecord[]> {
    const ids = await this.#link.ask(async (redis) => {
      if (client !== undefined) return await redis.zrevrange(this.#link.key('client', client), 0, -1);
      const all = ['queued', 'running', 'kept'].map((kind) => redis.zrevrange(this.#link.key(kind), 0, -1));
      return (await Promise.all(all)).flat();
    });
    const answers = await this.#link.ask(async (redis) => {
      const pipeline = redis.pipeline();
      for (const id of ids) pipeline.hgetall(this.#link.key('job', id));
      return (await pipeline.exec()) ?? [];
    });
    const records = answers.flatMap(
      ([, fields], i) => recordOf(ids[i] as string, fields as Record<string, string>) ?? [],
    );
    return records.sort((a, b) => b.created - a.created);
  }

  /** Numbers of jobs, and bytes of ended ones. */
  async counts(): Promise<{ waiting: number; running: number; kept: number; keptBytes: number }> {
    const key = (kind: string) => this.#link.key(kind);
    const [waiting, running, kept, keptBytes] = await this.#link.ask((redis) =>
      Promise.all([
        redis.zcard(key('queued')),
        redis.zcard(key('running')),
        redis.zcard(key('kept')),
        redis.hget(key('bytes'), 'kept'),
      ]),
    );
    return { waiting, running, kept, keptBytes: Number(keptBytes ?? 0) };
  }
}

const END_MARK = Buffer.from('end');

interface StoredEntry extends Omit<LogEntry, 'event'> {
  readonly packed: Buffer;
}

/** Parses the reply of XRANGE. */
function entriesOf(answer: unknown): StoredEntry[] {
  return (answer as [Buffer, Buffer[]][]).map(([id, [, attempt, , at, , packed]]) => ({
    seq: Number.parseInt(String(id), 10),
    attempt: Number(attempt),
    at: Number(at),
    packed: packed as Buffer,
  }));
}

function stringsOf(answer: unknown): string[] {
  return (answer as unknown[]).map(String);
}

function queuedAt(position: number, estimateSeconds: number | null = null): JobQueued {
  return { type: 'queued', position, estimateSeconds };
}
