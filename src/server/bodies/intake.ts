/** Receives request bodies: counted as they arrive, large ones spooled to disk, few parsed in memory at once. */
import type { IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import type { KandidError } from '../../errors.ts';
import { type BodySource, cutShort, tooLarge } from '../http/body.ts';
import { type BudgetOptions, ByteBudget } from './budget.ts';
import { ByteGate } from './gate.ts';
import { openSpool, type SpoolFile } from './spool.ts';

export interface IntakeOptions {
  /** Limits on the bytes of bodies being received or waiting: in total, and per client. */
  readonly bytes: Omit<BudgetOptions, 'what'>;
  /** Bytes parsed at once. */
  readonly parsed: number;
  /** Folder for large bodies. @default the system's folder of temporary files */
  readonly folder?: string | undefined;
}

/** A completely received body, ready to be read, with its HTTP headers. */
export interface Body {
  readonly source: BodySource;
  /** Call when the parsed values are stored elsewhere or no longer needed; repeated calls have no effect. */
  release(): void;
}

/** Bytes; smaller bodies stay in memory. */
const MIN_SPOOLED = 64 * 1024;
const CHUNK = 64 * 1024;

export class Intake {
  readonly budget: ByteBudget;
  readonly folder: string | undefined;
  readonly #gate: ByteGate;

  constructor({ bytes, parsed, folder }: IntakeOptions) {
    this.budget = new ByteBudget({ ...bytes, what: 'Bodies of requests' });
    this.#gate = new ByteGate(parsed);
    this.folder = folder;
  }

  /**
   * @param limit largest size of this body, in bytes
   * @throws {KandidError} body_too_large, body_invalid (cut short), client_bytes_full, bytes_full, spool_failed
   */
  async receive(request: IncomingMessage, client: string, limit: number): Promise<Body> {
    const lease = this.budget.lease(client);
    this.budget.check(client, Number(request.headers['content-length'] ?? 0) || 0);
    const kept = new KeptBody(this.folder);
    try {
      for await (const chunk of chunksOf(request)) {
        lease.grow(chunk.length);
        if (kept.size + chunk.length > limit) throw tooLarge(limit);
        await kept.append(chunk);
      }
      const leave = await this.#gate.enter(kept.size);
      const source = Object.assign(kept.stream(), { headers: request.headers });
      const release = () => {
        leave();
        lease.release();
        // A temporary file that remains for a while is harmless.
        kept.close().catch(() => {});
      };
      return { source, release };
    } catch (error) {
      lease.release();
      await kept.close();
      throw error;
    }
  }
}

/** @throws {KandidError} body_invalid if it was cut short */
async function* chunksOf(request: IncomingMessage): AsyncGenerator<Buffer, void, undefined> {
  const refuse = (): KandidError => {
    request.on('error', () => {});
    return cutShort();
  };
  // Keep the request open when iteration stops early: a response must still be sent.
  const chunks = request.iterator({ destroyOnReturn: false });
  try {
    for (;;) {
      const next = await chunks.next().catch(() => {
        throw refuse();
      });
      if (next.done) break;
      yield next.value as Buffer;
    }
  } finally {
    await chunks.return?.(undefined).catch(() => {});
  }
  if (!request.complete) throw refuse();
}

/** A body held in memory while small, else on disk. */
class KeptBody {
  readonly #folder: string | undefined;
  #chunks: Buffer[] = [];
  #file: SpoolFile | null = null;
  size = 0;

  constructor(folder: string | undefined) {
    this.#folder = folder;
  }

  async append(chunk: Buffer): Promise<void> {
    this.size += chunk.length;
    if (!this.#file && this.size < MIN_SPOOLED) {
      this.#chunks.push(chunk);
      return;
    }
    this.#file ??= await openSpool(this.#folder);
    const before = this.#chunks;
    this.#chunks = [];
    for (const one of [...before, chunk]) await this.#file.append(one);
  }

  /** The whole body as a stream, which emits `end` but not `close`. */
  stream(): Readable {
    const file = this.#file;
    if (!file) return Readable.from([Buffer.concat(this.#chunks)], { autoDestroy: false, objectMode: false });
    let at = 0;
    return new Readable({
      autoDestroy: false,
      read() {
        const length = Math.min(CHUNK, file.size - at);
        if (length === 0) {
          this.push(null);
          return;
        }
        file.read(at, length).then(
          (bytes) => this.push(bytes),
          (error: Error) => this.emit('error', error),
        );
        at += length;
      },
    });
  }

  async close(): Promise<void> {
    this.#chunks = [];
    await this.#file?.close();
  }
}
